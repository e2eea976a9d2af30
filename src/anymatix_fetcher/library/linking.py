"""Makes a second file with the content of a local one, by a reflink, a hard link or a copy; all or nothing."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.values.disk_errors import destination_exists, storage_errors
from anymatix_fetcher.errors import DigestMismatchError, StorageError
from anymatix_fetcher.library.cloning import clone
from anymatix_fetcher.library.content import HASHABLE, READ_BYTES, hasher_for, state_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.ports import temporary_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import FileIO
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk

    Cloner: TypeAlias = Callable[[Path, Path], bool]
    """As :func:`~anymatix_fetcher.library.cloning.clone`."""
    Linker: TypeAlias = Callable[[Path, Path], None]
    """As ``os.link``."""


class Method(StrEnum):
    """How a second file is made."""

    REFLINK = "reflink"
    """Shares its blocks until either is written to."""
    HARD_LINK = "hard link"
    """The same file under two names: an edit of one changes both."""
    COPY = "copy"
    """Takes its own space."""


DEFAULT_ORDER = (Method.REFLINK, Method.HARD_LINK, Method.COPY)
_CANT_LINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


class SourceUnusableError(StorageError):
    """The source has changed since its digest was computed, or can't be read."""


class NoLinkError(StorageError):
    """No allowed method works for this file at that place."""


@dataclass(frozen=True, slots=True)
class Linked:
    """The second file, made by ``method``; ``state`` is its state."""

    path: Path
    source: Path
    method: Method
    state: FileState


def bring(
    source: Path,
    destination: Path,
    disk: Disk,
    *,
    state: FileState,
    digest: Digest | None = None,
    order: Sequence[Method] = DEFAULT_ORDER,
    overwrite: bool = False,
    on_bytes: Callable[[int], None] = lambda _: None,
    cloner: Cloner = clone,
    linker: Linker = os.link,
) -> Linked:
    """Makes a file at ``destination`` with the content of ``source``, by the first method that works.

    ``source`` has to be in ``state`` before and after, which is sufficient proof for links. A copy is hashed while it
    is made, if ``digest`` is given.

    Args:
        source: The local file; a symbolic link is followed.
        destination: The path of the new file, which appears only when it is complete.
        disk: The file system.
        state: The state of ``source`` when its digest was computed.
        digest: The expected digest of a copy.
        order: The methods to try.
        overwrite: Whether to replace a file at ``destination``.
        on_bytes: Called with the number of bytes copied. An exception from it ends the copying.
        cloner: Creates reflinks.
        linker: Creates hard links, or raises ``OSError`` if the file system can't.

    Raises:
        SourceUnusableError: ``source`` has changed.
        DigestMismatchError: The copy hasn't ``digest``, although the file's state is unchanged: the disk is faulty.
        DestinationExistsError: ``destination`` exists.
        NoLinkError: No method works.
        StorageError: The disk is full, or the folder isn't writable.
    """
    with storage_errors(destination):
        source = source.resolve()
        expect(source, state)
        if os.path.lexists(destination):
            if not overwrite:
                raise destination_exists(destination)
            if destination.is_symlink() or not destination.is_file():
                raise StorageError(f"{destination} isn't a regular file", hint="Remove it, or choose another name.")
        disk.make_folder(destination.parent)
        temporary = temporary_beside(destination)
        try:
            method = make(source, temporary, order, digest=digest, on_bytes=on_bytes, cloner=cloner, linker=linker)
            expect(source, state, is_linked=method is Method.HARD_LINK)
            _publish(temporary, destination, disk, overwrite=overwrite)
        finally:
            with suppress(OSError):
                # Also after a rename between two links of the same file, which POSIX ignores.
                disk.remove(temporary)
        disk.sync_folder(destination.parent)
        return Linked(destination, source, method, FileState.of(destination.stat()))


def make(
    source: Path,
    temporary: Path,
    order: Sequence[Method],
    *,
    digest: Digest | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
    cloner: Cloner = clone,
    linker: Linker = os.link,
) -> Method:
    """Creates ``temporary`` with the content of ``source``; the arguments are those of :func:`bring`.

    Raises:
        NoLinkError: No method works.
    """
    for method in order:
        match method:
            case Method.REFLINK:
                made = cloner(source, temporary)
            case Method.HARD_LINK:
                made = _hard_link(source, temporary, linker)
            case Method.COPY:
                _copy(source, temporary, digest, on_bytes)
                made = True
        if made:
            return method
    raise NoLinkError(f"no {' and no '.join(order)} can be made of {source} here", hint="Allow a copy.")


def expect(source: Path, state: FileState, *, is_linked: bool = False) -> None:
    """Checks that a file is unchanged; ``is_linked`` tells that this program has just added a hard link.

    Raises:
        SourceUnusableError: It has changed.
    """
    try:
        now = FileState.of(source.stat())
    except FileNotFoundError:
        raise SourceUnusableError(f"{source} no longer exists") from None
    if not (now.is_unwritten_since(state) and now.shares_with(state) if is_linked else now.is_still(state)):
        raise SourceUnusableError(f"{source} was changed since its digest was taken")


def _hard_link(source: Path, temporary: Path, linker: Linker) -> bool:
    try:
        linker(source, temporary)
    except OSError as error:
        if error.errno in _CANT_LINK:
            return False
        raise
    return True


def _copy(source: Path, temporary: Path, digest: Digest | None, on_bytes: Callable[[int], None]) -> None:
    checked = digest if digest is not None and digest.algorithm in HASHABLE else None
    hasher = hasher_for(checked.algorithm) if checked else None
    buffer = memoryview(bytearray(READ_BYTES))
    with _opened(source) as reading, temporary.open("xb", buffering=0) as writing:
        expected = state_of(reading).size
        while count := reading.readinto(buffer):
            piece = buffer[:count]
            if hasher:
                hasher.update(piece)
            while piece:
                piece = piece[writing.write(piece) :]
            on_bytes(count)
        if writing.tell() != expected:
            raise SourceUnusableError(f"{source} was changed while it was copied")
        os.fsync(writing.fileno())
    if hasher and checked and hasher.hexdigest() != checked.hex:
        raise DigestMismatchError(
            f"{source} no longer has its {checked.algorithm}", hint="Check the disk; download the file anew."
        )


def _opened(source: Path) -> FileIO:
    try:
        return source.open("rb", buffering=0)
    except OSError as error:
        raise SourceUnusableError(f"{source} can't be read: {error.strerror}") from error


def _publish(temporary: Path, destination: Path, disk: Disk, *, overwrite: bool) -> None:
    if overwrite:
        disk.replace(temporary, destination)
        return
    try:
        disk.move(temporary, destination)
    except FileExistsError:
        raise destination_exists(destination) from None
