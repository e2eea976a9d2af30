"""One other place with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import Comparison, Question
from anymatix_fetcher.core.values.http import Validator
from anymatix_fetcher.core.values.spans import SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.address import Address
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.spans import Span


@dataclass(slots=True, eq=False)
class Mirror:
    """One other place.

    Args:
        address: The way to its bytes.
        share: How many connections its host bears.
        proved: Whether blocks from it have agreed with those of other places.
        comparison: The blocks of other places that it is asked for too, to be compared.
        checked: The blocks that have agreed.
        only_from_it: The bytes that no other place has brought.
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
    checked: SpanSet = SpanSet()  # noqa: RUF009 - frozen, so sharing it is safe
    only_from_it: SpanSet = SpanSet()  # noqa: RUF009 - as above
    validator: Validator = Validator()  # noqa: RUF009 - as above
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

    def brought(self, span: Span, gained: int) -> None:
        """The bytes of ``span`` came from it, of which ``gained`` had never been stored before."""
        self.only_from_it = self.only_from_it.add(span)
        self.total += len(span)
        if gained:
            self.strikes = 0

    def had_first_place(self, total: int) -> None:
        """It has brought so many bytes in all while it had the first place, and proves itself anew."""
        self.total, self.proved = total, False

    def repeated(self, span: Span) -> None:
        """The bytes of ``span`` came from it, to be compared with another place's."""
        self.total += len(span)

    def says(self, validator: Validator) -> None:
        """What it says of the content's identity from now on."""
        self.validator = validator

    def check(self, blocks: SpanSet) -> Comparison:
        """Blocks of other places that it is asked for too, beside those that it is being asked for."""
        self.comparison = self.comparison or Comparison(Question.SAMENESS, SpanSet())
        self.comparison.add(blocks)
        return self.comparison

    def compared(self, block: Span, *, equal: bool) -> None:
        """A block of another place came from it, too."""
        if self.comparison is not None:
            self.comparison.note(block, equal=equal)
            self.proved |= equal

    def conclude(self) -> None:
        """Takes note of the blocks that have agreed, when there is none left to be compared."""
        if self.comparison is not None and not self.comparison.open:
            self.checked |= self.comparison.agreed
            self.comparison = None

    def disown(self) -> SpanSet:
        """What only it has brought, which counts for it no longer."""
        spans, self.only_from_it = self.only_from_it, SpanSet()
        return spans
