"""A file's state: what tells, without reading it, that it is still the file whose digest is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, slots=True)
class FileState:
    """Where a file is on its disk, how long it is and when it was last written (nanoseconds since 1970)."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """What ``stat`` says."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def is_still(self, other: FileState) -> bool:
        """Whether one path, seen in these two states, holds the same content.

        The device doesn't count: many file systems get another number at each start of the machine, and that must not
        make a terabyte be read again.
        """
        return (self.inode, self.size, self.mtime_ns) == (other.inode, other.size, other.mtime_ns)

    def shares_with(self, other: FileState) -> bool:
        """Whether two paths name one file, so that nothing would be gained by linking them."""
        return (self.device, self.inode) == (other.device, other.inode)
