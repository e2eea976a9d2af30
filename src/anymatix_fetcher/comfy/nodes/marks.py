"""The values of ``IS_CHANGED`` for a file: a mark while it exists, and otherwise a NaN.

ComfyUI calls ``IS_CHANGED`` before a node runs and compares the value with that of the last run. A plain NaN would make
the run after a download repeat everything, since the mark differs from it. So the NaN becomes equal to the mark when
the
node has downloaded the file. A later NaN, after the file was removed, is a new one and differs.
"""

from __future__ import annotations

from typing import Self
from weakref import WeakSet


class MissingMark(float):
    """A NaN for a missing file; it has the hash of its mark, for use as a key."""

    mark: str
    is_brought: bool

    def __new__(cls, mark: str) -> Self:
        """Creates the NaN for ``mark``."""
        made = super().__new__(cls, "nan")
        made.mark, made.is_brought = mark, False
        return made

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is the mark and the file was downloaded since."""
        return self.is_brought and isinstance(other, str) and other == self.mark

    def __hash__(self) -> int:
        return hash(self.mark)


class Marks:
    """The NaNs of files that are still missing."""

    def __init__(self) -> None:
        self._open: dict[str, WeakSet[MissingMark]] = {}

    def missing(self, mark: str) -> MissingMark:
        """A new NaN for a mark."""
        made = MissingMark(mark)
        self._open.setdefault(mark, WeakSet()).add(made)
        return made

    def brought(self, mark: str) -> None:
        """Makes the NaNs of a mark equal to it, because the file was downloaded."""
        for made in self._open.pop(mark, ()):
            made.is_brought = True


marks = Marks()
"""The NaNs of this process."""
