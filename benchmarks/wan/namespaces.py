"""Network namespaces of our own, so that nothing else on the machine is changed, slowed down or counted."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def namespace(name: str) -> Iterator[str]:
    """A new namespace with a working loopback, deleted afterwards with all devices in it."""
    ip("netns", "add", name)
    try:
        ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        ip("netns", "delete", name)


def inside(name: str) -> tuple[str, ...]:
    """What to write before a command so that it runs in the namespace; the process is replaced, not wrapped."""
    return ("nsenter", f"--net=/var/run/netns/{name}")


def ip(*arguments: str) -> None:
    """Runs iproute2's command.

    Raises:
        subprocess.CalledProcessError: It failed; what it said is in ``stderr``.
    """
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
