"""A file's state, which shows without reading it that the content is unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, slots=True)
class FileState:
    """A file's identity, size and times.

    Args:
        device: The file system.
        inode: The file's number in the file system.
        size: Its size in bytes.
        mtime_ns: When it was last written, in nanoseconds since 1970. Any program can set it.
        ctime_ns: When its content, times, mode or names last changed. No program can set it.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """The state in a ``stat`` result."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def is_still(self, other: FileState) -> bool:
        """Whether a path with these two states certainly has the same content."""
        return self == other

    def is_unwritten_since(self, other: FileState) -> bool:
        """Whether no program seems to have written to it since.

        Not a proof, because modification times can be set back.
        """
        return (self.inode, self.size, self.mtime_ns) == (other.inode, other.size, other.mtime_ns)

    def shares_with(self, other: FileState) -> bool:
        """Whether two paths are the same file, so that linking them would save nothing."""
        return (self.device, self.inode) == (other.device, other.inode)
