"""The requests of one download: those in progress, how one is sent, and when the next one may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address, Halt
from anymatix_fetcher.core.answers.expiry import signs_range
from anymatix_fetcher.core.machine.abilities import ServerAbilities
from anymatix_fetcher.core.machine.counters import Counters
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.exchanges import Exchanges
from anymatix_fetcher.core.machine.retry import Patience
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

FIRST_SILENCE_SECONDS = 4.0
LONGEST_SILENCE_SECONDS = 60.0


class Requests:
    """The requests of one download.

    Args:
        resource: The resource.
        share: The share of its host's connections.
        number: The download's number within its session.
        random: Returns numbers in [0, 1) for jitter.
        one_stream: Whether to use one connection without dividing the file.
        out: The list that commands are added to.

    Attributes:
        account: The costs so far.
        address: The current URLs.
        exchanges: The exchanges in progress.
        abilities: The server's abilities.
        share: The share of its host's connections.
        patience: The retry budgets and waits.
        one_stream: Whether to use one connection without dividing the file.
        is_renewing: Whether the source is renewing the URL.
        settled_at: When the target became known.
        connections_elsewhere: The number of connections to mirrors.
    """

    def __init__(
        self,
        resource: Resource,
        share: Share,
        *,
        number: int,
        random: Callable[[], float],
        one_stream: bool,
        out: list[m.Command],
    ) -> None:
        self._named = resource.url.origin
        self.account = Counters()
        self.address = Address(resource, share.range_signers)
        self.exchanges = Exchanges(number)
        self.abilities = ServerAbilities()
        self.share = share
        self.patience = Patience(random)
        self.one_stream = one_stream
        self.is_renewing = False
        self.settled_at = float("-inf")
        self.connections_elsewhere = 0
        self._out = out
        self._needs_fresh_connection = False
        self._one_more_at = float("-inf")
        """The earliest time for a request in addition to others."""
        self._is_full = False
        """Whether a request to resolve the target was refused while bodies are in transfer."""
        self._bytes_elsewhere = 0
        """The bytes from mirrors."""
        self._silent_seconds = FIRST_SILENCE_SECONDS / 2
        self._has_turned = False
        """Whether another place was the first one before."""

    # When -------------------------------------------------------------------------------------------------

    def may_start(self, now: float, *, divisible: bool) -> bool:
        """Whether one more request may be sent.

        Args:
            now: The time.
            divisible: Whether the length is known and the part file open, so that several connections are useful.
        """
        if now < self.patience.not_before or self.is_renewing or self.pause(now) is not None or not self.has_room:
            return False
        allotted = self.share.connections
        if not self.address.settled:
            # One request resolves the target for all, in addition to those that still use the expired one. If it was
            # refused because of these, the next one waits for their end.
            has_room = not (self._is_full and self.exchanges.first_flowing)
            return allotted > 0 and not self.exchanges.walks and has_room
        own = len(self.exchanges.of(None))
        if own and now < self._one_more_at:
            return False
        return own < (allotted if divisible and self.divides else min(1, allotted))

    @property
    def has_room(self) -> bool:
        """Whether the user allows one more connection, to whichever place."""
        return len(self.exchanges) < self.share.most

    def pause(self, now: float) -> Pause | None:
        """The current pause at the host of the next request, if there is one."""
        halted = self.address.halted.url if self.address.halted is not None else None
        return self.share.pause_at(self.address.target or halted or self.address.resource.url, now)

    @property
    def divides(self) -> bool:
        """Whether the file is requested in parts, by several connections."""
        return self.address.settled and self.abilities.ranged and not self.one_stream

    def first_is_silent(self, now: float) -> None:
        """The first place brings nothing while others do: it is tried by one request, ever more rarely."""
        self._silent_seconds = min(2 * self._silent_seconds, LONGEST_SILENCE_SECONDS)
        self.address.expire()
        self.patience.delay(now, self._silent_seconds, "the server sends nothing")

    def turned_away(self, *, one_more_at: float | None) -> None:
        """Records a refusal because of the bodies in transfer.

        Args:
            one_more_at: When one more request may be tried in addition; ``None`` to leave that to the share.
        """
        if one_more_at is not None:
            self._one_more_at = one_more_at
        self._is_full = not self.address.settled

    # What has come ----------------------------------------------------------------------------------------

    @property
    def own_bytes(self) -> int:
        """The bytes from the first place."""
        return self.account.bytes_downloaded - self._bytes_elsewhere

    def came_from_elsewhere(self, count: int) -> None:
        """Records bytes from a mirror."""
        self._bytes_elsewhere += count

    def use_elsewhere(self, connections: int) -> None:
        """Sets the number of connections to mirrors."""
        self.connections_elsewhere = connections

    # Where ------------------------------------------------------------------------------------------------

    def settle(self, exchange: Exchange, now: float) -> None:
        """Takes an accepted response; its URL becomes the target."""
        self._is_full = False
        if not self.address.settled:
            self.settled_at = now
        self.address.settle(exchange.request.url, exchange.led_by, exchange.request.span)

    def renew(self) -> bool:
        """Asks the source for a new URL; false if the budget for that is spent."""
        self.address.expire()
        if not self.patience.renewed():
            return False
        self.account.renewed()
        self.is_renewing = True
        self._out.append(m.Renew())
        return True

    def renewed(self) -> None:
        """Takes the end of a renewal."""
        self.is_renewing = False

    def turn_to(self, mirror: Mirror) -> None:
        """Makes a mirror the first place; facts about the earlier one are dropped."""
        for exchange in self.exchanges.of(None):
            self.drop(exchange)
        self.exchanges.turn_to(mirror)
        self.share.want(0, 0)
        mirror.share.grant(None)
        self.address, self.share = mirror.address, mirror.share
        self.abilities = ServerAbilities(range_proved=mirror.proved)
        self._bytes_elsewhere = self.account.bytes_downloaded - mirror.total
        self.is_renewing = False
        self._has_turned = True
        self.patience = mirror.patience or self.patience.anew()

    def halt(self, exchange: Exchange) -> None:
        """Records where following redirects has to continue, because a host was busy."""
        address = self.address if exchange.mirror is None else exchange.mirror.address
        if exchange.hops and not address.settled:
            address.halt(Halt(exchange.request.url, exchange.hops, exchange.led_by))

    # Sending ----------------------------------------------------------------------------------------------

    def use_fresh_connection(self) -> None:
        """Lets the next request use a new connection, because the open ones are suspect."""
        self._needs_fresh_connection = True

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
        """Sends a request to the first place or a mirror; ``url``, ``hops`` and ``led_by`` follow a redirect."""
        address = self.address if mirror is None else mirror.address
        halted = address.go_on()
        if url is None and halted is not None and not address.settled:
            url, hops, led_by = halted
        from_origin = hops > 0 or not address.settled
        url = url or address.target or address.origin_url
        # Blocks are compared over another connection, or with those of another place.
        compares_own = purpose is Purpose.COMPARE and mirror is None and not self._has_turned
        fresh = self._needs_fresh_connection or compares_own
        opens = from_origin and not fresh and not self.abilities.http1_only and not self.exchanges
        request = address.request(
            url,
            span,
            if_range=self._if_range(identity, url),
            fresh_connection=fresh,
            http1_only=self.abilities.http1_only,
            parallel=bool(self.exchanges.of(mirror)) and not self.abilities.http1_refused,
            shared_connection=self.share.shared_connection(url) if opens else None,
        )
        self._needs_fresh_connection = False
        self.account.requested(at_origin=url.origin == self._named)
        exchange = self.exchanges.begin(
            request, span, purpose, now, from_origin=from_origin, hops=hops, mirror=mirror, led_by=led_by
        )
        self._out.append(m.StartExchange(exchange.id, request))

    def follow(self, exchange: Exchange, url: Url, now: float, identity: m.Identity | None) -> bool:
        """Follows a redirect; false if there were too many.

        If the target is signed for the range of the redirected request, that is sent again without a range.
        """
        if exchange.hops >= MAX_HOPS:
            return False
        address = self.address if exchange.mirror is None else exchange.mirror.address
        if exchange.head is not None:
            address.take_cookies(exchange.request, exchange.head)
        if not exchange.from_origin:
            address.expire()  # the target has moved; the next request follows
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
        if not self.abilities.takes_if_range or self.abilities.tags_disagree:
            return None
        return identity.validator.if_range if identity and identity.origin == url.origin else None

    def drop(self, exchange: Exchange) -> None:
        """Cancels an exchange."""
        self.exchanges.end(exchange.id)
        self._out.append(m.CancelExchange(exchange.id))

    def drop_all(self) -> None:
        """Cancels every exchange."""
        for exchange in self.exchanges:
            self.drop(exchange)

    def drop_others(self, exchange: Exchange) -> None:
        """Cancels the other bodies in transfer from the first place."""
        for other in self.exchanges.of(None):
            if other is not exchange and other.flowing:
                self.drop(other)

    def end_comparison(self) -> None:
        """Ends the requests of a comparison that has a result."""
        self.exchanges.spend()
        for exchange in self.exchanges:
            if exchange.is_spent and exchange.rest:
                self.drop(exchange)

    def drop_waiting(self) -> None:
        """Cancels the responses that wait for a comparison."""
        for exchange in self.exchanges.held:
            self.drop(exchange)
