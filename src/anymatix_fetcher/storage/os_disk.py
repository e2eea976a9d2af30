"""The real disk: ``Disk`` and ``RandomFile`` by the operating system."""

from __future__ import annotations

import errno
import io
import logging
import os
import stat
import sys
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.ports import SHARED_MODE, FileKind
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.renaming import rename_new

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import RandomFile

_logger = logging.getLogger("anymatix_fetcher.storage")

# These flags don't exist on every system. O_NONBLOCK: opening a planted FIFO mustn't wait for its other end.
_SAFE_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
_KINDS = {stat.S_IFREG: FileKind.FILE, stat.S_IFDIR: FileKind.FOLDER, stat.S_IFLNK: FileKind.LINK}
_CANT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
_CANT_LINK = {
    *(errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES),
    *(errno.EXDEV, errno.EINVAL),  # overlay and some FUSE file systems, even within one folder
}
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
"""The errors that mean that there is nothing at a path, nor can be."""
_STAT_BLOCK_BYTES = 512
"""The unit of ``st_blocks``, independent of the file system."""
HAS_POSITIONED_IO = hasattr(os, "pwrite") and hasattr(os, "preadv")


class OsDisk:
    """Implements ``Disk`` by the operating system.

    Args:
        positioned: Whether to use ``preadv`` and ``pwrite``; otherwise seeking.
        link: Creates a hard link, or raises ``OSError`` if the file system can't.
    """

    renames_open_files = sys.platform != "win32"

    def __init__(self, *, positioned: bool = HAS_POSITIONED_IO, link: Callable[[Path, Path], None] = os.link) -> None:
        self._link = link
        self._file = PositionedFile if positioned else SeekingFile

    def open(self, path: Path, mode: int = SHARED_MODE) -> RandomFile:
        """Implements ``Disk.open``."""
        return self._open(path, os.O_RDWR | os.O_CREAT, mode)

    def open_to_read(self, path: Path) -> RandomFile:
        """Implements ``Disk.open_to_read``."""
        return self._open(path, os.O_RDONLY, 0)

    def _open(self, path: Path, flags: int, mode: int) -> RandomFile:
        if not hasattr(os, "O_NOFOLLOW") and path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        handle = os.open(path, flags | _SAFE_FLAGS, mode)
        try:
            _refuse_unless_plain(os.fstat(handle), path, writing=flags & os.O_RDWR != 0)
        except BaseException:
            os.close(handle)
            raise
        return self._file(handle)

    def kind(self, path: Path) -> FileKind | None:
        """Implements ``Disk.kind``."""
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            if error.errno in _NOTHING_THERE:
                return None
            raise
        return _KINDS.get(stat.S_IFMT(mode), FileKind.OTHER)

    def same_file(self, first: Path, second: Path) -> bool:
        """Implements ``Disk.same_file``."""
        try:
            return os.path.samestat(first.lstat(), second.lstat())
        except OSError as error:
            if error.errno in _NOTHING_THERE:
                return False
            raise

    def names(self, folder: Path) -> list[str]:
        """Implements ``Disk.names``."""
        try:
            return os.listdir(folder)  # noqa: PTH208 - iterdir creates a path for each name, which is slow
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []  # a later attempt to write there reports the error

    def make_folder(self, folder: Path) -> None:
        """Implements ``Disk.make_folder``."""
        if not os.path.isdir(folder):  # noqa: PTH112 - much faster in the usual case
            folder.mkdir(parents=True, exist_ok=True)

    def free_bytes(self, folder: Path) -> int | None:
        """Implements ``Disk.free_bytes``."""
        try:
            if sys.platform == "win32":
                import shutil  # noqa: PLC0415 - costs start-up time, needed on Windows only

                return shutil.disk_usage(folder).free or None
            state = os.statvfs(folder)
        except OSError:  # some FUSE and network file systems don't support it
            return None
        # Others report zero in one or all fields, but accept writes.
        return state.f_bavail * state.f_frsize or None if state.f_blocks else None

    def volume(self, folder: Path) -> object:
        """Implements ``Disk.volume``."""
        return folder.stat().st_dev

    def move(self, source: Path, destination: Path) -> None:
        """Implements ``Disk.move``."""
        if sys.platform == "win32":
            source.rename(destination)  # fails on Windows if the destination exists
            return
        try:
            # POSIX rename replaces silently; link doesn't. A crash between the two calls leaves both names on one file,
            # which is recognized when the destination is opened again.
            self._link(source, destination)
        except OSError as error:
            if error.errno not in _CANT_LINK:
                raise
            rename_new(source, destination)
        else:
            try:
                source.unlink()
            except OSError as error:  # the file has its new name, so this is no failure
                _logger.warning("%s is a second name of %s: %s", source, destination, error.strerror)

    def replace(self, source: Path, destination: Path) -> None:
        """Implements ``Disk.replace``."""
        source.replace(destination)

    def remove(self, path: Path) -> None:
        """Implements ``Disk.remove``."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Implements ``Disk.sync_folder``."""
        if sys.platform == "win32":
            return  # folders can't be opened there; NTFS journals its names
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sync(handle)
        finally:
            os.close(handle)


