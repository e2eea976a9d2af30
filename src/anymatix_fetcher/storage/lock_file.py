"""The lock that makes one process the only writer of a destination."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_error
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import PRIVATE_MODE
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from pathlib import Path

_ATTEMPTS = 100
"""Each failure means that another process held and released the lock in between; more failures have another cause."""

_FLAGS = (
    os.O_RDWR
    | os.O_CREAT
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
_NO_LOCKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK}


class DestinationLock:
    """A lock on ``destination``; the system releases it if the process dies.

    The lock file is beside the destination and is removed on release. Only the functions of ``filelock`` that lock an
    open file are used: the file's identity has to be checked here anyway, and ``FileLock`` costs six times as much.
    """

    def __init__(self, destination: Path) -> None:
        places = Places.of(destination)
        self.path = places.lock
        self._destination = destination
        self._part = places.part
        self._handle = -1

    def is_held(self) -> bool:
        """Whether the lock is held and its path still names the locked file. Has to be checked before publishing."""
        return self._handle != -1 and self._names(self._handle)

    def try_acquire(self) -> bool:
        """Acquires the lock; false if another process, or another lock of this one, has it.

        Raises:
            StorageError: The folder or its file system doesn't allow it.
        """
        try:
            for _ in range(_ATTEMPTS):
                held = self._attempt()
                if held is not None:
                    return held
        except (OSError, UnicodeEncodeError) as error:
            if isinstance(error, OSError) and error.errno in _NO_LOCKS:
                raise StorageError(
                    f"the file system of {self._destination.parent} has no locks",
                    hint="Choose a folder on another one: two processes would write the same file unseen.",
                ) from error
            raise storage_error(error, self._destination) from error  # users don't know the lock's name
        raise StorageError(f"{self.path} can't be locked: it keeps being replaced", hint="Try again.")

    def _attempt(self) -> bool | None:
        """Whether the lock is held now; ``None`` if the locked file is no longer at the path.

        A process that releases the lock removes the file, while another one may have opened it and be about to lock a
        file without a name. Therefore the path is compared after locking. The inode number of an open file isn't reused
        meanwhile.
        """
        from filelock import lock_descriptor  # noqa: PLC0415 - not needed for the first request

        handle = self._opened()
        try:
            if not lock_descriptor(handle, blocking=False):
                return False
            if not self._names(handle):
                return None
            self._handle = handle
        finally:
            if self._handle != handle:
                os.close(handle)
        return True

    def _opened(self) -> int:
        if not hasattr(os, "O_NOFOLLOW") and self.path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(self.path))
        try:
            return os.open(self.path, _FLAGS, PRIVATE_MODE)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, _FLAGS, PRIVATE_MODE)

    def show_life(self) -> None:
        """Implements ``Lock.show_life``: sets the lock file's modification time."""
        if self._handle != -1:
            with suppress(OSError):
                os.utime(self._handle if os.utime in os.supports_fd else self.path)

    def signs_of_life(self) -> object:
        """Implements ``Lock.signs_of_life``: when lock and part file were last written, and their sizes."""
        return tuple(_written(path) for path in (self.path, self._part))

    def release(self) -> None:
        """Releases the lock and removes its file; does nothing if it isn't held."""
        handle, self._handle = self._handle, -1
        if handle == -1:
            return
        from filelock import unlock_descriptor  # noqa: PLC0415 - as above

        if self._names(handle):
            # Before unlocking, because the file may belong to the next holder afterwards. Windows can't remove an open
            # file, so there it is removed afterwards, which fails if the next holder has opened it.
            with suppress(OSError):
                os.unlink(self.path)  # noqa: PTH108 - Path.unlink is slower
        try:
            unlock_descriptor(handle)
        finally:
            os.close(handle)
        if os.name == "nt":
            with suppress(OSError):
                self.path.unlink()

    def _names(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), os.lstat(self.path))
        except FileNotFoundError:
            return False


def _written(path: Path) -> tuple[int, int, int] | None:
    try:
        state = os.lstat(path)
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
