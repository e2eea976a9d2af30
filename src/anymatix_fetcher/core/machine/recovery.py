"""Recovers from refused and failed requests, as far as sending other requests can help."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.answers.explain import broken_off_error
from anymatix_fetcher.core.answers.reaction import Reaction
from anymatix_fetcher.core.machine.exchange import Exchange, ExchangeState
from anymatix_fetcher.core.machine.retry import ASKED_TO_WAIT, LONGEST_WAIT_SECONDS
from anymatix_fetcher.core.values.failures import Failure
from anymatix_fetcher.core.values.http import Refused
from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.pace.limit import FreeFlow
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.errors import FetchError

REFUSED_SECONDS = 0.5
"""The delay before one more connection after a refusal, if the share isn't reduced."""
SETTLING_SECONDS = 1.0
"""The delay before the second request after a refusal of a new URL, or a missing file."""


class Recovery:
    """Recovers from the refusals and failures of one download's requests.

    Args:
        requests: The download's requests.
        free_flow: The time in which the rate limit wasn't the bottleneck.
    """

    def __init__(self, requests: Requests, free_flow: FreeFlow) -> None:
        self._requests = requests
        self._free_flow = free_flow
        self._served_at = float("-inf")
        self._shut_out_at = float("-inf")
        """When a request without a response failed while none of its concurrent ones had a response yet."""

    def settled(self, exchange: Exchange, now: float) -> None:
        """Takes an accepted response. Its URL becomes the target."""
        if exchange.started_at <= self._shut_out_at:
            self._shut_out_at = float("-inf")
            self._let_fewer_in(now)
        self._requests.settle(exchange, now)

    def served(self, gained: int, now: float) -> None:
        """Records received bytes, ``gained`` of which had never been stored before."""
        self._served_at = now
        self._requests.patience.progressed(gained)

    def cope(  # noqa: C901, PLR0912 - one branch for each reaction
        self, reaction: Reaction, exchange: Exchange, refused: Refused, now: float, *, nothing_stored: bool
    ) -> bool:
        """Executes a reaction; false if a budget is spent, or other requests can't help."""
        requests = self._requests
        match reaction:
            case Reaction.IGNORE:
                return True
            case Reaction.WAIT:
                self._let_fewer_in(now)
                return self._wait(exchange, refused, now)
            case Reaction.FEWER:
                own = self._let_fewer_in(now)
                # Connections that were just dropped may still count at the server.
                is_one_too_many = own >= requests.share.connections
                requests.turned_away(one_more_at=None if is_one_too_many else now + REFUSED_SECONDS)
            case Reaction.RENEW:
                return requests.renew()
            case Reaction.UNBIND:
                requests.address.unbind()
            case Reaction.ONCE_MORE:
                self._ask_once_more(now)
            case Reaction.ONCE_MORE_WITHOUT_RANGE:
                self._ask_once_more(now)
                requests.abilities.give_up_ranges(f"one stream, since {refused.sentence}")
            case Reaction.WITHOUT_IF_RANGE:
                requests.abilities.refuses_if_range()
            case Reaction.DISTRUST_RANGES:
                requests.use_fresh_connection()
                if requests.abilities.count_unusable(refused, nothing_stored=nothing_stored):
                    requests.drop_all()
            case Reaction.WITHOUT_RANGE:
                requests.abilities.give_up_ranges(f"one stream, since {refused.sentence}")
            case Reaction.ASK_AGAIN:
                requests.use_fresh_connection()
                requests.abilities.contradicted()
            case Reaction.DISTRUST_TAGS:
                requests.abilities.distrust_tags()
                requests.address.distrust()
            case Reaction.RETRY | Reaction.EMPTY | Reaction.FORGET_IDENTITY | Reaction.CHANGED | Reaction.FAIL:
                return False
            case _:
                assert_never(reaction)
        return True

    def _ask_once_more(self, now: float) -> None:
        requests = self._requests
        requests.patience.use_second_chance()
        requests.address.expire()
        requests.patience.delay(now, SETTLING_SECONDS, "the last request was refused")

    def _let_fewer_in(self, now: float) -> int:
        """Reports a refused connection to the share; returns the number of current ones."""
        own = len(self._requests.exchanges.of(None))
        self._requests.share.refused(own, self._free_flow.time(now))
        return own

    def _wait(self, exchange: Exchange, refused: Refused, now: float) -> bool:
        """Waits as long as the server asks; false if that can't help."""
        requests, patience = self._requests, self._requests.patience
        if patience.throttled(now, refused.retry_after_seconds):
            requests.share.pause(exchange.request.url, patience.not_before, patience.reason)
            requests.halt(exchange)
            return True
        if not requests.exchanges.first_flowing:
            return False
        patience.delay(now, LONGEST_WAIT_SECONDS, ASKED_TO_WAIT)  # the others continue; their end decides
        return True

    def error(self, why: Refused | Failure, request: Request) -> FetchError:
        """The final error for ``request``."""
        broke_off_at = self._requests.patience.broke_off_at
        if broke_off_at is not None and isinstance(why, Failure):
            return broken_off_error(broke_off_at, request.url)
        if isinstance(why, Refused) and why.kind is Refusal.MISLABELLED:
            why = self._requests.abilities.first_unusable or why  # later requests followed from it
        return self._requests.address.error(why, request)

    def may_retry(self, exchange: Exchange, now: float) -> bool:
        """Schedules a retry after a failure; false if the budget is spent."""
        requests = self._requests
        others_served = requests.exchanges.first_flowing > 0 or self._served_at > exchange.started_at
        unanswered = exchange.state is ExchangeState.ASKED
        turned_away = unanswered and others_served
        if turned_away or (unanswered and requests.exchanges.held):
            # An extra connection was refused while others continue: this is the server's limit, not an outage.
            self._let_fewer_in(now)
        elif unanswered:
            self._shut_out_at = now  # an outage, or a limit if a concurrent request gets a response later
        if not unanswered:
            # After a body has broken off, other open connections are suspect too. A connection without a response
            # wasn't used, and a new one in addition to idle ones might exceed the server's limit.
            requests.use_fresh_connection()
        broke_at = exchange.position if exchange.flowing else None
        patient = requests.patience.failed(now, exchange.started_at, broke_at=broke_at)
        return patient or turned_away or requests.exchanges.first_flowing > 0
