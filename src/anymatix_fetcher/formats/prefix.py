"""A file's first bytes, and the two ways in which reading them ends early: they run out, or they make no sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import struct


class ShortError(Exception):
    """The bytes that are here don't reach far enough; ``stop`` is how many of the file's first ones would."""

    def __init__(self, stop: int) -> None:
        super().__init__(stop)
        self.stop = stop


class DamagedError(Exception):
    """The bytes break their format's rules; the message is a clause that says which."""

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


TRUNCATED_HINT = "It was cut off where it comes from, or is still being uploaded there: look for another copy."


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first bytes of a file of ``length`` bytes (``None``: nobody has said how many)."""

    data: bytes
    length: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the file is missing."""
        return self.length is not None and len(self.data) >= self.length

    def require(self, stop: int) -> None:
        """Nothing, where the first ``stop`` bytes are here.

        Raises:
            DamagedError: The file ends before.
            ShortError: They aren't here yet.
        """
        if self.length is not None and stop > self.length:
            reason = f"it ends after {self.length:,} bytes, inside its own header"
            raise DamagedError(reason, hint=TRUNCATED_HINT)
        if stop > len(self.data):
            raise ShortError(stop)

    def unpack(self, layout: struct.Struct, start: int) -> tuple[int, ...]:
        """The numbers that stand at ``start``, laid out as ``layout`` says."""
        self.require(start + layout.size)
        return layout.unpack_from(self.data, start)
