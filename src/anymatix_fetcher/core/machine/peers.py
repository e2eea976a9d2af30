"""Peers: servers of one's own that may have the file, by its SHA-256. They are asked before the place that was named.

Theory of operation
-------------------

A peer is asked for known digests only. Where one is known before a byte has come, the first peer takes the first
place's part and the named place is kept in reserve: it is asked for nothing. The other peers are mirrors beside it.
Where a digest becomes known later, all peers join as mirrors.

A peer is believed as little as a mirror is. What peers have brought is *lent* until the digest proves the whole. A peer
that leads gives way at once where it hasn't got the file, says that it is another one, redirects, falls silent or
crawls; then the next peer leads, or the named place does, and compares what is lent with its own. Where lent bytes turn
out to be wrong, every peer is dropped and what is lent comes again: nothing else is lost.
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
"""A peer that leads and brings nothing for so long gives way: others have the file."""
CRAWLING_SECONDS = 3.0
CRAWLING_BYTES = 4 << 20
"""One that has brought less a second than this, over the last seconds, gives way where there is much to go."""
WORTHWHILE_SECONDS = 5.0
PATH = "sha256"


class Peers:
    """The peers of one download.

    Args:
        resource: What was asked for, with the servers that may lend it.
        requests: The download's requests; a peer takes the first place there.
        matching: What the file is.
        mirrors: Those that don't lead are among them.
    """

    def __init__(self, resource: Resource, requests: Requests, matching: Matching, mirrors: Mirrors) -> None:
        self.lent = SpanSet()
        """What has come from peers, and no digest has proved yet."""
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
        """Whether a peer has the first place."""
        return self._lead is not None

    def named_by(self, head: ResponseHead, url: Url) -> tuple[ResponseHead, Url]:
        """What a file's name is made from that its source doesn't state: of a peer's answer nothing.

        Args:
            head: The response's.
            url: Of the place that has the first place.
        """
        if not self.leads:
            return head, url
        return head if self._is_lent_only else replace(head, headers=Headers()), self._named.without_credentials()

    def join(self, digests: Iterable[Digest], *, may_lead: bool) -> bool:
        """Takes the peers along as soon as a SHA-256 is known; whether one of them leads from now on.

        Args:
            digests: What is known of the file.
            may_lead: Whether nothing has come yet.
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
        """Whether the file's name is known without asking the named place."""
        return self._resource.name is not None or "." in self._named.last_segment.strip(".") or self._is_lent_only

    @property
    def _is_lent_only(self) -> bool:
        """Whether it was named by its digest alone."""
        return self._named.origin in {peer.origin for peer in self._resource.peers}

    def _turn_to(self, mirror: Mirror) -> None:
        self._requests.turn_to(mirror)
        self._matching.turn_to(self._requests.address, self._requests.abilities)
        self._lead = mirror if mirror.is_peer else None
        self._led_since = None
        self._mirrors.ask_peers_only(on=self._lead is not None)

    def brought(self, mirror: Mirror | None, span: Span) -> None:
        """``span`` came from ``mirror``; from the first place where that is ``None``."""
        if mirror.is_peer if mirror is not None else self._lead is not None:
            self.lent = self.lent.add(span)

    def should_give_way(self, now: float, *, rate: float, rest: int, limited: bool) -> bool:
        """Whether the peer that leads is silent or crawls.

        Args:
            now: The time.
            rate: Bytes a second that arrive in sum.
            rest: Bytes that are missing; 0 while that isn't known.
            limited: Whether our own limit holds bytes back.
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
        """Whether the peer that leads is asked once more after a failure: one that has brought something is."""
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
