"""Checks mirrors: fetches blocks from them that other places have brought, and compares the bytes.

Until its check is complete, a mirror may bring a limited number of bytes, so that a mirror with wrong bytes costs
little. If the other places are so slow that the check would take seconds, one matching block suffices. A mirror that
sends different bytes is dropped, and the bytes that only it has brought are fetched again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import blocks_around, run_of_blocks
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.machine.roster import Roster
    from anymatix_fetcher.core.values import messages as m

UNPROVED_BYTES = 32 << 20
"""The bytes that a mirror may bring before one of its blocks has matched."""
UNCHECKED_BYTES = 12 << 20
"""The bytes that it may bring before its check is complete, if that takes at most :data:`PATIENT_SECONDS`."""
PATIENT_SECONDS = 1.5
UNPROVED_SEGMENT = 4 << 20
"""The largest segment that is requested from it until then."""
CHECKED_BYTES = 20 << 20
"""The bytes of each mirror that are compared, enough to detect a server that spoils one MiB in twenty."""
CHECKED_SHARE = 25
"""The compared bytes are at most this fraction of the file, and at least one block."""
CHECKED_AT_ONCE = 4 << 20


def to_be_checked(length: int, block_size: int) -> int:
    """The number of bytes of a mirror to compare, for a file of this length."""
    return max(block_size, min(CHECKED_BYTES, length // CHECKED_SHARE))


def allowance(*, agreed: int, wanted: int, others_bytes_per_second: float, is_patient: bool) -> int | None:
    """The number of bytes that only this mirror may bring; ``None`` for no limit.

    Args:
        agreed: The bytes of its blocks that have matched.
        wanted: The number of its bytes to compare.
        others_bytes_per_second: The goodput of the other places, because only their blocks can be compared.
        is_patient: Whether the mirror can still wait for its check.
    """
    if agreed >= wanted:
        return None
    if is_patient and wanted - agreed <= PATIENT_SECONDS * others_bytes_per_second:
        return UNCHECKED_BYTES
    return None if agreed else UNPROVED_BYTES


class Checks:
    """The checks of one download's mirrors.

    Args:
        roster: The mirrors.
        requests: The requests of the download, including those to mirrors.
        matching: The identity of the file.
        coverage: The stored and requested spans.
        drop: Ends the use of a mirror.
    """

    def __init__(
        self,
        roster: Roster,
        requests: Requests,
        matching: Matching,
        coverage: Coverage,
        drop: Callable[[Mirror], None],
    ) -> None:
        self._roster = roster
        self._requests = requests
        self._matching = matching
        self._coverage = coverage
        self._drop = drop
        self.examines = False
        """Whether the digest was wrong, and a mirror compares what the first place has brought."""

    # After a wrong digest ---------------------------------------------------------------------------------

    def examine(self, blocks: SpanSet) -> bool:
        """Lets the mirror that has brought most compare ``blocks``; false if none has brought anything."""
        examiner = max((one for one in self._roster if one.only_from_it), key=lambda one: one.total, default=None)
        if examiner is None:
            return False
        for mirror in self._roster:
            if mirror is not examiner:
                self._drop(mirror)
                self._roster.dismiss(mirror)
        self.examines = True
        examiner.end_comparison()
        unknown = blocks - examiner.confirmed
        if unknown:
            examiner.check(unknown)
        return True

    @property
    def opponent(self) -> Mirror | None:
        """A mirror that has compared all that it should, and differs."""
        if not self.examines:
            return None
        return next((one for one in self._roster if one.comparison is None and one.differing), None)

    # Asking -----------------------------------------------------------------------------------------------

    def room(self, mirror: Mirror, length: int, now: float) -> int | None:
        """How many more bytes the mirror may be asked for, to be stored; ``None`` for any number."""
        if self.examines:
            return 0
        exchanges = self._requests.exchanges
        own = exchanges.of(mirror)
        ids = {exchange.id for exchange in own}
        others = [flow for flow in exchanges.flows(now) if flow.exchange not in ids]
        if all(flow.silent_seconds >= PATIENT_SECONDS for flow in others):
            return None  # there is no other place to wait for
        limit = allowance(
            agreed=mirror.agreed_bytes,
            wanted=self._wanted(length),
            others_bytes_per_second=sum(flow.bytes_per_second for flow in others),
            is_patient=mirror.is_waited_for(now, PATIENT_SECONDS),
        )
        if limit is None:
            return None
        asked = sum(len(exchange.rest) for exchange in own if exchange.purpose is Purpose.FILL)
        room = max(0, limit - mirror.only_from_it.total - asked)
        if not room:
            mirror.held_back(now)
        return room

    def waiting_bytes(self, mirror: Mirror) -> int:
        """How many bytes the mirror is still to be asked for, to be compared after a wrong digest."""
        if mirror.comparison is None or not self.examines:
            return 0
        in_flight = [one.asked for one in self._requests.exchanges.of(mirror) if one.purpose is Purpose.COMPARE]
        return mirror.comparison.waiting(in_flight, block_size=self._matching.block_size).total

    def next(self, mirror: Mirror, length: int) -> Span | None:
        """What to ask a mirror for that another place has brought already."""
        block_size = self._matching.block_size
        own = self._requests.exchanges.of(mirror)
        in_flight = [exchange.asked for exchange in own if exchange.purpose is Purpose.COMPARE]
        if mirror.comparison is not None:
            span = mirror.comparison.next(in_flight, block_size=block_size, at_most=CHECKED_AT_ONCE)
            if span is not None:
                return span
        if self.examines:
            return None
        blocks = self._unchecked(mirror, length, block_size)
        if not blocks:
            return None
        return mirror.check(blocks).next(in_flight, block_size=block_size, at_most=CHECKED_AT_ONCE)

    def _wanted(self, length: int) -> int:
        return to_be_checked(length, self._matching.block_size)

    def _unchecked(self, mirror: Mirror, length: int, block_size: int) -> SpanSet:
        """Blocks of other places that the mirror should be asked for too."""
        known = mirror.checked | mirror.comparison.blocks if mirror.comparison is not None else mirror.checked
        wanted = self._wanted(length) - known.total
        if wanted <= 0:
            return SpanSet()
        others = self._coverage.held - mirror.only_from_it - known
        if any(exchange.flowing for exchange in self._requests.exchanges.of(None)):
            others -= self._doubtful(mirror, length)
        for other in self._roster:
            if other.comparison is not None:  # a block that comes twice at once is compared with neither
                others -= other.comparison.open
        return run_of_blocks(others, length=length, block_size=block_size, most_bytes=wanted)

    def _doubtful(self, mirror: Mirror, length: int) -> SpanSet:
        """What only other mirrors have brought that aren't checked themselves: which of two lies, they don't tell."""
        wanted, doubtful = self._wanted(length), SpanSet()
        for other in self._roster:
            if other is not mirror and other.agreed_bytes < wanted:
                doubtful |= other.only_from_it
        return doubtful

    # What has come ----------------------------------------------------------------------------------------

    def ended(self, mirror: Mirror, exchange: Exchange) -> None:
        """A body from a mirror has ended as it should."""
        if exchange.purpose is Purpose.COMPARE and mirror.comparison is not None:
            mirror.comparison.ended(Span(exchange.start, exchange.position), self._matching.block_size)
            mirror.conclude()

    def compared(self, event: m.BlockCompared) -> bool:
        """A block came again; whether that says something of a mirror only."""
        if event.filling:
            return not event.equal and self._caught_beside_others(event.span)
        for mirror in self._roster:
            if mirror.comparison is not None and mirror.comparison.open.covers(event.span):
                mirror.compared(event.span, equal=event.equal)
                if not event.equal and not self.examines:
                    self._part_with(mirror)
                return True
        return False

    def _caught_beside_others(self, span: Span) -> bool:
        """The same bytes came twice and differ: a mirror that took part in it isn't believed, the first place is."""
        under_way = {exchange.mirror for exchange in self._requests.exchanges.over(span)}
        caught = [mirror for mirror in self._roster if mirror in under_way or mirror.only_from_it.count_in(span)]
        for mirror in caught:
            self._part_with(mirror)
        return bool(caught)

    def _part_with(self, mirror: Mirror) -> None:
        """It sent other bytes than another place: all that only it has brought comes again."""
        lost = mirror.disown()
        self._drop(mirror)
        self._roster.accuse(mirror)
        for span in lost:
            for exchange in self._requests.exchanges.over(span):
                self._requests.drop(exchange)
        matching = self._matching
        matching.lose(blocks_around(lost, length=matching.known_length, block_size=matching.block_size))
