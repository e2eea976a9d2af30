"""Checks a download's first bytes against its name as soon as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.formats.claims import claims_model, is_known_early

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.errors import NotAModelError

FIRST_LOOK_BYTES = 64 << 10
"""The first request brings these bytes, which suffice in nearly all cases."""

BEGINNING_BYTES = 4 << 10
"""Enough bytes for formats without a header to read."""

LAST_LOOK_BYTES = 8 << 20
"""A longer header passes unchecked, because reading more would block the loop."""

GROWTH = 8
"""GGUF doesn't state the header's length, so each check reads this many times as much as the one before."""


class FirstBytes:
    """Checks the front of one file in a few steps, unless its name claims nothing.

    Args:
        name: The file's name.

    Attributes:
        is_settled: Whether nothing is left to check.
    """

    def __init__(self, name: str) -> None:
        self.is_settled = not claims_model(name)
        self._name = name
        self._wanted = BEGINNING_BYTES if is_known_early(name) else FIRST_LOOK_BYTES
        self._lacks_length = False

    def look(self, front: int, length: int | None, read: Callable[[int], bytes]) -> NotAModelError | None:
        """The refusal of the content; ``None`` if there is none so far.

        Args:
            front: The number of contiguous bytes at the front.
            length: The file's length; ``None`` if unknown.
            read: Returns a number of first bytes.
        """
        while not self.is_settled:
            wanted = self._wanted if length is None else min(self._wanted, length)
            if front < wanted or (self._lacks_length and length is None):
                return None
            from anymatix_fetcher.formats.triage import triage  # noqa: PLC0415 - not needed for the first request

            found = triage(read(wanted), name=self._name, length=length)
            if found.refusal is not None:
                self.is_settled = True
                return found.refusal
            self._go_on(found.needs, wanted, length)
        return None

    def _go_on(self, needs: int, wanted: int, length: int | None) -> None:
        if needs and wanted < LAST_LOOK_BYTES:
            self._wanted = min(max(needs, GROWTH * wanted), LAST_LOOK_BYTES)
        elif length is None:
            self._lacks_length = True  # a stream that ends too early is detected at its end
        else:
            self.is_settled = True
