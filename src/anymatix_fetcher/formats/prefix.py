"""A file's first bytes, and the two errors of reading them: too few bytes, or invalid ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import struct


class ShortError(Exception):
    """More bytes are needed; ``stop`` is how many first bytes would suffice."""

    def __init__(self, stop: int) -> None:
        super().__init__(stop)
        self.stop = stop


class DamagedError(Exception):
    """The bytes violate their format; the message is a clause that says how."""

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


TRUNCATED_HINT = "It was truncated at its origin, or is still being uploaded: look for another copy."


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first bytes of a file of ``length`` bytes (``None`` if unknown)."""

    data: bytes
    length: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether these are all bytes of the file."""
        return self.length is not None and len(self.data) >= self.length

    def require(self, stop: int) -> None:
        """Checks that the first ``stop`` bytes are available.

        Raises:
            DamagedError: The file ends before.
            ShortError: They aren't available yet.
        """
        if self.length is not None and stop > self.length:
            reason = f"it ends after {self.length:,} bytes, inside its own header"
            raise DamagedError(reason, hint=TRUNCATED_HINT)
        if stop > len(self.data):
            raise ShortError(stop)

    def unpack(self, layout: struct.Struct, start: int) -> tuple[int, ...]:
        """The numbers at ``start`` in this layout."""
        self.require(start + layout.size)
        return layout.unpack_from(self.data, start)
