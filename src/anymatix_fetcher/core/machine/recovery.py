"""Recovery: what is done about a request that was refused or came to nothing, as far as asking otherwise can help."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.answers.explain import broken_off_error
from anymatix_fetcher.core.answers.reaction import Reaction
from anymatix_fetcher.core.machine.exchange import Exchange, ExchangeState
from anymatix_fetcher.core.machine.retry import ASKED_TO_WAIT, LONGEST_WAIT_SECONDS
from anymatix_fetcher.core.values.failures import Failure
from anymatix_fetcher.core.values.refusals import Refusal, Refused

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.pace.limit import FreeFlow
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.errors import FetchError

REFUSED_SECONDS = 0.5
"""One more connection that wasn't let in is tried again after this, where the pace doesn't do with fewer."""
SETTLING_SECONDS = 1.0
"""A fresh address that is refused, or a file that isn't found, is asked for once more after this."""


class Recovery:
    """The recovery of one download's requests; what it can't cope with goes back to the machine.

    Args:
        requests: Those of the download.
        free_flow: The time in which our own limit on the rate didn't bind.
    """

    def __init__(self, requests: Requests, free_flow: FreeFlow) -> None:
        self._requests = requests
        self._free_flow = free_flow
        self._served_at = float("-inf")
        self._shut_out_at = float("-inf")
        """When one failed unanswered that was asked beside others, of which none had been answered yet."""

    def settled(self, exchange: Exchange, now: float) -> None:
        """The response to ``exchange`` was accepted: all go where it came from."""
        if exchange.started_at <= self._shut_out_at:
            self._shut_out_at = float("-inf")
            self._let_fewer_in(now)
        self._requests.settle(exchange, now)

    def served(self, gained: int, now: float) -> None:
        """Bytes arrived; ``gained`` of them had never been stored before."""
        self._served_at = now
        self._requests.patience.progressed(gained)

    def cope(  # noqa: C901, PLR0912 - one branch for each reaction
        self, reaction: Reaction, exchange: Exchange, refused: Refused, now: float, *, nothing_stored: bool
    ) -> bool:
        """Does what a reaction asks for; False where a budget is spent, or where it isn't a matter of asking."""
        requests = self._requests
        match reaction:
            case Reaction.IGNORE:
                return True
            case Reaction.WAIT:
                self._let_fewer_in(now)
                return self._wait(exchange, refused, now)
            case Reaction.FEWER:
                own = self._let_fewer_in(now)
                # Those that were given up a moment ago may count there still.
                is_one_too_many = own >= requests.share.connections
                requests.turned_away(one_more_at=None if is_one_too_many else now + REFUSED_SECONDS)
            case Reaction.RENEW:
                return requests.renew()
            case Reaction.UNBIND:
                requests.address.unbind()
            case Reaction.ONCE_MORE:
                requests.patience.use_second_chance()
                requests.address.expire()
                requests.patience.delay(now, SETTLING_SECONDS, "the last request was refused")
            case Reaction.WITHOUT_IF_RANGE:
                requests.manners.refuses_if_range()
            case Reaction.DISTRUST_RANGES:
                requests.use_fresh_connection()
                if requests.manners.lied(refused, nothing_stored=nothing_stored):
                    requests.drop_all()
            case Reaction.WITHOUT_RANGE:
                requests.manners.give_up_ranges(f"one stream, since {refused.sentence}")
            case Reaction.ASK_AGAIN:
                requests.use_fresh_connection()
                requests.manners.contradicted()
            case Reaction.DISTRUST_TAGS:
                requests.manners.distrust_tags()
                requests.address.distrust()
            case Reaction.RETRY | Reaction.EMPTY | Reaction.FORGET_IDENTITY | Reaction.CHANGED | Reaction.FAIL:
                return False
            case _:
                assert_never(reaction)
        return True

    def _let_fewer_in(self, now: float) -> int:
        """Tells the share that a connection was turned away; how many there are."""
        own = len(self._requests.exchanges.of(None))
        self._requests.share.refused(own, self._free_flow.time(now))
        return own

    def _wait(self, exchange: Exchange, refused: Refused, now: float) -> bool:
        """Waits as long as the server asks; False where that can't help."""
        requests, patience = self._requests, self._requests.patience
        if patience.throttled(now, refused.retry_after_seconds):
            requests.share.pause(exchange.request.url, patience.not_before, patience.reason)
            requests.halt(exchange)
            return True
        if not requests.exchanges.first_flowing:
            return False
        patience.delay(now, LONGEST_WAIT_SECONDS, ASKED_TO_WAIT)  # the others go on; when they end, it's decided
        return True

    def error(self, why: Refused | Failure, request: Request) -> FetchError:
        """Why ``request`` was the last one that came to nothing."""
        broke_off_at = self._requests.patience.broke_off_at
        if broke_off_at is not None and isinstance(why, Failure):
            return broken_off_error(broke_off_at, request.url)
        if isinstance(why, Refused) and why.kind is Refusal.MISLABELLED:
            why = self._requests.manners.first_lie or why  # what was asked for after it was asked for because of it
        return self._requests.address.error(why, request)

    def may_retry(self, exchange: Exchange, now: float) -> bool:
        """An exchange came to nothing: the next one waits. False where there has been enough of that."""
        requests = self._requests
        others_served = requests.exchanges.first_flowing > 0 or self._served_at > exchange.started_at
        unanswered = exchange.state is ExchangeState.ASKED
        turned_away = unanswered and others_served
        if turned_away or (unanswered and requests.exchanges.held):
            # An extra connection wasn't let in while others went on: that is the server's limit, not an outage.
            self._let_fewer_in(now)
        elif unanswered:
            self._shut_out_at = now  # an outage; or a limit, where one that was asked beside it is answered yet
        if not unanswered:
            # A body that broke off or dried up: the connection is suspect. One that never answered wasn't used at all,
            # and another new one beside idle ones might be refused for being one too many.
            requests.use_fresh_connection()
        broke_at = exchange.position if exchange.flowing else None
        patient = requests.patience.failed(now, exchange.started_at, broke_at=broke_at)
        return patient or turned_away or requests.exchanges.first_flowing > 0
