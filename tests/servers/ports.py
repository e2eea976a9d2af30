"""Ports for servers that are started as processes, and waiting until they listen."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

_POLL_SECONDS = 0.02


def free_ports(count: int) -> list[int]:
    """So many ports of 127.0.0.1 that nobody listens on."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def wait_until_listening(process: subprocess.Popen[bytes], port: int, *, seconds: float) -> None:
    """Returns once the process listens on its port, and fails the test where it ends before or takes too long."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(_POLL_SECONDS)
            continue
        return
    pytest.fail(f"{process.args!r} didn't start")
