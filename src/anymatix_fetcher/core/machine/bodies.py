"""Handles the bodies of one download's responses: stored bytes, compared blocks, and the bodies' ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.pace.meter import Meter
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.spans import SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.conclusions import Conclusions
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.parts import MachineParts
    from anymatix_fetcher.core.machine.setbacks import Setbacks
    from anymatix_fetcher.core.values.spans import Span


class Bodies:
    """Handles the bodies of one download's responses.

    Args:
        parts: The download's parts.
        conclusions: Ends the download.
        setbacks: Handles bodies that ended early.
    """

    def __init__(self, parts: MachineParts, conclusions: Conclusions, setbacks: Setbacks) -> None:
        self._parts = parts
        self._conclusions = conclusions
        self._setbacks = setbacks
        self._meter: Meter | None = None

    def rate(self, now: float) -> float:
        """The throughput over the last seconds, in bytes per second."""
        return self._meter.rate(now) if self._meter is not None else 0.0

    def measure_from(self, now: float) -> None:
        """Starts the measurement of throughput, once."""
        self._meter = self._meter or Meter(now)

    def stored(self, event: m.BodyStored, now: float) -> None:
        """Takes bytes of a body that were stored or compared."""
        parts, coverage = self._parts, self._parts.coverage
        exchange = parts.requests.exchanges.get(event.exchange)
        if exchange is None or not exchange.flowing:
            return
        count = len(event.span)
        exchange.advance(event.span.stop, now)
        if exchange.open_ended and exchange.purpose is Purpose.FILL:
            exchange.note_fresh(SpanSet.of(event.span) - coverage.held)
        gained = 0
        if exchange.purpose is Purpose.FILL:
            gained = coverage.store(event.span)
            parts.peers.brought(exchange.mirror, event.span)
        if exchange.mirror is not None:
            parts.mirrors.stored(exchange.mirror, exchange, event.span, gained)
        else:
            parts.recovery.served(gained, now)
        parts.requests.account.arrived(count)
        if self._meter is not None:
            self._meter.add(count, now)

    def ended(self, event: m.BodyEnded, now: float) -> None:
        """Takes the end of a body that is complete according to its framing."""
        parts, exchanges = self._parts, self._parts.requests.exchanges
        exchange = exchanges.end(event.exchange)
        if exchange is None:
            return
        if exchange.purpose is Purpose.PEEK:
            self._setbacks.peeked(exchange)
            return
        exchanges.finish(exchange, now)
        if exchange.mirror is not None:
            parts.mirrors.checks.ended(exchange.mirror, exchange)
            return
        self._setbacks.compared_so_far(exchange)
        parts.matching.stream_ended(exchange)
        if exchange.open_ended:
            self._open_end(exchange, now, goes_on=event.goes_on)
        elif exchange.rest:
            self._setbacks.ended_early(exchange, now)

    def compared(self, event: m.BlockCompared, now: float) -> None:
        """Takes the comparison of a recorded block that arrived again."""
        self._weigh(event, now)
        if event.filling and not event.equal and not self._parts.stage.is_over:
            self._end_dispute(event.span)

    def _end_dispute(self, block: Span) -> None:
        """Forgets the block, unless that was done, because the part file records nothing more before."""
        forgotten = (command.blocks for command in self._parts.out if isinstance(command, m.ForgetBlocks))
        if not any(blocks.covers(block) for blocks in forgotten):
            self._parts.matching.lose(SpanSet.of(block))

    def _weigh(self, event: m.BlockCompared, now: float) -> None:
        parts, span = self._parts, event.span
        if not parts.coverage.held.count_in(span) and not parts.requests.exchanges.over(span):
            return  # forgotten meanwhile
        if event.filling and not event.equal and parts.matching.culprits.are_sought:
            self._setbacks.came_differently(span, now)
            return
        if parts.matching.advances(event):
            parts.requests.patience.progressed(len(span))
        if parts.mirrors.checks.compared(event) or not (event.filling or parts.matching.comparison):
            return  # a mirror's, or from an exchange that was dropped
        if not parts.matching.compared(event):
            self._conclusions.changed()

    def _open_end(self, exchange: Exchange, now: float, *, goes_on: bool) -> None:
        """Takes the end of a body that hasn't stated it, and compares it with the known length."""
        matching = self._parts.matching
        known = matching.known_length
        if known is None and exchange.purpose is Purpose.COMPARE:
            self._compared_to_its_end(exchange, now)
        elif known is None and self._parts.coverage.held.stop > exchange.position:
            self._conclusions.changed()  # it ended before the last stored byte
        elif known is None:
            matching.ends_at(exchange.position)  # where its framing ended
        elif goes_on and exchange.position >= known:
            matching.take_back(exchange.fresh)  # it belongs to a longer file
            what = f"{exchange.request.url.host} sends more than the {known:,} bytes that the file has"
            refused = Refused(Refusal.CHANGED, what, exchange.head.status if exchange.head else 0)
            self._setbacks.refused(exchange, refused, now)
        elif exchange.rest:
            self._setbacks.ended_early(exchange, now)

    def _compared_to_its_end(self, exchange: Exchange, now: float) -> None:
        """A body without a stated length came again: the longer one is complete."""
        matching = self._parts.matching
        end = matching.length
        if end is not None and exchange.position > end:
            matching.goes_on()
        elif end is not None and exchange.position < end:
            self._setbacks.ended_early(exchange, now)
