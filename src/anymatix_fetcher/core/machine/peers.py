"""Peers: the user's own servers, which are asked for a file by its SHA-256 before its origin.

Theory of operation
-------------------

Peers are asked for known digests only. If a digest is known before the first byte, the first peer replaces the first
place, and the origin is kept in reserve without a request. The other peers are mirrors. If a digest becomes known
later, all peers join as mirrors.

Peers aren't trusted, as mirrors aren't. Their bytes are *lent* until the digest proves the whole file. A leading peer
gives way at once if it doesn't have the file, states another identity, redirects, falls silent or crawls. The next
peer leads then, or the origin, which is compared with the lent bytes. If lent bytes are wrong, all peers are dropped,
and only the lent bytes are fetched again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import blocks_around
from anymatix_fetcher.core.machine.exchange import ExchangeState
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.machine.matching import Matching
    from anymatix_fetcher.core.machine.mirrors import Mirrors
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.spans import Span

SILENT_SECONDS = 3.0
"""The silence after which a leading peer gives way."""
CRAWLING_SECONDS = 3.0
CRAWLING_BYTES = 4 << 20
"""The rate in bytes per second below which a leading peer gives way if much is missing."""
WORTHWHILE_SECONDS = 5.0
PATH = "sha256"


class Peers:
    """The peers of one download.

    Args:
        resource: The requested resource, with its peers.
        requests: The requests of the download, in which a peer replaces the first place.
        matching: The identity of the file.
        mirrors: The mirrors, which include the peers that don't lead.
    """

    def __init__(self, resource: Resource, requests: Requests, matching: Matching, mirrors: Mirrors) -> None:
        self.lent = SpanSet()
        """The spans from peers that no digest has proved yet."""
        self._resource = resource
        self._named = resource.url
        self._requests = requests
        self._matching = matching
        self._mirrors = mirrors
        self._have_joined = not resource.peers
        self._lead: Mirror | None = None
        self._reserve: Mirror | None = None
        self._led_since: float | None = None

    @property
    def leads(self) -> bool:
        """Whether a peer leads."""
        return self._lead is not None

    def named_by(self, head: ResponseHead, url: Url) -> tuple[ResponseHead, Url]:
        """The head and URL from which a name is derived. A peer's response contributes nothing.

        Args:
            head: The head of the response.
            url: The URL of the first place.
        """
        if not self.leads:
            return head, url
        return head if self._is_lent_only else replace(head, headers=Headers()), self._named.without_credentials()

    def join(self, digests: Iterable[Digest], *, may_lead: bool) -> bool:
        """Adds the peers as soon as a SHA-256 is known. Returns whether one of them leads from now on.

        Args:
            digests: The known digests of the file.
            may_lead: Whether no byte has arrived yet.
        """
        sha256 = next((digest.hex for digest in digests if digest.algorithm == "sha256"), None)
        if self._have_joined or sha256 is None:
            return False
        self._have_joined = True
        for peer in self._resource.peers:
            url = Url.parse(f"{peer.reveal().rstrip('/')}/{PATH}/{sha256}")
            place = Resource(
                url,
                name=self._resource.name,
                length=self._resource.length,
                headers=self._resource.peer_headers,
                reference=self._resource.reference,
            )
            self._mirrors.roster.enlist(place, is_peer=True)
        first = self._mirrors.roster.next_peer() if may_lead and self._knows_name else None
        if first is not None:
            self._reserve = Mirror(self._requests.address, self._requests.share)
            self._turn_to(first)
        return first is not None

    @property
    def _knows_name(self) -> bool:
        """Whether the file's name is known without a request to the origin."""
        return self._resource.name is not None or "." in self._named.last_segment.strip(".") or self._is_lent_only

    @property
    def _is_lent_only(self) -> bool:
        """Whether the reference is only a digest."""
        return self._named.origin in {peer.origin for peer in self._resource.peers}

    def _turn_to(self, mirror: Mirror) -> None:
        self._requests.turn_to(mirror)
        self._matching.turn_to(self._requests.address, self._requests.abilities)
        self._lead = mirror if mirror.is_peer else None
        self._led_since = None
        self._mirrors.ask_peers_only(on=self._lead is not None)

    def brought(self, mirror: Mirror | None, span: Span) -> None:
        """Records that ``span`` came from ``mirror``, or from the first place if that is ``None``."""
        if mirror.is_peer if mirror is not None else self._lead is not None:
            self.lent = self.lent.add(span)

    def should_give_way(self, now: float, *, rate: float, rest: int, limited: bool) -> bool:
        """Whether the leading peer is silent or crawls.

        Args:
            now: The time.
            rate: The throughput of all flows, in bytes per second.
            rest: The number of missing bytes; 0 if unknown.
            limited: Whether the user's rate limit applies at the moment.
        """
        if self._lead is None or limited:
            self._led_since = None
            return False
        if self._requests.pause(now) is not None:
            return True
        own = self._requests.exchanges.of(None)
        if not own:
            return False
        if self._led_since is None:
            self._led_since = now
        if all(now - one.last_byte_at >= SILENT_SECONDS and one.state is not ExchangeState.HELD for one in own):
            return True
        has_led = now - self._led_since >= CRAWLING_SECONDS and any(one.flowing for one in own)
        return has_led and rate < CRAWLING_BYTES and rest > rate * WORTHWHILE_SECONDS

    @property
    def bears_failure(self) -> bool:
        """Whether the leading peer is retried once after a failure, because it has brought bytes."""
        return self._requests.own_bytes > 0 and self._requests.patience.failures <= 1

    def give_way(self, *, is_kept: bool) -> bool:
        """The leading peer gives up its role; returns whether there was one, and a successor.

        Args:
            is_kept: Whether it continues as a mirror.
        """
        before = self._lead
        if before is None:
            return False
        before.had_first_place(self._requests.own_bytes)
        following = self._mirrors.roster.next_peer()
        if following is None:
            following, self._reserve = self._reserve, None
        if following is None:
            return False
        self._turn_to(following)
        if is_kept:
            self._mirrors.roster.keep(before)
        return True

    def take_back(self) -> bool:
        """Wrong bytes were found: peers are no longer used, and their bytes are fetched again.

        Returns whether there were any.
        """
        self._mirrors.drop_peers()
        led = self.give_way(is_kept=False)
        wrong = blocks_around(self.lent, length=self._matching.length, block_size=self._matching.block_size)
        self.lent = SpanSet()
        if wrong:
            self._matching.part_with(wrong)
        return led or bool(wrong)
