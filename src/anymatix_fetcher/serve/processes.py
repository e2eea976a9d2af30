"""Waits for the end of another process, so that a helper ends with the program that started it."""

from __future__ import annotations

import os
import select
import sys
from threading import Event

_POLL_SECONDS = 1.0


def wait_for_end(pid: int) -> None:
    """Returns when no process has this id any more."""
    if sys.platform == "win32":
        _wait_on_windows(pid)
    elif sys.platform == "linux":
        _wait_on_linux(pid)
    else:
        _poll(pid)


if sys.platform == "win32":

    def _wait_on_windows(pid: int) -> None:
        import ctypes  # noqa: PLC0415 - exists only there

        synchronize, forever = 0x0010_0000, 0xFFFF_FFFF
        kernel = ctypes.WinDLL("kernel32")
        handle = kernel.OpenProcess(synchronize, 0, pid)
        if handle:
            kernel.WaitForSingleObject(handle, forever)
            kernel.CloseHandle(handle)


if sys.platform == "linux":

    def _wait_on_linux(pid: int) -> None:
        """Waits on a pidfd, because the id may be reused as soon as the process has ended."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except OSError:  # an old kernel, or a sandbox
            _poll(pid)
            return
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll()
        finally:
            os.close(descriptor)


if sys.platform != "win32":

    def _poll(pid: int) -> None:
        never = Event()
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            except PermissionError:
                pass  # it exists and belongs to another user
            never.wait(_POLL_SECONDS)
