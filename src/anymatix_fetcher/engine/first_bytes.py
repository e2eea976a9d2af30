"""Whether a download's beginning can be what its name claims: looked at as soon as it is here, before the rest is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.formats.claims import claims_model, is_known_early

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.errors import NotAModelError

FIRST_LOOK_BYTES = 64 << 10
"""They tell nearly everything, and the opening exchange brings them before anything else."""

BEGINNING_BYTES = 4 << 10
"""They tell everything where no header is read: so much of a document is looked at."""

LAST_LOOK_BYTES = 8 << 20
"""A header that is longer is let through: to read more would keep the loop from its downloads."""

GROWTH = 8
"""GGUF doesn't say how long its header is: each look reaches at least so many times as far as the one before."""


class FirstBytes:
    """Looks at the front of one file, at most a few times; names that claim nothing aren't looked at.

    Args:
        name: What the file will be called.

    Attributes:
        is_settled: Whether nothing is left to look at.
    """

    def __init__(self, name: str) -> None:
        self.is_settled = not claims_model(name)
        self._name = name
        self._wanted = BEGINNING_BYTES if is_known_early(name) else FIRST_LOOK_BYTES
        self._lacks_length = False

    def look(self, front: int, length: int | None, read: Callable[[int], bytes]) -> NotAModelError | None:
        """Why the download isn't worth going on with; ``None`` where it is, as far as can be told by now.

        Args:
            front: How many bytes are here without a gap.
            length: Of the whole file, where known.
            read: Gives so many first bytes.
        """
        while not self.is_settled:
            wanted = self._wanted if length is None else min(self._wanted, length)
            if front < wanted or (self._lacks_length and length is None):
                return None
            from anymatix_fetcher.formats.triage import triage  # noqa: PLC0415 - the first request needn't wait

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
            self._lacks_length = True  # a stream that ends too early is found out at its end
        else:
            self.is_settled = True
