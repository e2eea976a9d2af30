"""Another process's end, waited for: what a program has started as its helper ends with it."""

from __future__ import annotations

import os
import select
import sys
from threading import Event

_POLL_SECONDS = 1.0


def wait_for_end(pid: int) -> None:
    """Returns when there is no process of that number any more."""
    if sys.platform == "win32":
        _wait_on_windows(pid)
    elif sys.platform == "linux":
        _wait_on_linux(pid)
    else:
        _poll(pid)


if sys.platform == "win32":

    def _wait_on_windows(pid: int) -> None:
        import ctypes  # noqa: PLC0415 - there alone

        synchronize, forever = 0x0010_0000, 0xFFFF_FFFF
        kernel = ctypes.WinDLL("kernel32")
        handle = kernel.OpenProcess(synchronize, 0, pid)
        if handle:
            kernel.WaitForSingleObject(handle, forever)
            kernel.CloseHandle(handle)


if sys.platform == "linux":

    def _wait_on_linux(pid: int) -> None:
        """By a descriptor of the process: its number may be another one's as soon as it has ended."""
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
                pass  # it is there, and another user's
            never.wait(_POLL_SECONDS)
