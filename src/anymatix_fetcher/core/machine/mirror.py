"""One other place with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import Validator

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.address import Address
    from anymatix_fetcher.core.machine.comparison import Comparison
    from anymatix_fetcher.core.pace.hosts import Share


@dataclass(slots=True, eq=False)
class Mirror:
    """One other place.

    Args:
        address: The way to its bytes.
        share: How many connections its host bears.
        proved: Whether blocks from it have agreed with those that are here.
        comparison: The blocks on trial.
        validator: What it says of the content's identity.
        strikes: Failures since it last brought something new.
        crawls: How often one of its connections had to be replaced for its slowness.
        total: Bytes that it has brought.
        not_before: The earliest time for its next request.
        is_peer: Whether it is a server of one's own, that lends files by their digest.
        adapted_at: When its share was last looked at.
    """

    address: Address
    share: Share
    proved: bool = False
    comparison: Comparison | None = None
    validator: Validator = Validator()  # noqa: RUF009 - frozen, so sharing it is safe
    strikes: int = 0
    crawls: int = 0
    total: int = 0
    not_before: float = 0.0
    is_peer: bool = False
    adapted_at: float = float("-inf")

    def adapted(self, now: float) -> None:
        """Its share was looked at."""
        self.adapted_at = now

    def crawled(self) -> None:
        """One of its connections had to be replaced for its slowness."""
        self.crawls += 1

    def failed(self, not_before: float) -> None:
        """It brought nothing, and isn't asked again before ``not_before``."""
        self.strikes += 1
        self.not_before = not_before

    def brought(self, count: int, gained: int) -> None:
        """``count`` bytes came from it, of which ``gained`` had never been stored before."""
        self.total += count
        if gained:
            self.strikes = 0

    def had_first_place(self, total: int) -> None:
        """It has brought so many bytes in all while it had the first place, and proves itself anew."""
        self.total, self.proved = total, False

    def says(self, validator: Validator) -> None:
        """What it says of the content's identity from now on."""
        self.validator = validator

    def try_by(self, comparison: Comparison) -> None:
        """Blocks from it are compared with those that are here."""
        self.comparison = comparison

    def conclude(self) -> None:
        """All blocks were compared: whether it is proved by them."""
        if self.comparison is not None and not self.comparison.open:
            self.proved, self.comparison = bool(self.comparison.agreed), None
