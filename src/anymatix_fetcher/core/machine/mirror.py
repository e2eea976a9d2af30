"""One mirror: another place with the same file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import Comparison, Question
from anymatix_fetcher.core.pace.limit import FreeFlow
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.core.values.validators import Validator

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.address import Address
    from anymatix_fetcher.core.machine.retry import Patience
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.spans import Span


@dataclass(slots=True, eq=False)
class Mirror:
    """One mirror.

    Args:
        address: Its URLs.
        share: The share of its host's connections.
        proved: Whether blocks from it have matched those of other places.
        comparison: The blocks of other places that are also requested from it, for comparison.
        checked: The blocks that have matched.
        differing: The blocks that have differed.
        only_from_it: The bytes that no other place has brought.
        validator: The validator that it states.
        strikes: The failures since it last brought new bytes.
        total: The bytes that it has brought.
        not_before: The earliest time for its next request.
        is_peer: Whether it is a server of the user that serves files by their digest.
        adapted_at: When its share was last adapted.
        held_since: The time when it first had to wait for its check; ``None`` if it never had.
        free_flow: The time in which the rate limit wasn't the bottleneck.
        patience: Its retry budgets as the first place; ``None`` if it never was.
    """

    address: Address
    share: Share
    proved: bool = False
    comparison: Comparison | None = None
    checked: SpanSet = SpanSet()  # noqa: RUF009 - frozen, so sharing it is safe
    differing: SpanSet = SpanSet()  # noqa: RUF009 - as above
    only_from_it: SpanSet = SpanSet()  # noqa: RUF009 - as above
    validator: Validator = Validator()  # noqa: RUF009 - as above
    strikes: int = 0
    total: int = 0
    not_before: float = 0.0
    is_peer: bool = False
    adapted_at: float = float("-inf")
    held_since: float | None = None
    patience: Patience | None = None
    free_flow: FreeFlow = field(default_factory=FreeFlow)

    @property
    def setbacks(self) -> int:
        """The number of its failures as the first place, since its last progress."""
        return self.patience.setbacks if self.patience is not None else 0

    def adapted(self, now: float) -> None:
        """Records that its share was adapted."""
        self.adapted_at = now

    def held_back(self, now: float) -> None:
        """Records that it has to wait for its check."""
        if self.held_since is None:
            self.held_since = now

    def is_waited_for(self, now: float, seconds: float) -> bool:
        """Whether its check is worth waiting for: not after so many seconds of waiting."""
        return self.held_since is None or now - self.held_since < seconds

    def failed(self, not_before: float) -> None:
        """Records a failure; it isn't used again before ``not_before``."""
        self.strikes += 1
        self.not_before = not_before

    def brought(self, span: Span, gained: int) -> None:
        """Records bytes from it, ``gained`` of which had never been stored before."""
        self.only_from_it = self.only_from_it.add(span)
        self.total += len(span)
        if gained:
            self.strikes = 0

    def had_first_place(self, total: int) -> None:
        """Sets the bytes that it has brought as the first place; it has to be proved again."""
        self.total, self.proved = total, False

    def repeated(self, span: Span) -> None:
        """Records bytes that came for a comparison."""
        self.total += len(span)

    def says(self, validator: Validator) -> None:
        """Sets the validator that it states."""
        self.validator = validator

    def check(self, blocks: SpanSet) -> Comparison:
        """Adds blocks of other places to its comparison."""
        self.comparison = self.comparison or Comparison(Question.SAMENESS, SpanSet())
        self.comparison.add(blocks)
        return self.comparison

    def compared(self, block: Span, *, equal: bool) -> None:
        """Takes the comparison of a block."""
        if self.comparison is not None:
            self.comparison.note(block, equal=equal)
            self.proved |= equal

    @property
    def agreed_bytes(self) -> int:
        """How many bytes of its blocks have agreed with those of other places."""
        return self.checked.total + (self.comparison.agreed.total if self.comparison is not None else 0)

    def conclude(self) -> None:
        """Ends the comparison if all blocks have results."""
        if self.comparison is not None and not self.comparison.open:
            self.end_comparison()

    def end_comparison(self) -> None:
        """Ends the comparison, and keeps its results."""
        if self.comparison is not None:
            self.checked |= self.comparison.agreed
            self.differing |= self.comparison.differing
            self.comparison = None

    def has_said(self, *, right: SpanSet, differing: SpanSet) -> None:
        """Sets what is known of it as the first place: the blocks that are as it has them, and those that aren't."""
        self.checked, self.differing = right, differing

    @property
    def confirmed(self) -> SpanSet:
        """The bytes that are stored as it has them."""
        return (self.checked | self.only_from_it) - self.differing

    def disown(self) -> SpanSet:
        """Returns and clears the bytes that only it has brought."""
        spans, self.only_from_it = self.only_from_it, SpanSet()
        return spans
