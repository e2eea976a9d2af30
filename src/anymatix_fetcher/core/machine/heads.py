"""Handles response heads: whether the body may flow, and what the head states about the whole file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, assert_never

from anymatix_fetcher.core.answers.address import MAX_HOPS
from anymatix_fetcher.core.answers.judge import Accepted, Redirected
from anymatix_fetcher.core.machine.admission import Admission
from anymatix_fetcher.core.machine.exchange import ExchangeState, Purpose
from anymatix_fetcher.core.machine.labels import PEEKED_BESIDE_A_DIGEST_BYTES, PEEKED_BYTES
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.proof import contradiction
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.errors import UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.answers.judge import Known, Verdict
    from anymatix_fetcher.core.machine.conclusions import Conclusions
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.parts import MachineParts
    from anymatix_fetcher.core.machine.setbacks import Setbacks
    from anymatix_fetcher.core.machine.storage import Storage
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Url

    Judge: TypeAlias = Callable[[Request, ResponseHead, Known, str], Verdict]


class Heads:
    """Handles the heads of one download's responses.

    Args:
        parts: The download's parts.
        conclusions: Ends the download.
        setbacks: Handles refusals.
        storage: The part file, which is opened for the first accepted head.
        judge: The judge of response heads.
        name: The file's name, if the source knows it.
    """

    def __init__(
        self,
        parts: MachineParts,
        conclusions: Conclusions,
        setbacks: Setbacks,
        storage: Storage,
        judge: Judge,
        name: str,
    ) -> None:
        self._parts = parts
        self._conclusions = conclusions
        self._setbacks = setbacks
        self._storage = storage
        self._judge = judge
        self._name = name

    def arrived(self, event: m.HeadArrived, now: float) -> None:
        """Takes a response's head."""
        parts, requests = self._parts, self._parts.requests
        exchange = requests.exchanges.get(event.exchange)
        if exchange is None or exchange.state is not ExchangeState.ASKED:
            return
        exchange.answered(event.head, now)
        if exchange.mirror is not None:
            parts.mirrors.answers.head_arrived(exchange.mirror, exchange, event.head, now)
            return
        requests.share.answered(now - exchange.started_at)
        requests.share.heed(exchange.request, event.head, now)
        requests.account.answered(event.head.http_version)
        requests.patience.heard()
        self._weigh(exchange, event.head, event.excerpt, now)

    def let_held_flow(self, now: float) -> None:
        """Lets the waiting bodies flow, because the part file is open and empty."""
        for exchange in self._parts.requests.exchanges.held:
            self._let_flow(exchange, now)

    def release_held(self, now: float) -> None:
        """Judges waiting bodies again after a comparison; those without missing bytes are dropped."""
        for exchange in self._parts.requests.exchanges.held:
            if exchange.head is not None and not self._parts.stage.is_over:
                exchange.reconsider()
                self._weigh(exchange, exchange.head, "", now)

    def renewed(self, resource: Resource, now: float) -> None:
        """Takes a renewed URL. Facts about the file that the source no longer states stay known."""
        parts, address, known = self._parts, self._parts.requests.address, self._parts.matching.known_length
        parts.requests.renewed()
        if not self._learn(resource.digests, resource.url.host):
            return
        digests = tuple(dict.fromkeys((*resource.digests, *address.resource.digests)))
        length = address.resource.length if resource.length is None else resource.length
        address.restate(replace(resource, length=length, digests=digests))
        if known is None and length is not None:
            parts.matching.state_length(length)
        elif length not in (known, None):
            self._conclusions.changed()
        parts.scheduler.declare(now)

    # Verdicts ---------------------------------------------------------------------------------------------

    def _weigh(self, exchange: Exchange, head: ResponseHead, excerpt: str, now: float) -> None:
        parts, matching = self._parts, self._parts.matching
        matching.expect_digest(settles=parts.proof.settles)
        known = matching.known(exchange.request.url.origin, self._name)
        known = parts.labels.weigh(known, is_fresh=matching.identity is None)
        verdict = self._judge(exchange.request, head, known, excerpt)
        match verdict:
            case Accepted(doubt=None):
                self._accepted(exchange, head, verdict, now)
            case Accepted():
                if self._heard(exchange, head):
                    self._peek(exchange, verdict, now)
            case Redirected():
                self._redirected(exchange, verdict.url, now)
            case Refused():
                parts.requests.drop(exchange)
                self._setbacks.refused(exchange, verdict, now)
            case _:
                assert_never(verdict)

    def _heard(self, exchange: Exchange, head: ResponseHead) -> bool:
        """Takes what the service states about the whole file; false if it is contradictory, which ends the download."""
        stated = self._parts.requests.address.stated(exchange.request, head)
        if self._parts.matching.known_length is None and stated.length is not None:
            self._parts.matching.state_length(stated.length)
        return self._learn(stated.digests, exchange.request.url.host)

    def _learn(self, digests: tuple[Digest, ...], host: str) -> bool:
        """Takes digests that ``host`` states; false if they are contradictory, which ends the download."""
        wrong = self._parts.proof.contradicts(digests)
        if wrong is not None:
            self._conclusions.fail(contradiction(wrong, host))
            return False
        self._parts.proof.add(digests)
        return True

    def _peek(self, exchange: Exchange, verdict: Accepted, now: float) -> None:
        """Lets the beginning of a body be examined, because its header fields mark it as unwanted."""
        most = PEEKED_BESIDE_A_DIGEST_BYTES if self._parts.proof.settles else PEEKED_BYTES
        stop = min(most, most if verdict.stop is None else verdict.stop)
        exchange.show_beginning(verdict.doubt, stop)
        exchange.let_flow(now)
        self._parts.out.append(m.PeekBody(exchange.id, stop))

    def _redirected(self, exchange: Exchange, url: Url, now: float) -> None:
        requests = self._parts.requests
        requests.drop(exchange)
        if self._parts.peers.leads:
            self._setbacks.peer_redirects(exchange)
            return
        if exchange.head is not None and not self._heard(exchange, exchange.head):
            return
        if self._parts.peers.join(self._parts.proof.digests, may_lead=not requests.exchanges):
            return
        forbidden = requests.address.forbids(exchange.request.url.host, url)
        if forbidden is not None:
            self._conclusions.fail(forbidden)
        elif not requests.follow(exchange, url, now, self._parts.matching.identity):
            what = f"{requests.address.origin_url.host} redirects more than {MAX_HOPS} times"
            self._conclusions.fail(UnexpectedAnswerError(what, hint="Check the address."))

    def _accepted(self, exchange: Exchange, head: ResponseHead, verdict: Accepted, now: float) -> None:
        parts, requests = self._parts, self._parts.requests
        if verdict.ranged and verdict.length is None:
            requests.drop(exchange)  # "bytes 0-9/*": without a length the file can't be divided
            requests.abilities.give_up_ranges()
            return
        misfit = self._misfit(exchange, head, verdict)
        if misfit is not None:
            requests.drop(exchange)
            self._setbacks.refused(exchange, misfit, now)
            return
        if not self._heard(exchange, head):
            return
        asked_for_range = exchange.request.span is not None
        requests.abilities.accept()
        if asked_for_range:
            requests.abilities.range_answered(ranged=verdict.ranged)
        self._learn_of_others(exchange, head)
        parts.recovery.settled(exchange, now)
        on_the_way = exchange.wanted is not None and not asked_for_range
        open_ended = verdict.stop is None
        stop = parts.matching.known_length if open_ended else verdict.stop
        exchange.brings(verdict.start, stop, open_ended=open_ended)
        if on_the_way and verdict.length is not None:
            parts.scheduler.take_whole(exchange, head, verdict.length)
        if exchange.start == 0 and exchange.stop is not None and exchange.stop == verdict.length:
            requests.share.turned_out_small()
        self._admit(exchange, head, verdict, now)

    def _misfit(self, exchange: Exchange, head: ResponseHead, verdict: Accepted) -> Refused | None:
        """The reason for refusing a valid response in this situation; ``None`` if it is wanted."""
        parts = self._parts
        if exchange.request.span is not None and not verdict.ranged and parts.requests.abilities.range_proved:
            return Refused(Refusal.RANGE_IGNORED, "a replica ignores ranges", head.status)
        if verdict.length is not None and verdict.length < parts.coverage.held.stop:  # the length wasn't stated before
            return Refused(Refusal.CHANGED, f"{exchange.request.url.host} now has other content", head.status)
        return None

    def _learn_of_others(self, exchange: Exchange, head: ResponseHead) -> None:
        """Takes the digests and duplicates that a head states. Those of peers are ignored."""
        parts = self._parts
        if parts.peers.leads:
            return
        parts.proof.learn(head)
        parts.peers.join(parts.proof.digests, may_lead=False)
        if parts.proof.settles:
            from anymatix_fetcher.core.values.links import duplicates  # noqa: PLC0415 - costs start-up time, rarely needed

            parts.mirrors.roster.discover(duplicate.url for duplicate in duplicates(head.headers, exchange.request.url))

    # Bodies -----------------------------------------------------------------------------------------------

    def _admit(self, exchange: Exchange, head: ResponseHead, verdict: Accepted, now: float) -> None:
        """Lets an accepted body flow or wait, or drops it."""
        parts, requests = self._parts, self._parts.requests
        if not parts.coverage.held and not parts.matching.continues(exchange, verdict):
            requests.drop_others(exchange)  # they may be of the earlier content
        admission = parts.matching.admit(exchange, verdict)
        if admission is Admission.UNNEEDED:
            requests.drop(exchange)
        elif admission is Admission.WAITS or not parts.matching.storage_is_open:
            exchange.hold()
            self._storage.ask_for(head)
        else:
            self._let_flow(exchange, now)

    def _let_flow(self, exchange: Exchange, now: float) -> None:
        parts, requests = self._parts, self._parts.requests
        if parts.stage.phase is MachinePhase.OPENING:
            parts.stage.enter(MachinePhase.TRANSFERRING)
        exchange.let_flow(now)
        compare = exchange.purpose is Purpose.COMPARE
        parts.out.append(m.AcceptBody(exchange.id, exchange.start, exchange.stop, compare=compare))
        requests.account.flows(requests.exchanges.flowing)
