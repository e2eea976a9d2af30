"""Atomic renames that fail if the destination exists, for file systems without hard links."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCL = 4  # macOS: sys/stdio.h
_CANT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
"""The errors that mean that the system or the file system has no such call."""


def rename_new(source: Path, destination: Path) -> None:
    """Renames a file; raises ``FileExistsError`` if the destination exists.

    Without support by system and file system, it checks first: a file that another program creates in between is
    replaced.
    """
    call = _exclusive()
    number = call(os.fsencode(source), os.fsencode(destination)) if call is not None else errno.ENOSYS
    if number == 0:
        return
    if number not in _CANT:
        raise OSError(number, os.strerror(number), str(destination))
    if os.path.lexists(destination):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination))
    source.rename(destination)


@cache
def _exclusive() -> Callable[[bytes, bytes], int] | None:
    """The system call, as a function that returns 0 or an error number; ``None`` if there is none."""
    name = {"linux": "renameat2", "darwin": "renamex_np"}.get(sys.platform)
    if name is None:
        return None
    try:
        import ctypes  # noqa: PLC0415 - seldom needed, and missing in some Pythons

        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (ImportError, OSError, AttributeError):  # musl has had the call since 1.2.5
        return None

    def call(source: bytes, destination: bytes) -> int:
        if name == "renameat2":
            failed = function(_AT_FDCWD, source, _AT_FDCWD, destination, _RENAME_NOREPLACE)
        else:
            failed = function(source, destination, _RENAME_EXCL)
        return ctypes.get_errno() if failed else 0

    return call
