"""Watches the part file's size: if it is smaller than we made it, another program has shortened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.ports import RandomFile


class SizeGuard:
    """Detects that another program has shortened the file. The part file's lock guards every call.

    A file gets its whole size before its first byte, so a smaller size proves that it was shortened. Only a write at or
    beyond the expected size could hide that, so :meth:`is_whole` is called before each such write.
    """

    def __init__(self, file: RandomFile) -> None:
        self._file = file
        self._found = False
        self.size = 0
        """The expected minimum size in bytes."""

    def expect(self, size: int) -> None:
        """Sets the expected size."""
        self.size = size

    def is_whole(self) -> bool:
        """Whether the file has its size. If not, its size is restored, so that the next shortening is detected too.

        Raises:
            OSError: The file system refuses.
        """
        if self._file.size() >= self.size:
            return True
        self._file.truncate(self.size)
        self._found = True
        return False

    @property
    def has_found(self) -> bool:
        """Whether a shortening was found since the last :meth:`take`."""
        return self._found

    def take(self) -> bool:
        """Like :attr:`has_found`, and resets it."""
        found, self._found = self._found, False
        return found
