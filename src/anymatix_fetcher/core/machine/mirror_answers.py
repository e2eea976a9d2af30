"""Reacts to the responses of mirrors: accepts, waits after a temporary refusal, or drops the mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import MAX_HOPS
from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge
from anymatix_fetcher.core.machine.exchange import ExchangeState, Purpose
from anymatix_fetcher.core.pace.pause import LONGEST_RETRY_AFTER_SECONDS
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.validators import Validator

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.urls import Url

STRIKES = 3
"""The number of failures without a byte in between after which a mirror is dropped."""
FIRST_WAIT_SECONDS = 1.0
PASSING = frozenset({Refusal.UNAVAILABLE, Refusal.THROTTLED})
WHOLE = 200
WITH_RANGE = frozenset({206, 416})
"""The statuses of responses whose ``Content-Range`` states the file's length."""
LIMITS = PASSING | {Refusal.FORBIDDEN}
"""The refusals of a request that exceeds a server's limit of connections."""


class MirrorAnswers:
    """Handles the heads and failures of requests to mirrors.

    Args:
        requests: The requests of the download.
        matching: The identity of the file.
        out: Receives the commands.
        drop: Ends the use of a mirror.
        set_apart: Remembers one that has a file of another length.
    """

    def __init__(
        self,
        requests: Requests,
        matching: Matching,
        out: list[m.Command],
        *,
        drop: Callable[[Mirror], None],
        set_apart: Callable[[Mirror], None],
    ) -> None:
        self._requests = requests
        self._matching = matching
        self._out = out
        self._drop = drop
        self._set_apart = set_apart

    def head_arrived(self, mirror: Mirror, exchange: Exchange, head: ResponseHead, now: float) -> None:
        """Takes the head of a mirror's response."""
        mirror.share.answered(now - exchange.started_at)
        mirror.share.heed(exchange.request, head, now)
        if _stated_length(head) not in (None, self._matching.length):
            self._drop(mirror)
            self._set_apart(mirror)
            return
        match judge(exchange.request, head, Known(self._matching.length, mirror.validator)):
            case Accepted(ranged=True, length=length) as accepted if length == self._matching.length:
                mirror.address.settle(exchange.request.url, exchange.led_by, exchange.request.span)
                mirror.says(accepted.validator.completed_by(mirror.validator))
                exchange.brings(accepted.start, accepted.stop)
                exchange.let_flow(now)
                compare = exchange.purpose is Purpose.COMPARE
                self._out.append(m.AcceptBody(exchange.id, accepted.start, accepted.stop, compare=compare))
            case Accepted(length=length) if exchange.request.span is None and length == self._matching.length:
                self._requests.drop(exchange)  # the request on the way had no range; the next ones have
                mirror.address.settle(exchange.request.url, exchange.led_by)
            case Redirected(url) if exchange.hops < MAX_HOPS and self._may_follow(mirror, exchange, url):
                self._requests.drop(exchange)
                mirror.says(Validator())  # validators of another host differ
                self._requests.follow(exchange, url, now, None)
            case Refused() as refused:
                self._refused(mirror, exchange, refused, now)
            case _:
                self._drop(mirror)

    @staticmethod
    def _may_follow(mirror: Mirror, exchange: Exchange, url: Url) -> bool:
        return not mirror.is_peer and mirror.address.forbids(exchange.request.url.host, url) is None

    def _refused(self, mirror: Mirror, exchange: Exchange, refused: Refused, now: float) -> None:
        kind, address = refused.kind, mirror.address
        if kind in LIMITS and self._goes_on_beside(mirror):
            self._requests.drop(exchange)
            self._turned_away(mirror, exchange, now)
        elif kind not in PASSING and address.may_be_bound(exchange.request.span):
            self._requests.drop(exchange)
            address.unbind()
        elif not address.settled and not exchange.from_origin:
            self._requests.drop(exchange)  # the URL was given up meanwhile
        elif kind in PASSING or mirror.proved:
            self._requests.drop(exchange)
            self.failed(mirror, exchange, now, refused)
        else:
            self._drop(mirror)

    def _goes_on_beside(self, mirror: Mirror) -> bool:
        """Whether bodies from the mirror flow, so that a refusal is a limit."""
        return any(other.flowing for other in self._requests.exchanges.of(mirror))

    def _turned_away(self, mirror: Mirror, exchange: Exchange, now: float) -> None:
        """It bears those that go on, and those beside which this one was asked: one of them may just have ended."""
        mirror.share.refused(max(len(self._requests.exchanges.of(mirror)), exchange.beside), now)

    def failed(self, mirror: Mirror, exchange: Exchange, now: float, why: Refused | None = None) -> None:
        """An exchange with a mirror came to nothing; where it is only busy, the address stays as good as it was."""
        if exchange.state is ExchangeState.ASKED and self._goes_on_beside(mirror):
            self._turned_away(mirror, exchange, now)
            return
        self._strike(mirror, exchange, now, why)

    def fell_silent(self, mirror: Mirror, now: float) -> None:
        """All that was under way with a mirror brought nothing any more, and was given up."""
        self._strike(mirror, None, now, None)

    def _strike(self, mirror: Mirror, exchange: Exchange | None, now: float, why: Refused | None) -> None:
        is_busy = why is not None and why.kind is Refusal.THROTTLED
        asked_seconds = (why.retry_after_seconds or 0.0) if why is not None and is_busy else 0.0
        mirror.failed(now + max(FIRST_WAIT_SECONDS * 2.0 ** (mirror.strikes + 1), asked_seconds))
        if is_busy and exchange is not None:
            self._requests.halt(exchange)
        else:
            mirror.address.expire()  # its target may be what has failed
        if mirror.strikes >= STRIKES or asked_seconds > LONGEST_RETRY_AFTER_SECONDS:
            self._drop(mirror)


def _stated_length(head: ResponseHead) -> int | None:
    """The file's length, where the response states it."""
    if head.status == WHOLE:
        return head.complete_length
    labelled = head.content_range if head.status in WITH_RANGE else None
    return labelled.total if labelled is not None else None
