"""The pool of buffers in which exchanges gather pieces of bodies for their sinks."""

from __future__ import annotations

MOST_SPARE_BUFFERS = 64


class Buffers:
    """A pool of gathering buffers, because new ones would have to be zeroed."""

    def __init__(self) -> None:
        self._spare: list[bytearray] = []

    def take(self, size: int) -> bytearray:
        """A buffer of at least ``size`` bytes with arbitrary content."""
        if self._spare and len(self._spare[-1]) >= size:
            return self._spare.pop()
        return bytearray(size)

    def give_back(self, buffer: bytearray) -> None:
        """Returns ``buffer`` to the pool."""
        if buffer and len(self._spare) < MOST_SPARE_BUFFERS:
            self._spare.append(buffer)
