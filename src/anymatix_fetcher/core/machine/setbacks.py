"""Handles exchanges that fail: refused, lost, silent, or ended early."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.reaction import Reaction, react
from anymatix_fetcher.core.machine.exchange import ExchangeState, Purpose
from anymatix_fetcher.core.machine.silence import Silence
from anymatix_fetcher.core.machine.situation import situation_of
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import UnexpectedAnswerError

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.conclusions import Conclusions
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.parts import MachineParts
    from anymatix_fetcher.core.machine.storage import Storage
    from anymatix_fetcher.core.values.http import Refused

OPENING_SECONDS = 4.0
"""A first place that hasn't answered for so long doesn't keep others waiting."""
SILENT_SECONDS = 8.0
"""After so long without a byte from it another place goes on, if that can't be used beside it."""
FIRST_WAIT_SECONDS = 4.0
"""After so long it is asked again, as a mirror."""


class Setbacks:
    """Retries, waits, turns to another place, or gives up.

    Args:
        parts: The download's parts.
        conclusions: Ends the download.
        storage: The part file.
    """

    def __init__(self, parts: MachineParts, conclusions: Conclusions, storage: Storage) -> None:
        self._parts = parts
        self._conclusions = conclusions
        self._storage = storage
        self._silence = Silence()

    # Refusals ---------------------------------------------------------------------------------------------

    def refused(self, exchange: Exchange, refused: Refused, now: float) -> None:
        """Takes a refused response."""
        parts, requests, recovery = self._parts, self._parts.requests, self._parts.recovery
        if parts.peers.leads:
            self._peer_refused(exchange, refused, now)
            return
        situation = situation_of(
            exchange,
            refused,
            requests,
            parts.coverage,
            parts.matching.known_length,
            now,
            is_known=parts.matching.identity is not None,
            has_digest=bool(parts.proof.digests),
        )
        reaction = react(refused, situation)
        is_passing = reaction in {Reaction.WAIT, Reaction.RETRY}
        if is_passing and self._conclusions.succession.let_another_open(
            now + (refused.retry_after_seconds or FIRST_WAIT_SECONDS)
        ):
            return
        if reaction is Reaction.WAIT:
            self._distrust(exchange)
        if reaction is Reaction.RETRY:
            self._tried_in_vain(exchange, refused, now)
        elif reaction is Reaction.EMPTY:
            self._empty(exchange)
        elif reaction is Reaction.FORGET_IDENTITY:
            parts.matching.start_over()
        elif reaction is Reaction.CHANGED:
            error = requests.address.error(replace(refused, kind=Refusal.CHANGED), exchange.request)
            self._conclusions.changed(error)
        elif not recovery.cope(reaction, exchange, refused, now, nothing_stored=not parts.coverage.stored):
            self._conclusions.fail_here(recovery.error(refused, exchange.request))
        elif reaction is Reaction.WAIT and not requests.exchanges.first_flowing:
            is_long = (refused.retry_after_seconds or 0.0) >= OPENING_SECONDS
            self._conclusions.succession.let_another_go_on(1 if is_long else 2)

    def _empty(self, exchange: Exchange) -> None:
        parts = self._parts
        parts.requests.address.settle(exchange.request.url)
        parts.matching.set_identity(m.Identity(0, Validator(), exchange.request.url.origin))
        if exchange.head is not None:
            self._storage.ask_for(exchange.head)

    # Peers ------------------------------------------------------------------------------------------------

    def _peer_refused(self, exchange: Exchange, refused: Refused, now: float) -> None:
        """Handles a refusal of the leading peer. If it only limits concurrency, the other connections continue."""
        parts, requests = self._parts, self._parts.requests
        is_passing = refused.kind in (Refusal.UNAVAILABLE, Refusal.THROTTLED)
        if is_passing and requests.exchanges.first_flowing:
            parts.recovery.cope(Reaction.FEWER, exchange, refused, now, nothing_stored=False)
        elif not (is_passing and requests.own_bytes and parts.peers.give_way(is_kept=True)):
            self._conclusions.fail_here(parts.recovery.error(refused, exchange.request))

    def peer_redirects(self, exchange: Exchange) -> None:
        """Fails the leading peer, because its redirect would lead the secret elsewhere."""
        host = exchange.request.url.host
        self._conclusions.fail_here(UnexpectedAnswerError(f"{host} redirects", hint="Name a peer by its own address."))

    def look_at_peer(self, now: float, *, rate: float, limited: bool) -> None:
        """Lets a leading peer that is too slow give way."""
        parts, length = self._parts, self._parts.matching.length
        rest = 0 if length is None else length - parts.coverage.held.total
        if parts.stage.is_fetching and parts.peers.should_give_way(now, rate=rate, rest=rest, limited=limited):
            parts.peers.give_way(is_kept=bool(parts.requests.own_bytes))

    def look_at_first(self, now: float, *, limited: bool) -> None:
        """Where the first place is silent, another one opens or goes on.

        Args:
            now: The time.
            limited: Whether the user's rate limit applies at the moment.
        """
        parts = self._parts
        own = parts.requests.exchanges.of(None)
        if not own or limited or any(one.state is ExchangeState.HELD for one in own):
            return
        silent_seconds = now - max(one.last_byte_at for one in own)
        is_late = parts.matching.identity is None and silent_seconds >= OPENING_SECONDS
        if is_late and self._conclusions.succession.let_another_open(now + FIRST_WAIT_SECONDS):
            return
        if silent_seconds >= SILENT_SECONDS:
            self._conclusions.succession.let_another_go_on(0)

    # Labels -----------------------------------------------------------------------------------------------

    def peeked(self, exchange: Exchange) -> None:
        """Takes the complete beginning of a body that its header fields mark as unwanted."""
        head, doubt = exchange.head, exchange.doubt
        if head is None or doubt is None:
            raise AssertionError("an answer in doubt has a head, and what is doubted of it")
        self._parts.labels.look_at(exchange)
        is_whole = bool(exchange.rest) or exchange.position == head.complete_length
        coding = head.content_coding if doubt.kind is Refusal.ENCODED else ""
        self._parts.out.append(m.LookAtBeginning(coding, is_whole))

    def beginning_seen(self, event: m.BeginningSeen, now: float) -> None:
        """Takes the examination of a beginning: the body is refused, or requested again."""
        exchange, matching = self._parts.labels.seen(is_unwanted=event.is_unwanted), self._parts.matching
        if event.is_unwanted and exchange.doubt is not None:
            self.refused(exchange, exchange.doubt, now)
            return
        length = exchange.head.complete_length if exchange.head is not None else None
        if matching.known_length is None and length is not None:
            matching.state_length(length)
        self._parts.recovery.settled(exchange, now)  # it is requested again, and will be accepted

    # Failures ---------------------------------------------------------------------------------------------

    def failed(self, event: m.ExchangeFailed, now: float) -> None:
        """Takes the failure of an exchange."""
        requests = self._parts.requests
        exchange, failure = requests.exchanges.end(event.exchange), event.failure
        if exchange is None:
            return
        self.compared_so_far(exchange)
        if failure.kind in (FailureKind.STORAGE, FailureKind.BUG):
            self._conclusions.fail(requests.address.error(failure, exchange.request))
        elif exchange.mirror is not None:
            self._parts.mirrors.answers.failed(exchange.mirror, exchange, now)
        elif exchange.purpose is Purpose.PEEK and exchange.has_all:
            self.peeked(exchange)
        elif exchange.flowing and exchange.has_all:
            self._distrust(exchange)  # only its end is missing
        elif requests.abilities.another_version(failure.kind, exchange.request, answered=exchange.head is not None):
            self._distrust(exchange)  # it is retried at once
        elif failure.kind in (FailureKind.TLS, FailureKind.INSIDE, FailureKind.UNUSABLE):
            self._conclusions.fail_here(requests.address.error(failure, exchange.request))
        else:
            self._tried_in_vain(exchange, failure, now)

    def replace_stuck(self, watched_since: float, now: float) -> None:
        """Replaces stuck connections.

        Args:
            watched_since: Since when the download was observed without gaps.
            now: The time.
        """
        parts, requests, stage = self._parts, self._parts.requests, self._parts.stage
        for exchange in requests.exchanges:
            if exchange.is_stuck(now) and not stage.is_over:
                requests.drop(exchange)
                self.compared_so_far(exchange)
                if exchange.mirror is not None:
                    parts.mirrors.answers.failed(exchange.mirror, exchange, now)
                elif not (exchange.flowing and exchange.has_all):  # otherwise only its end is missing
                    self._tried_in_vain(exchange, Failure(FailureKind.SILENT, "too little came for too long"), now)
        if not stage.is_over and parts.scheduler.may_be_silent:
            for exchange in self._silence.fallen(requests.exchanges.of(None), watched_since, now):
                requests.drop(exchange)
                self._tried_in_vain(exchange, Failure(FailureKind.SILENT, "nothing came any more"), now)

    def ended_early(self, exchange: Exchange, now: float) -> None:
        """Takes a body that ended before its span."""
        what = "the body was empty" if exchange.position == exchange.start else "the body ended before the file does"
        self._tried_in_vain(exchange, Failure(FailureKind.LOST, what), now)

    def compared_so_far(self, exchange: Exchange) -> None:
        """Takes the end of an exchange for a comparison; the next one continues from its position."""
        matching, is_spent = self._parts.matching, exchange.is_spent
        is_for_it = exchange.purpose is Purpose.COMPARE and exchange.mirror is None and not is_spent
        if matching.comparison is not None and is_for_it:
            matching.comparison.ended(Span(exchange.start, exchange.position), matching.block_size)

    def came_differently(self, span: Span, now: float) -> None:
        """Drops the flows with bytes that differ from blocks of a search."""
        parts = self._parts
        for exchange in parts.requests.exchanges.over(span):
            if exchange.purpose is Purpose.FILL and not parts.stage.is_over:
                parts.requests.drop(exchange)
                self._tried_in_vain(exchange, Failure(FailureKind.LOST, "it sends other bytes each time"), now)
        if not parts.stage.is_over:
            parts.matching.lose(SpanSet.of(span))

    def _distrust(self, exchange: Exchange) -> None:
        """Stops trusting the target, unless only an additional connection was refused while others continue."""
        requests = self._parts.requests
        if exchange.state is not ExchangeState.ASKED or not requests.exchanges.first_flowing:
            self._parts.matching.distrust(exchange)
        if exchange.purpose is Purpose.COMPARE and exchange.mirror is None:
            requests.drop_waiting()  # what waits for the comparison may occupy the connection that it needs

    def _tried_in_vain(self, exchange: Exchange, why: Failure | Refused, now: float) -> None:
        parts, recovery = self._parts, self._parts.recovery
        self._distrust(exchange)
        patient = recovery.may_retry(exchange, now)
        if not parts.requests.exchanges.first_flowing and self._conclusions.succession.let_another_go_on():
            return
        if parts.peers.leads:
            patient = patient and bool(parts.peers.bears_failure or parts.requests.exchanges.first_flowing)
            leaves_range_out = False
        else:
            leaves_range_out = parts.requests.abilities.leaves_range_out(exchange.request, why, patient=patient)
        if not patient and not leaves_range_out:
            self._conclusions.fail_here(recovery.error(why, exchange.request))