class PositionedFile:
    """Implements ``RandomFile`` with calls that take the offset, so that threads don't wait for each other."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Implements ``RandomFile.write_at``."""
        # Python repeats the call after a signal (PEP 475), but not after a short write.
        written = os.pwrite(self._handle, data, offset)
        if written != len(data):
            rest = memoryview(data)
            while written < len(rest):
                written += os.pwrite(self._handle, rest[written:], offset + written)

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        """Implements ``RandomFile.read_into``."""
        rest, filled = memoryview(buffer), 0
        while filled < len(rest):
            count = os.preadv(self._handle, [rest[filled:]], offset + filled)
            if count == 0:
                break
            filled += count
        return filled

    def size(self) -> int:
        """Implements ``RandomFile.size``."""
        return os.fstat(self._handle).st_size

    def on_disk(self) -> int:
        """Implements ``RandomFile.on_disk``."""
        return getattr(os.fstat(self._handle), "st_blocks", 0) * _STAT_BLOCK_BYTES

    def truncate(self, length: int) -> None:
        """Implements ``RandomFile.truncate``."""
        _make_sparse(self._handle)
        os.ftruncate(self._handle, length)

    def sync(self) -> None:
        """Implements ``RandomFile.sync``."""
        _sync(self._handle)

    def is_at(self, path: Path) -> bool:
        """Implements ``RandomFile.is_at``."""
        try:
            return os.path.samestat(os.fstat(self._handle), os.lstat(path))
        except FileNotFoundError:
            return False

    def duplicate(self) -> RandomFile:
        """Implements ``RandomFile.duplicate``."""
        return type(self)(os.dup(self._handle))

    def close(self) -> None:
        """Implements ``RandomFile.close``."""
        # -1 first: a late call has to fail, and not use another file with the same descriptor number.
        handle, self._handle = self._handle, -1
        if handle != -1:
            os.close(handle)


class SeekingFile(PositionedFile):
    """Implements ``RandomFile`` on systems without calls that take an offset: one seek and transfer at a time."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle)
        self._lock = Lock()
        self._stream = io.FileIO(handle, "r+", closefd=False)

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Implements ``RandomFile.write_at``."""
        rest = memoryview(data)
        with self._lock:
            os.lseek(self._handle, offset, os.SEEK_SET)
            while rest:
                rest = rest[os.write(self._handle, rest) :]

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        """Implements ``RandomFile.read_into``."""
        rest, filled = memoryview(buffer), 0
        with self._lock:
            os.lseek(self._handle, offset, os.SEEK_SET)
            while filled < len(rest):
                count = self._stream.readinto(rest[filled:])
                if not count:
                    break
                filled += count
        return filled


def _refuse_unless_plain(state: os.stat_result, path: Path, *, writing: bool) -> None:
    """Refuses a file with several links: an attacker may have linked it so that another file is overwritten."""
    if not stat.S_ISREG(state.st_mode):
        raise StorageError(f"{path} isn't a regular file", hint="Remove it, or choose another name.")
    if writing and state.st_nlink > 1:
        raise StorageError(
            f"{path} is a hard link to a file with another name", hint="Remove it, or choose another name."
        )


def _sync(handle: int) -> None:
    try:
        if sys.platform == "darwin":
            import fcntl  # noqa: PLC0415 - not on every system

            with suppress(OSError):  # network file systems don't have it
                # On macOS, fsync leaves the bytes in the drive's own cache.
                fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
                return
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANT_SYNC:
            raise


def _make_sparse(handle: int) -> None:
    """Makes the file sparse on NTFS. Otherwise a write far into it waits until everything before is zeroed."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - needed on Windows only
        import msvcrt  # noqa: PLC0415 - as above

        set_sparse = 0x900C4  # FSCTL_SET_SPARSE; file systems without holes refuse it, which does no harm
        ctypes.windll.kernel32.DeviceIoControl(
            ctypes.c_void_p(msvcrt.get_osfhandle(handle)),
            set_sparse,
            None,
            0,
            None,
            0,
            ctypes.byref(ctypes.c_ulong()),
            None,
        )
