"""Partial files of other programs: which file they are of, and which of its bytes they may hold.

- aria2: ``NAME`` with the control file ``NAME.aria2``, which states what is stored; the rest may be holes.
- Browsers, wget, curl: ``NAME.part``, ``NAME.crdownload``, or ``NAME`` itself: the beginning of the file.
- Hugging Face: ``<etag>.incomplete`` and ``<etag>.<8 digits>.incomplete``, where the tag usually is the SHA-256.

All of this is unproved: see ``core.machine.matching``. Partial files are read, never changed.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import PART_SUFFIX, SET_ASIDE_SUFFIX
from anymatix_fetcher.core.values.ports import FileKind
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import opened_to_read, read_all

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk

CONTROL_SUFFIX = ".aria2"
SUFFIXES = (SET_ASIDE_SUFFIX, PART_SUFFIX, ".crdownload", ".incomplete")
"""The suffixes after the destination's name, in order of preference."""

_HASHED = re.compile(r"([0-9a-f]{64})(?:\.[0-9a-f]{8})?\.incomplete")


@dataclass(frozen=True, slots=True)
class Partial:
    """A partial file of another program.

    Args:
        path: Its path.
        size: Its size in bytes, including holes.
        control: The path of aria2's control file; ``None`` if there is none.
        control_data: The control file's content.
    """

    path: Path
    size: int
    control: Path | None = None
    control_data: bytes = b""

    def stored(self, length: int, digests: Sequence[Digest]) -> SpanSet | None:
        """The bytes that it may hold of a file with this length and these digests; ``None`` if it is another file's."""
        named = _HASHED.fullmatch(self.path.name)
        wanted = {digest.hex for digest in digests if digest.algorithm == "sha256"}
        if named is not None and wanted and named.group(1) not in wanted:
            return None
        if self.control is None:
            return SpanSet.whole(self.size) if self.size <= length else None
        from anymatix_fetcher.core.values.aria2_control import read_control  # noqa: PLC0415 - seldom needed

        said = read_control(self.control_data)
        if said is None or said.length != length:
            return None
        return said.stored & SpanSet.whole(min(self.size, length))


def read_partial(path: Path, disk: Disk) -> Partial | None:
    """The partial file at ``path``, or the one that aria2's control file at ``path`` belongs to.

    ``None`` if there is no such file, or it can't be read.
    """
    if path.name.endswith(CONTROL_SUFFIX) and path.name != CONTROL_SUFFIX:
        path = path.with_name(path.name.removesuffix(CONTROL_SUFFIX))
    control = path.with_name(path.name + CONTROL_SUFFIX)
    with suppress(OSError, StorageError):
        with opened_to_read(disk, path) as file:
            size = file.size()
        if disk.kind(control) is not FileKind.FILE:
            return Partial(path, size)
        from anymatix_fetcher.core.values.aria2_control import MAX_CONTROL_BYTES  # noqa: PLC0415 - as above

        with opened_to_read(disk, control) as file:
            return Partial(path, size, control, read_all(file) if file.size() <= MAX_CONTROL_BYTES else b"")
    return None


def aria2_pair(destination: Path, disk: Disk) -> Partial | None:
    """The partial file that aria2 has left at ``destination`` itself; ``None`` if there is none."""
    control = destination.with_name(destination.name + CONTROL_SUFFIX)
    return read_partial(destination, disk) if disk.kind(control) is FileKind.FILE else None


def find_beside(destination: Path, disk: Disk, *, ours: Container[Path] = ()) -> Partial | None:
    """The partial file of any program for ``destination``, found by its usual names; ``None`` if there is none.

    Args:
        destination: The destination.
        disk: The file system.
        ours: Paths to ignore.
    """
    found = aria2_pair(destination, disk)
    for suffix in SUFFIXES:
        path = destination.with_name(destination.name + suffix)
        if found is None and path not in ours and disk.kind(path) is FileKind.FILE:
            found = read_partial(path, disk)
    return found
