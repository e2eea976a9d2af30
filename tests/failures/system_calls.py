"""Has one call to the system fail: the one with a given number, of all that are about files below a folder.

The functions of ``os`` and ``io`` are the system, as far as Python programs see it; nothing of the program itself is
touched. To be installed before the program is imported.
"""

from __future__ import annotations

import builtins
import io
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BY_PATH = (
    *("access", "chmod", "link", "listdir", "lstat", "mkdir", "open", "pathconf", "readlink", "remove", "rename"),
    *("replace", "rmdir", "scandir", "stat", "statvfs", "unlink", "utime"),
)
BY_HANDLE = (
    *("close", "copy_file_range", "fstat", "fsync", "ftruncate", "lseek", "pread", "preadv", "pwrite", "read", "write"),
)


@dataclass
class Plan:
    """Which call is to fail.

    Args:
        root: Only calls about it and what lies below it count.
        number: Of the call, from 1 on; 0 for none.
        error: The number of the error.
        calls: The names of all that were made, with their paths.
    """

    root: str
    number: int = 0
    error: int = 0
    calls: list[str] = field(default_factory=list)


class SystemCalls:
    """The calls that the program makes; they go on to the system unless the plan says otherwise."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self._lock = threading.Lock()
        self._readlink, self._close = os.readlink, os.close

    def install(self) -> None:
        """Puts itself between the program and the system, for the rest of this process."""
        for name in BY_PATH:
            setattr(os, name, self._watched(name, getattr(os, name)))
        for name in BY_HANDLE:
            if hasattr(os, name):
                setattr(os, name, self._watched(name, getattr(os, name)))
        opened = self._watched("open", io.open)
        io.open = builtins.open = opened

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the system takes and gives
            failure = self._failure(name, arguments[0] if arguments else ".") if self.plan is not None else None
            if failure is None:
                return call(*arguments, **named)
            if name == "close":
                self._close(*arguments)  # the system closes the file, whatever it says of it
            raise failure

        calling.__name__ = name
        for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if call in supported:
                supported.add(calling)
        return calling

    def _failure(self, name: str, about: object) -> OSError | None:
        path = self._path(about)
        plan = self.plan
        if plan is None or not f"{path}/".startswith(f"{plan.root}/"):
            return None
        with self._lock:
            plan.calls.append(f"{name} {path.removeprefix(plan.root).removeprefix('/')}")
            is_chosen = len(plan.calls) == plan.number
        return OSError(plan.error, os.strerror(plan.error), path) if is_chosen else None

    def _path(self, about: object) -> str:
        try:
            if isinstance(about, int):
                return self._readlink(f"/proc/self/fd/{about}")
            text = os.fsdecode(about)  # type: ignore[arg-type] # what isn't a path raises
            return text if text.startswith("/") else f"{Path.cwd()}/{text}"
        except (OSError, TypeError, ValueError):
            return ""
