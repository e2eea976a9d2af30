"""What is still good in a damaged file becomes the beginning of a new download of it: a part file and its journal.

The damaged file stays as it is until the new one is proved and takes its place.
"""

from __future__ import annotations

import os
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.http import Validator
from anymatix_fetcher.core.values.journal import SALT_BYTES, BlockRecorded, JournalHeader
from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import PRIVATE_MODE, opened_to_read, read_exactly
from anymatix_fetcher.storage.journal_file import JournalFile
from anymatix_fetcher.storage.leftovers import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.ports import Disk, RandomFile
    from anymatix_fetcher.storage.places import Places


def salvage(
    places: Places,
    disk: Disk,
    *,
    reference: str,
    right: BlockChecksums,
    clone: Callable[[Path, Path], bool],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> int:
    """How many bytes of the file at the destination are good; these are in a part file with a journal now.

    Where that download was begun before, it is left as it is, and nothing is read.

    Args:
        places: Of the damaged file, whose lock the caller holds.
        disk: The file system.
        reference: What will be downloaded.
        right: The checksums of the blocks that the file should have.
        clone: Makes the part file share the damaged file's space, where that can be; else good blocks are copied.
        on_bytes: Told how many more bytes were read; what it raises ends all, and nothing is left.

    Raises:
        StorageError: Another download was begun there, or the disk is full.
    """
    for path in (places.part, places.journal):
        if disk.kind(path) is not None:
            header = read_header(places.journal, disk)
            if header is not None and header.is_for(reference):
                return 0
            raise StorageError(f"{path} belongs to another download", hint="Finish that one, or `anyfetch prune` it.")
    with storage_errors(places.part):
        try:
            return _begin(places, disk, reference, right, clone, on_bytes)
        except BaseException:
            with suppress(OSError):
                disk.remove(places.part)
                disk.remove(places.journal)
            raise


def _begin(
    places: Places,
    disk: Disk,
    reference: str,
    right: BlockChecksums,
    clone: Callable[[Path, Path], bool],
    on_bytes: Callable[[int], None],
) -> int:
    header = JournalHeader.create(reference, block_size=right.block_size, salt=os.urandom(SALT_BYTES))
    kept = 0
    # The journal first: a part file is ours because its journal was there before it.
    with closing(JournalFile(disk.open(places.journal, PRIVATE_MODE))) as journal:
        journal.begin(header)
        journal.append(Identity(right.length, Validator()))
        shared = clone(places.destination, places.part)
        with closing(disk.open(places.part)) as part, opened_to_read(disk, places.destination) as damaged:
            for index, block in _good_blocks(part if shared else damaged, right, on_bytes):
                if not shared:
                    part.write_at(right.span(index).start, block)
                journal.append(BlockRecorded(index, len(block), right.checksum(index)))
                kept += len(block)
            part.truncate(right.length)
    return kept


def _good_blocks(
    file: RandomFile, right: BlockChecksums, on_bytes: Callable[[int], None]
) -> Iterator[tuple[int, memoryview]]:
    buffer = memoryview(bytearray(right.block_size))
    for index in range(right.count):
        block = buffer[: len(right.span(index))]
        try:
            is_good = read_exactly(file, right.span(index).start, block)
        except OSError:
            is_good = False  # what can't be read comes again
        if is_good and xxh3_64_intdigest(block) == right.checksum(index):
            yield index, block
        on_bytes(len(block))
