"""Memory that is at hand, so that nobody's run is measured with the machine's search for it.

A virtual machine gives free memory back to its host, within about two seconds and in pieces of some megabytes, and
takes seconds to get two gigabytes of it again: a tenth of memory's own speed. A run of four seconds that writes into
memory would mostly be measured with that, and differently each time.
"""

from __future__ import annotations

import mmap
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT_EVERY = 64
"""Of so many pages in a row one stays in use: the free ones between are too few to be given back."""
_MADV_POPULATE_WRITE = getattr(mmap, "MADV_POPULATE_WRITE", 23)


@contextmanager
def at_hand(size: int) -> Iterator[None]:
    """While this lasts the system has ``size`` bytes that it finds at once, and finds again when they were freed.

    Does nothing where the system can't be told about memory (Windows, macOS), and less where it is old.
    """
    if not hasattr(mmap, "MADV_DONTNEED") or not hasattr(mmap, "MADV_NOHUGEPAGE"):
        yield
        return
    stretch = _KEPT_EVERY * mmap.PAGESIZE
    with mmap.mmap(-1, max(1, -(-size // stretch)) * stretch, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        memory.madvise(mmap.MADV_DONTFORK)
        _touch(memory)
        for start in range(0, len(memory), stretch):
            memory.madvise(mmap.MADV_DONTNEED, start + mmap.PAGESIZE, stretch - mmap.PAGESIZE)
        yield


def _touch(memory: mmap.mmap) -> None:
    try:
        memory.madvise(_MADV_POPULATE_WRITE)
    except OSError:  # Linux before 5.14
        for start in range(0, len(memory), mmap.PAGESIZE):
            memory[start] = 1
