"""Where a run happens: who can reach whom, and which counters tell what went over the line."""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.wan import line as wan
from benchmarks.wan.namespaces import inside, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.wan.line import Line

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """Two ends of a line.

    Attributes:
        near: What to write before a command so that it runs at the downloading end.
        far: The same for the server's end.
        host: The server's address.
        device: The far end's network device; what it sends is what the line carries.
    """

    near: tuple[str, ...]
    far: tuple[str, ...]
    host: str
    device: str


@contextmanager
def opened(line: Line | None, *, seed: int) -> Iterator[Place]:
    """A fresh place: a long line, or loopback for ``None``.

    It is fresh for each run because the kernel remembers, per destination, what earlier connections met, and would
    hand the first tool's experience on to the next one. Without root, loopback is the machine's own.

    Raises:
        LineError: A line was asked for and can't be had here.
    """
    if line is not None and (missing := wan.missing_for_a_line()):
        raise wan.LineError(f"a long line needs {', '.join(missing)}")
    if line is None and not may_have_namespaces():
        # "env" does nothing, but says in the same way as nsenter that a command isn't there: with exit code 127.
        yield Place(("env",), ("env",), "127.0.0.1", "lo")
        return
    with ExitStack() as stack:
        name = f"bench-{os.getpid()}-{next(_numbers)}"
        near = stack.enter_context(namespace(f"{name}-near"))
        if line is None:
            yield Place(inside(near), inside(near), "127.0.0.1", "lo")
            return
        far = stack.enter_context(namespace(f"{name}-far"))
        stack.enter_context(wan.laid(line, near, far, seed=seed))
        yield Place(inside(near), inside(far), wan.FAR_ADDRESS, wan.FAR_DEVICE)


def may_have_namespaces() -> bool:
    """Whether namespaces can be made: with root, iproute2 and util-linux."""
    return os.geteuid() == 0 and shutil.which("ip") is not None and shutil.which("nsenter") is not None
