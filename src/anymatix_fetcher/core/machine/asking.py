"""Asking: which requests are under way, where they go, and how the servers' manners and moods shape the next ones.

The machine says what it wants; this says how it is asked for: at which address, with which connection, when, and how
many at a time. What it can't cope with goes back to the machine.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.answers.explain import broken_off_error
from anymatix_fetcher.core.answers.reaction import Reaction
from anymatix_fetcher.core.machine.comparison import Question
from anymatix_fetcher.core.machine.exchange import Exchange, ExchangeState, Purpose
from anymatix_fetcher.core.machine.manners import Manners
from anymatix_fetcher.core.machine.requests import Requests
from anymatix_fetcher.core.machine.retry import ASKED_TO_WAIT, LONGEST_WAIT_SECONDS
from anymatix_fetcher.core.machine.segments import Thief, next_segment, theft
from anymatix_fetcher.core.machine.tail import DUPLICATED_SHARE, LEAST_IN_VAIN, crawling, race, typical_rate
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.refusals import Refusal, Refused
from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.machine.segments import Lane
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.errors import FetchError

ADAPTING_SECONDS = 0.05
"""How often the pace is asked, at most."""
RESETS = frozenset({FailureKind.LOST, FailureKind.PROTOCOL, FailureKind.HTTP2})
"""What a server that can't bear a range may do instead of answering it."""
REFUSED_SECONDS = 0.5
"""One more connection that wasn't let in is tried again after this, where the pace doesn't do with fewer."""
SETTLING_SECONDS = 1.0
"""A fresh address that is refused, or a file that isn't found, is asked for once more after this."""


