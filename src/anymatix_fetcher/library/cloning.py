"""Reflinks: a new file shares its blocks with an existing one until either is written to. Takes no time."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.library.ports import temporary_beside

if TYPE_CHECKING:
    from pathlib import Path

_FICLONE = 0x40049409  # ioctl_ficlone(2)
_CANT_CLONE = {
    *(errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM),
    *(errno.EACCES, errno.EBADF, errno.EISDIR),
}
"""The errors of file systems without reflinks, or without them between these two files."""


def clone(source: Path, destination: Path) -> bool:
    """Makes ``destination``, which must not exist, a reflink of ``source``; false if that is impossible.

    Btrfs, XFS, bcachefs, OCFS2, and ZFS since 2.2 support reflinks on Linux, APFS on macOS.

    Raises:
        OSError: It fails for another reason than missing support.
    """
    try:
        if sys.platform == "linux":
            _clone_on_linux(source, destination)
        elif sys.platform == "darwin":
            _clone_on_macos(source, destination)
        else:
            return False
    except OSError as error:
        if error.errno in _CANT_CLONE:
            return False
        raise
    return True


def can_clone(folder: Path) -> bool:
    """Whether files in ``folder`` can be cloned there, determined with an empty temporary file."""
    first, second = temporary_beside(folder / "probe"), temporary_beside(folder / "probe")
    try:
        first.touch(exist_ok=False)
        return clone(first, second)
    except OSError:
        return False
    finally:
        for path in (first, second):
            with suppress(OSError):
                path.unlink()


def _clone_on_linux(source: Path, destination: Path) -> None:
    import fcntl  # noqa: PLC0415 - not on every system

    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writing = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            fcntl.ioctl(writing, _FICLONE, reading)
        except BaseException:
            destination.unlink()
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _clone_on_macos(source: Path, destination: Path) -> None:
    import ctypes  # noqa: PLC0415 - needed on macOS only

    library = ctypes.CDLL(None, use_errno=True)
    if library.clonefile(os.fsencode(source), os.fsencode(destination), 0) != 0:  # clonefile(2)
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(destination))
