"""Watches the part file's size: if it is smaller than we made it, another program has shortened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.ports import RandomFile


class SizeGuard:
    """Knows how large a file has to be; the part file's lock guards every call.

    A file is given its whole size before its first byte, so that "shorter than that" proves that it was cut. Only a
    write up to that size, or beyond, could hide it: so the guard is asked before each of these.
    """

    def __init__(self, file: RandomFile) -> None:
        self._file = file
        self._found = False
        self.size = 0
        """The file has at least so many bytes, as far as it is ours."""

    def expect(self, size: int) -> None:
        """The file has so many bytes from now on."""
        self.size = size

    def is_whole(self) -> bool:
        """Whether the file has its size; else it gets it back at once, so that the next cut is seen, too.

        Raises:
            OSError: The file system doesn't tell, or doesn't allow it.
        """
        if self._file.size() >= self.size:
            return True
        self._file.truncate(self.size)
        self._found = True
        return False

    @property
    def has_found(self) -> bool:
        """Whether the file was cut since that was last taken."""
        return self._found

    def take(self) -> bool:
        """The same; from now on only what happens next counts."""
        found, self._found = self._found, False
        return found