class Asking(Requests):
    """The requests of one download, as they are shaped by its servers: :class:`Requests` says what it is made from."""

    # Dividing ---------------------------------------------------------------------------------------------

    def start_next(self, matching: Matching, coverage: Coverage, now: float, *, bytes_per_second: float) -> bool:
        """Begins one more exchange; False where there is nothing to ask for.

        Args:
            matching: What is known of the file, and whether blocks are to be compared.
            coverage: What is here.
            now: The time.
            bytes_per_second: What arrives in sum.
        """
        identity, length, block_size = matching.identity, matching.length, matching.block_size
        span: Span | None
        purpose = Purpose.FILL
        comparison = matching.comparison
        if comparison is not None and self.manners.ranged:
            in_flight, purpose = self.exchanges.rests(Purpose.COMPARE), Purpose.COMPARE
            span = comparison.next(in_flight, block_size=block_size, at_most=self._sizes.first_segment)
        elif identity is None and self.manners.ranged and not self.one_stream:
            span = None if self.exchanges else self._opening_span
        elif identity is None or length is None or not self.manners.ranged:
            if self.exchanges:
                return False
            # Nothing can be divided: the whole, as one stream.
            # Over what is here it compares as well; only the search for what spoils a digest mustn't store anything.
            searches = comparison is not None and comparison.question is Question.CULPRITS
            self.start(None, Purpose.COMPARE if searches else Purpose.FILL, now, identity=identity)
            return True
        elif self._compares_first(matching, coverage, length):
            return self.start_next(matching, coverage, now, bytes_per_second=bytes_per_second)
        else:
            span = self.next_fill(coverage, length, now, block_size=block_size, bytes_per_second=bytes_per_second)
        if span is not None:
            self.start(span, purpose, now, identity=identity)
        return span is not None

    def _compares_first(self, matching: Matching, coverage: Coverage, length: int) -> bool:
        """Whether the next request is for blocks that are here: others would be answered in vain."""
        if self.address.trusted or not coverage.waiting(length, self.exchanges.rests(Purpose.FILL)):
            return False
        return matching.compares_first(may_hold=self.pace.connections > 1)

    def make_room(self) -> None:
        """An answer that waits for blocks to be compared gives its connection up where these can have no other."""
        if len(self.exchanges.of(None)) >= self.pace.connections and not self.exchanges.rests(Purpose.COMPARE):
            self.drop_waiting()

    def drop_others(self, exchange: Exchange) -> None:
        """Drops the bodies that are under way from the first place, but for that of ``exchange``."""
        for other in self.exchanges.of(None):
            if other is not exchange and other.flowing:
                self.drop(other)

    def drop_waiting(self) -> None:
        """Drops the answers that wait for blocks to be compared."""
        for exchange in self.exchanges.held:
            self.drop(exchange)

    @property
    def _opening_span(self) -> Span:
        """What is asked for before anything is known: no more than the source says that there is.

        Some servers state a wrong length of a part where the range goes on past the file's end.
        """
        return Span(0, min(self._sizes.first_segment, self.address.resource.length or self._sizes.first_segment))

    @property
    def may_be_silent(self) -> bool:
        """Whether silence says something of connections, and one that is given up loses nothing of what it brought."""
        return self.divides and not self._free_flow.is_held

    @property
    def smallest_segment(self) -> int:
        """Bytes of the smallest segment that is worth a request."""
        return self._sizes.smallest_segment

    def turn_to(self, mirror: Mirror) -> None:
        """A mirror takes the first place's part; nothing that was learned of that one counts for it."""
        for exchange in self.exchanges.of(None):
            self.drop(exchange)
        self.exchanges.turn_to(mirror)
        self.pace.want(0, 0)
        self.address, self.pace, self.manners = mirror.address, mirror.pace, Manners(range_proved=mirror.proved)
        self.others_bytes = self.account.bytes_downloaded - mirror.total
        self.renewing = False
        self.patience = self.patience.anew()

    def next_fill(
        self,
        coverage: Coverage,
        length: int,
        now: float,
        *,
        block_size: int,
        bytes_per_second: float,
        mirror: Mirror | None = None,
    ) -> Span | None:
        """What to ask a place for next, of a file whose length is known; ``None`` where nothing is worth a request."""
        rests = self.exchanges.rests(Purpose.FILL)
        waiting = coverage.waiting(length, rests)
        if self.one_stream:
            return next(iter(waiting), None)
        flowing = self.exchanges.flowing
        segment = next_segment(
            waiting,
            length=length,
            block_size=block_size,
            connections=self.pace.connections + self.others,
            bytes_per_second=bytes_per_second / max(1, flowing),  # a lone one flows no longer when it asks for more
            under_way=sum(map(len, rests)),
            sizes=self._sizes,
        )
        if segment is not None or not self.address.settled:
            return segment
        lanes = self.exchanges.lanes(now)
        thief = Thief(
            bytes_per_second=typical_rate(lanes, self.exchanges.rates),
            start_seconds=self.exchanges.start_seconds(mirror),
            round_trip_seconds=self.exchanges.answer_seconds,
            budget=max(length // DUPLICATED_SHARE, LEAST_IN_VAIN) - self._in_vain,
        )
        return self._theft(lanes, block_size, thief) or self._race(lanes, length, thief)

    def _theft(self, lanes: list[Lane], block_size: int, thief: Thief) -> Span | None:
        """What an idle connection takes over."""
        taken = theft(lanes, block_size, thief, self._sizes)
        victim = self.exchanges.get(taken.victim) if taken else None
        if taken is None or victim is None:
            return None
        self._in_vain += taken.cost
        victim.stop, victim.narrowed = taken.span.start, True
        self._out.append(m.NarrowBody(victim.id, taken.span.start))
        return taken.span

    def _race(self, lanes: list[Lane], length: int, thief: Thief) -> Span | None:
        """The last bytes, asked for a second time."""
        if self._free_flow.is_held:
            return None
        lane = race(
            lanes,
            thief.bytes_per_second,
            budget=length // DUPLICATED_SHARE - self._in_vain,
            raced=frozenset(self._raced),
            answer_seconds=thief.round_trip_seconds,
        )
        if lane is None:
            return None
        self._raced.add(lane.rest.stop)
        self._in_vain += len(lane.rest)  # over one that has just ended another segment: its window is open
        return lane.rest

    def tidy(self, coverage: Coverage, now: float) -> None:
        """Drops whoever lost a race, and whoever crawls: others bring the rest."""
        lanes = self.exchanges.lanes(now)
        lost = [lane for lane in lanes if lane.rest and coverage.stored.covers(lane.rest)]
        slow = [] if self._free_flow.is_held else crawling(lanes, typical_rate(lanes, self.exchanges.rates))
        for lane in (*lost, *slow):
            exchange = self.exchanges.get(lane.exchange)
            if exchange is not None:
                self.drop(exchange)
                if exchange.mirror is not None and lane in slow:
                    exchange.mirror.crawls += 1
        self._fresh_connection |= bool(slow)

    def adapt(self, coverage: Coverage, length: int | None, now: float) -> None:
        """Lets the pace see what arrives, while there is enough to ask for to fill every connection that it allows."""
        flowing = self.exchanges.first_flowing
        if now - self._adapted_at < ADAPTING_SECONDS and flowing == self._adapted_flowing:
            return
        self._adapted_at, self._adapted_flowing = now, flowing
        waiting = 0
        if self.divides and length:
            self.tidy(coverage, now)
            waiting = coverage.waiting(length, self.exchanges.rests(Purpose.FILL)).total
        self._more = -(-waiting // self._sizes.smallest_segment)
        self.declare(now)
        if not self._free_flow.is_held:
            total = self._free_flow.bytes(self.own_bytes)
            rest = waiting + sum(map(len, self.exchanges.rests(Purpose.FILL))) if waiting else inf
            self.pace.observe(total, flowing, self._free_flow.time(now), rest=rest)
        if waiting:
            for exchange in self.exchanges.of(None)[self.pace.connections :]:
                self.drop(exchange)  # the youngest: their windows are the least open

    def declare(self, now: float) -> None:
        """Tells the host how many connections could be used."""
        own = self.exchanges.of(None)
        under_way, more = len(own), self._more
        if not under_way:
            asleep = now < self.patience.not_before or self.renewing
            more = 0 if asleep else max(1, more)
        self.pace.want(under_way, more, streams=sum(exchange.request.lane is not None for exchange in own))

    def look_ahead(self, now: float) -> None:
        """Has the connections of the climb's next step shake hands while this one is under way."""
        foreseen = self.pace.foreseen(now)
        if foreseen <= self._foreseen:
            return
        self._foreseen = foreseen  # once a step
        target, under_way = self.address.target, len(self.exchanges.of(None))
        wanted = min(foreseen, under_way + self._more) - self.pace.connections
        if wanted > 0 and target is not None and now >= self.patience.not_before:
            self._out.append(m.OpenAhead(target.origin, wanted))

    def notice_limit(self, now: float, *, binds: bool) -> None:
        """Takes whether our own limit holds bytes back.

        While it does, more connections can't bring more, and none is to blame for what it doesn't bring.
        """
        held_seconds = self._free_flow.notice(self.own_bytes, now, binds=binds)
        for exchange in self.exchanges if held_seconds else ():
            exchange.excuse(held_seconds)

    # Refusals and failures --------------------------------------------------------------------------------

    def settle(self, exchange: Exchange, now: float) -> None:
        """The answer to ``exchange`` was accepted: all go where it came from."""
        self._is_full = False
        if exchange.started_at <= self._shut_out_at:
            self._shut_out_at = -inf
            self.pace.refused(len(self.exchanges.of(None)), self._free_flow.time(now))
        if not self.address.settled:
            self.settled_at = now
        self.address.settle(exchange.request.url, exchange.led_by, exchange.request.span)

    def take_whole(self, exchange: Exchange, head: ResponseHead, length: int) -> None:
        """A host that is asked for no range sent the file itself, from the beginning.

        A small file is taken as it comes. Of a large one this is the first segment, and the rest is asked for.
        """
        units = (head.headers.get("Accept-Ranges") or "").lower()
        refuses_ranges = "none" in units and "bytes" not in units  # a server behind another may say both
        if length <= self._sizes.first_segment or refuses_ranges or self.one_stream:
            self.manners.ranged = False
            return
        exchange.stop, exchange.narrowed = self._sizes.first_segment, True

    def served(self, gained: int, now: float) -> None:
        """Bytes arrived; ``gained`` of them had never been stored before."""
        self._served_at = now
        self.patience.progressed(gained)

    def cope(  # noqa: C901, PLR0912 - one branch for each reaction
        self, reaction: Reaction, exchange: Exchange, refused: Refused, now: float, *, nothing_stored: bool
    ) -> bool:
        """Does what a reaction asks for; False where a budget is spent, or where it isn't a matter of asking."""
        match reaction:
            case Reaction.IGNORE:
                return True
            case Reaction.WAIT:
                self.pace.refused(len(self.exchanges.of(None)), self._free_flow.time(now))
                return self._wait(exchange, refused, now)
            case Reaction.FEWER:
                own = len(self.exchanges.of(None))
                self.pace.refused(own, self._free_flow.time(now))
                if own < self.pace.connections:  # those that were given up a moment ago may count there still
                    self._one_more_at = now + REFUSED_SECONDS
                self._is_full = not self.address.settled
            case Reaction.RENEW:
                return self._renew()
            case Reaction.UNBIND:
                self.address.unbind()
            case Reaction.ONCE_MORE:
                self.patience.second_chance = False
                self.address.expire()
                self.patience.delay(now, SETTLING_SECONDS, "the last request was refused")
            case Reaction.WITHOUT_IF_RANGE:
                self.manners.takes_if_range = False
            case Reaction.DISTRUST_RANGES:
                self._fresh_connection = True
                if self.manners.lied(refused, nothing_stored=nothing_stored):
                    self.drop_all()
            case Reaction.WITHOUT_RANGE:
                self.manners.ranged = False
                self.manners.why_one_stream = f"one stream, since {refused.sentence}"
            case Reaction.ASK_AGAIN:
                self._fresh_connection = True
                self.manners.contradictions += 1
            case Reaction.DISTRUST_TAGS:
                self.manners.tags_disagree = True
                self.address.trusted = False
            case Reaction.RETRY | Reaction.EMPTY | Reaction.FORGET_IDENTITY | Reaction.CHANGED | Reaction.FAIL:
                return False
            case _:
                assert_never(reaction)
        return True

    def _wait(self, exchange: Exchange, refused: Refused, now: float) -> bool:
        """Waits as long as the server asks; False where that can't help."""
        if self.patience.throttled(now, refused.retry_after_seconds):
            self.pace.pause(exchange.request.url, self.patience.not_before, self.patience.reason)
            self.halt(exchange)
            return True
        if not self.exchanges.first_flowing:
            return False
        self.patience.delay(now, LONGEST_WAIT_SECONDS, ASKED_TO_WAIT)  # the others go on; when they end, it's decided
        return True

    def renew_in_time(self, coverage: Coverage, length: int | None, now: float) -> bool:
        """Gives the address back before it ends, when the next request would need one: no request meets a dead one.

        Returns:
            Whether it has done so.
        """
        if not self.address.is_due(now) or self.renewing:
            return False
        if length is not None and not coverage.waiting(length, self.exchanges.rests(Purpose.FILL)):
            return False  # there is nothing that anybody has to be asked for
        self._renew()
        return True

    def _renew(self) -> bool:
        self.address.expire()
        if not self.patience.renewed():
            return False
        self.account.renewals += 1
        self.renewing = True
        self._out.append(m.Renew())
        return True

    def leave_out_range(self, exchange: Exchange, why: Refused | Failure) -> bool:
        """The last resort after ranges that came to nothing; False where it isn't worth a request, or was spent."""
        may_be_the_range = exchange.request.span is not None and not self.manners.accepted
        if may_be_the_range and self.manners.ranged and (isinstance(why, Refused) or why.kind in RESETS):
            self.manners.ranged = False
            self.manners.why_one_stream = f"one stream, since {exchange.request.url.host} has answered no range"
            return True
        return False

    def error(self, why: Refused | Failure, request: Request) -> FetchError:
        """Why ``request`` was the last one that came to nothing."""
        broke_off_at = self.patience.broke_off_at
        if broke_off_at is not None and isinstance(why, Failure):
            return broken_off_error(broke_off_at, request.url)
        if isinstance(why, Refused) and why.kind is Refusal.MISLABELLED:
            why = self.manners.first_lie or why  # what was asked for after it was asked for because of it
        return self.address.error(why, request)

    def may_retry(self, exchange: Exchange, now: float) -> bool:
        """An exchange came to nothing: the next one waits. False where there has been enough of that."""
        others_served = self.exchanges.first_flowing > 0 or self._served_at > exchange.started_at
        unanswered = exchange.state is ExchangeState.ASKED
        turned_away = unanswered and others_served
        if turned_away or (unanswered and self.exchanges.held):
            # An extra connection wasn't let in while others went on: that is the server's limit, not an outage.
            self.pace.refused(len(self.exchanges.of(None)), self._free_flow.time(now))
        elif unanswered:
            self._shut_out_at = now  # an outage; or a limit, where one that was asked beside it is answered yet
        # A body that broke off or dried up: the connection is suspect. One that never answered wasn't used at all, and
        # another new one beside idle ones might be refused for being one too many.
        self._fresh_connection |= exchange.state is not ExchangeState.ASKED
        broke_at = exchange.position if exchange.flowing else None
        patient = self.patience.failed(now, exchange.started_at, broke_at=broke_at)
        return patient or turned_away or self.exchanges.first_flowing > 0
