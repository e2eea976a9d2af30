"""Requests: how one is sent, to which address and with which connection, and when the next one may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address, Halt
from anymatix_fetcher.core.answers.expiry import signs_range
from anymatix_fetcher.core.machine.counters import Counters
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.exchanges import Exchanges
from anymatix_fetcher.core.machine.manners import Manners
from anymatix_fetcher.core.machine.retry import Patience
from anymatix_fetcher.core.machine.segments import SIZES, Sizes
from anymatix_fetcher.core.pace.limit import FreeFlow
from anymatix_fetcher.core.values import messages as m

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.pace.pause import Pause
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.core.values.urls import Url


class Requests:
    """The requests of one download.

    Args:
        resource: What to ask for.
        pace: How many connections at a time.
        number: The download's number within its session.
        random: Gives numbers in [0, 1) for jitter.
        one_stream: Ask with one connection and without dividing, whatever the server can do.
        out: Where commands go.
        sizes: How small and how large segments are.
    """

    def __init__(
        self,
        resource: Resource,
        pace: Share,
        *,
        number: int,
        random: Callable[[], float],
        one_stream: bool,
        out: list[m.Command],
        sizes: Sizes = SIZES,
    ) -> None:
        self.account = Counters()
        self.address = Address(resource, pace.range_signers)
        self.exchanges = Exchanges(number)
        self.manners = Manners()
        self.pace = pace
        self.patience = Patience(random)
        self.one_stream = one_stream
        self.renewing = False
        self._out = out
        self._sizes = sizes
        self._adapted_at = float("-inf")
        self._adapted_flowing = 0
        self._free_flow = FreeFlow()
        self._fresh_connection = False
        self._more = 0
        self._served_at = float("-inf")
        self.settled_at = float("-inf")
        """When it was found out where the bytes are."""
        self._foreseen = 1
        self._raced: set[int] = set()
        self._one_more_at = float("-inf")
        """Beside others, no request goes out before."""
        self._shut_out_at = float("-inf")
        """When one failed unanswered that was asked beside others, of which none had been answered yet."""
        self._in_vain = 0
        """Bytes that come twice on purpose, or of which nothing is kept."""
        self._is_full = False
        """Whether a walk was refused beside bodies that flow."""
        self.others = 0
        """Connections to mirrors."""
        self.others_bytes = 0
        """What mirrors have brought."""

    def may_start(self, now: float, *, divisible: bool) -> bool:
        """Whether one more request may go out.

        Args:
            now: The time.
            divisible: Whether the length is known and the part file open, so that several connections have a meaning.
        """
        if now < self.patience.not_before or self.renewing or self.pause(now) is not None:
            return False
        allotted = self.pace.connections
        if not self.address.settled:
            # One walks from the origin for all, beside those that still flow from the address that has expired. Where
            # that one was refused because of these, the next one walks when they have ended.
            has_room = not (self._is_full and self.exchanges.first_flowing)
            return allotted > 0 and not self.exchanges.walks and has_room
        own = len(self.exchanges.of(None))
        if own and now < self._one_more_at:
            return False
        return own < (allotted if divisible and self.divides else min(1, allotted))

    def pause(self, now: float) -> Pause | None:
        """The pause at the host that would be asked next, while there is one."""
        halted = self.address.halted.url if self.address.halted is not None else None
        return self.pace.pause_at(self.address.target or halted or self.address.resource.url, now)

    def halt(self, exchange: Exchange) -> None:
        """A host was busy: the walk goes on there."""
        address = self.address if exchange.mirror is None else exchange.mirror.address
        if exchange.hops and not address.settled:
            address.halted = Halt(exchange.request.url, exchange.hops, exchange.led_by)

    @property
    def own_bytes(self) -> int:
        """What has come from the first place."""
        return self.account.bytes_downloaded - self.others_bytes

    @property
    def divides(self) -> bool:
        """Whether the file is asked for in parts, by several connections once the address is settled."""
        return self.address.settled and self.manners.ranged and not self.one_stream

    def start(
        self,
        span: Span | None,
        purpose: Purpose,
        now: float,
        *,
        identity: m.Identity | None,
        url: Url | None = None,
        hops: int = 0,
        mirror: Mirror | None = None,
        led_by: Request | None = None,
    ) -> None:
        """Sends one request, to the first place or a mirror; ``url``, ``hops`` and ``led_by`` follow a redirect."""
        address = self.address if mirror is None else mirror.address
        if url is None and address.halted is not None and not address.settled:
            url, hops, led_by = address.halted
        address.halted = None
        from_origin = hops > 0 or not address.settled
        url = url or address.target or address.origin_url
        fresh = self._fresh_connection or purpose is Purpose.COMPARE
        opens = from_origin and not fresh and not self.manners.http1_only and not self.exchanges
        request = address.request(
            url,
            span,
            if_range=self._if_range(identity, url),
            fresh_connection=fresh,
            http1_only=self.manners.http1_only,
            lane=self.pace.lane(url) if opens else None,
        )
        self._fresh_connection = False
        self.account.requests += 1
        self.account.origin_requests += url.origin == self.address.origin_url.origin
        exchange = self.exchanges.begin(
            request, span, purpose, now, from_origin=from_origin, hops=hops, mirror=mirror, led_by=led_by
        )
        self._out.append(m.StartExchange(exchange.id, request))

    def follow(self, exchange: Exchange, url: Url, now: float, identity: m.Identity | None) -> bool:
        """Asks where a redirect leads; False where it has led on too often.

        What is signed for the range of the request that it answers is asked for again, without a range.
        """
        if exchange.hops >= MAX_HOPS:
            return False
        address = self.address if exchange.mirror is None else exchange.mirror.address
        if exchange.head is not None:
            address.take_cookies(exchange.request, exchange.head)
        if not exchange.from_origin:
            address.expire()  # the target moved on; the next request follows
        led_by: Request | None = exchange.request
        if exchange.request.span is not None and signs_range(url):
            address.range_signers.prove(exchange.request.url.origin)
            url, led_by = exchange.request.url, exchange.led_by
        elif exchange.head is not None:
            address.lend(url, exchange.head.headers, now)
        self.start(
            exchange.wanted,
            exchange.purpose,
            now,
            identity=identity,
            url=url,
            hops=exchange.hops + 1,
            mirror=exchange.mirror,
            led_by=led_by,
        )
        return True

    def _if_range(self, identity: m.Identity | None, url: Url) -> str | None:
        if not self.manners.takes_if_range or self.manners.tags_disagree:
            return None
        return identity.validator.if_range if identity and identity.origin == url.origin else None

    def drop(self, exchange: Exchange) -> None:
        """Gives an exchange up."""
        self.exchanges.end(exchange.id)
        self._out.append(m.CancelExchange(exchange.id))

    def drop_all(self) -> None:
        """Gives every exchange up."""
        for exchange in self.exchanges:
            self.drop(exchange)
