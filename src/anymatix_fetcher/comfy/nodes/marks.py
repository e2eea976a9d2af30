"""What ``IS_CHANGED`` says of a file: its mark while it is there, and else a NaN, which equals nothing.

ComfyUI asks before a node runs. If that NaN stayed one for ever, the run after a download would do everything once
more, down to the last image, for what it compares has become another value. So a NaN equals its mark from the moment on
at which the node has brought the file; one that was made because the file has gone again is another NaN, and doesn't.
"""

from __future__ import annotations

from typing import Self
from weakref import WeakSet


class MissingMark(float):
    """A NaN, made anew for a file that isn't there; as a key it lies where its mark will."""

    mark: str
    is_brought: bool

    def __new__(cls, mark: str) -> Self:
        """A NaN that stands for ``mark``."""
        made = super().__new__(cls, "nan")
        made.mark, made.is_brought = mark, False
        return made

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is the mark, and the file was brought since."""
        return self.is_brought and isinstance(other, str) and other == self.mark

    def __hash__(self) -> int:
        return hash(self.mark)


class Marks:
    """The NaNs whose files haven't come yet."""

    def __init__(self) -> None:
        self._open: dict[str, WeakSet[MissingMark]] = {}

    def missing(self, mark: str) -> MissingMark:
        """A new one."""
        made = MissingMark(mark)
        self._open.setdefault(mark, WeakSet()).add(made)
        return made

    def brought(self, mark: str) -> None:
        """The file is there now."""
        for made in self._open.pop(mark, ()):
            made.is_brought = True


marks = Marks()
"""Those of this process."""
