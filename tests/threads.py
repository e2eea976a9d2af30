"""A system that gives no more threads, as under a limit on processes: the stacks asked for are larger than memory."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TOO_LARGE_BYTES = 1 << 44


@contextmanager
def no_more_threads() -> Iterator[None]:
    """Within the block, no thread of this process can start."""
    before = threading.stack_size(TOO_LARGE_BYTES)
    try:
        yield
    finally:
        threading.stack_size(before)
