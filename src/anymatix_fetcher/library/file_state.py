"""A file's state: what tells, without reading it, that it is still the file whose digest is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, slots=True)
class FileState:
    """Where a file is on its disk, how long it is, and when it was last written and last changed in any way.

    Args:
        device: The file system.
        inode: The file's number in it.
        size: Its length in bytes.
        mtime_ns: When it was last written, in nanoseconds since 1970; any program may set that as it likes.
        ctime_ns: When anything about it was last changed: content, times, mode, names. No program can set it.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """What ``stat`` says."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def is_still(self, other: FileState) -> bool:
        """Whether one path, seen in these two states, surely holds the same content."""
        return self == other

    def is_unwritten_since(self, other: FileState) -> bool:
        """Whether no program seems to have written to it since.

        Not a proof, because modification times can be set back.
        """
        return (self.inode, self.size, self.mtime_ns) == (other.inode, other.size, other.mtime_ns)

    def shares_with(self, other: FileState) -> bool:
        """Whether two paths name one file, so that nothing would be gained by linking them."""
        return (self.device, self.inode) == (other.device, other.inode)
