"""Opens a download's part file and journal: which ones may be used, and which belong to other programs."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import destination_exists, storage_errors
from anymatix_fetcher.core.values.journal import JournalContent, decode, may_be_ours
from anymatix_fetcher.core.values.ports import FileKind
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import PRIVATE_MODE, opened_to_read, read_all
from anymatix_fetcher.storage.journal_file import JournalFile
from anymatix_fetcher.storage.leftovers import read_header
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk, RandomFile


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """The open files of one download.

    Args:
        places: Their paths.
        content: The journal's content; empty for a new part file.
        file: The part file.
        journal: The journal.
    """

    places: Places
    content: JournalContent
    file: RandomFile
    journal: JournalFile


def open_part(
    destination: Path, disk: Disk, reference: str, *, overwrite: bool, any_reference: bool, replaces: bool
) -> OpenedFiles:
    """Opens or creates the part file and the journal of ``destination``, and its folder.

    Args:
        destination: The final path.
        disk: The file system.
        reference: The reference. A journal of another reference isn't continued.
        overwrite: Whether to replace a file at the destination, and a part file of another download.
        any_reference: Whether to continue a part file of another reference.
        replaces: Whether the file at the destination is a partial file that this download replaces.

    Raises:
        DestinationExistsError: Something is at the destination.
        StorageError: It is a folder or a special file, the part file belongs to another program, or the file system
            refuses.
    """
    places = Places.of(destination)
    with storage_errors(places.destination):
        disk.make_folder(destination.parent)
        check_destination(places, disk, overwrite=overwrite or replaces)
    with storage_errors(places.part):
        content = find_content(places, disk, reference, overwrite=overwrite, any_reference=any_reference)
        return OpenedFiles(places, content, *open_files(places, disk, content))


def check_destination(places: Places, disk: Disk, *, overwrite: bool) -> None:
    """Checks that the destination may be used, and removes what a crash during publishing has left beside it.

    Raises:
        DestinationExistsError: Something is there.
        StorageError: It can't be replaced, because it isn't a file.
    """
    kind = disk.kind(places.destination)
    if kind is None:
        return
    if kind is FileKind.FILE and disk.same_file(places.destination, places.part):
        disk.remove(places.part)  # killed between linking the file and unlinking the part file
    if disk.kind(places.part) is None and read_header(places.journal, disk) is not None:
        disk.remove(places.journal)  # killed just afterwards, with only this left to do
    if kind is FileKind.FILE and overwrite:
        return
    if kind in {FileKind.FILE, FileKind.LINK} and not overwrite:
        raise destination_exists(places.destination)
    raise StorageError(f"{places.destination} is a {kind.value}", hint="Choose another name.")


def find_content(
    places: Places, disk: Disk, reference: str, *, overwrite: bool, any_reference: bool = False
) -> JournalContent:
    """The content of the journal beside an existing part file; empty content to start anew.

    With ``any_reference`` it may be another reference's; then the caller has to prove that the content is the same.

    Raises:
        StorageError: Part file or journal belong to something else, and may not be overwritten.
    """
    journal_is_there = disk.kind(places.journal) is not None
    data = _content(places.journal, disk) if journal_is_there else b""
    content = decode(data) if data else JournalContent()
    part_is_empty = _is_empty(places.part, disk)
    if content.header is None:
        # A crash right after the start leaves an empty part file, or a journal that is cut within its header.
        ours = may_be_ours(data) if journal_is_there else part_is_empty
        if not ours and not overwrite:
            raise StorageError(
                f"{places.part} wasn't made by this program",
                hint="--adopt-partial auto continues it. Otherwise remove it, or choose another name with -o.",
            )
    elif content.header.is_for(reference) or any_reference:
        return JournalContent() if part_is_empty or content.identity is None else content
    elif not part_is_empty and not overwrite:
        differs = content.header.differs_in_query_only(reference)
        raise StorageError(
            f"{places.part} belongs to another download" + (": its URL differs in the query only" if differs else ""),
            hint=f"For the same file at a new address: anyfetch --resume-with URL {places.part}. "
            "Else choose another name with -o; --overwrite drops it.",
        )
    return JournalContent()


def open_files(places: Places, disk: Disk, content: JournalContent) -> tuple[RandomFile, JournalFile]:
    """Opens part file and journal, truncated to their valid part."""
    # The journal first: a part file without a journal counts as another program's.
    with ExitStack() as opened:
        journal = opened.enter_context(closing(disk.open(places.journal, PRIVATE_MODE)))
        file = opened.enter_context(closing(disk.open(places.part)))
        if content.header is None and file.size():
            file.truncate(0)
        records = JournalFile(journal, content.valid_bytes)
        opened.pop_all()  # they stay open
    return file, records


def _content(path: Path, disk: Disk) -> bytes:
    with opened_to_read(disk, path) as file:
        return read_all(file)


def _is_empty(path: Path, disk: Disk) -> bool:
    """Whether there is no file, or an empty one."""
    if disk.kind(path) is None:
        return True
    with opened_to_read(disk, path) as file:
        return file.size() == 0
