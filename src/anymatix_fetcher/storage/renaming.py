"""Giving a file a new name that nothing has yet, in one step, where hard links can't do it."""

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
"""What says that the system, or this file system, has no such call."""


def rename_new(source: Path, destination: Path) -> None:
    """Renames the file; raises ``FileExistsError`` where something has that name.

    Where neither the system nor the file system can do that in one step, it looks first: what another program puts
    there in between is replaced.
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
    """The system's own call, which answers with an error's number, or 0; ``None`` where there is none."""
    name = {"linux": "renameat2", "darwin": "renamex_np"}.get(sys.platform)
    if name is None:
        return None
    try:
        import ctypes  # noqa: PLC0415 - rarely needed, and some Pythons have none

        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (ImportError, OSError, AttributeError):  # musl has had the call since 1.2.5 only
        return None

    def call(source: bytes, destination: bytes) -> int:
        if name == "renameat2":
            failed = function(_AT_FDCWD, source, _AT_FDCWD, destination, _RENAME_NOREPLACE)
        else:
            failed = function(source, destination, _RENAME_EXCL)
        return ctypes.get_errno() if failed else 0

    return call
