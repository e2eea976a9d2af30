"""The list of the mirrors and peers of a download, and the choice of the one that replaces the first place."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.address import Address
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import SpanSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.urls import Origin, Url

MOST_DISCOVERED = 4
"""The most places named by servers that are tried, because a server could always name another one."""


class Roster:
    """The mirrors and peers of one download, without the first place.

    Args:
        resource: The requested resource, with its mirrors.
        join: Returns the share of an origin's connections; ``None`` if no other place may be used.
    """

    def __init__(self, resource: Resource, join: Callable[[Origin], Share] | None) -> None:
        self._resource = resource
        self._join = join
        self._known: set[Url] = {resource.url}
        self._mirrors: list[Mirror] = []
        self._brought_before = SpanSet()
        """The spans from mirrors that have been removed since."""
        self._discovered = 0
        self._accused: list[Mirror] = []
        self._dismissed: list[Mirror] = []
        """Both kinds are removed and may be right, because only the digest tells which of two places is wrong."""
        self._set_apart: list[Mirror] = []
        """Those that have a file of another length, which may be the right one."""
        for url in resource.mirrors:
            self._add(url)

    def __iter__(self) -> Iterator[Mirror]:
        """Iterates over a copy, because mirrors may be removed meanwhile."""
        return iter(list(self._mirrors))

    def __len__(self) -> int:
        return len(self._mirrors)

    @property
    def brought(self) -> SpanSet:
        """The spans from mirrors, including removed ones."""
        brought = self._brought_before
        for mirror in self._mirrors:
            brought |= mirror.only_from_it
        return brought

    # Joining ----------------------------------------------------------------------------------------------

    def discover(self, urls: Iterable[Url]) -> None:
        """Adds places that a server has named, except known ones, and http if the resource has https."""
        secure = self._resource.url.origin.scheme == "https"
        for url in urls:
            fits = url.origin.scheme == "https" or not secure
            if fits and self._discovered < MOST_DISCOVERED and self._add(url):
                self._discovered += 1

    def _add(self, url: Url) -> bool:
        """Adds a mirror; false if it is known already, or no mirrors are to be used."""
        resource = self._resource
        fields = {**dict(resource.mirror_headers), resource.url.origin: resource.headers}
        place = Resource(
            url,
            name=resource.name,
            headers=fields.get(url.origin, Headers()),
            reference=resource.reference,
            stays_public=resource.stays_public,
            public_only=resource.public_only,
        )
        return self.enlist(place)

    def enlist(self, place: Resource, *, is_peer: bool = False) -> bool:
        """Adds a mirror; false if it is known already, or no mirrors are to be used."""
        if place.url in self._known or self._join is None:
            return False
        self._known.add(place.url)
        share = self._join(place.url.origin)
        mirror = Mirror(Address(place, share.range_signers), share, is_peer=is_peer)
        mirror.share.want(0, 0)  # a share begins with the wish for one
        self._mirrors.append(mirror)
        return True

    def keep(self, mirror: Mirror) -> None:
        """Adds a mirror that was the first place."""
        self._mirrors.append(mirror)

    # Leaving ----------------------------------------------------------------------------------------------

    def remove(self, mirror: Mirror) -> None:
        """Removes a mirror, and remembers the spans that it has brought."""
        if mirror in self._mirrors:
            self._mirrors.remove(mirror)
            self._brought_before |= mirror.only_from_it

    def accuse(self, mirror: Mirror) -> None:
        """Records that a removed mirror sent different bytes from another place."""
        mirror.end_comparison()
        if not mirror.is_peer:
            self._accused.append(mirror)

    def dismiss(self, mirror: Mirror) -> None:
        """Records that a place was removed because of a wrong digest."""
        if not mirror.is_peer:
            mirror.end_comparison()
            self._dismissed.append(mirror)

    def next_accused(self) -> Mirror | None:
        """Removes and returns an accused mirror, because a wrong digest may mean that it was right."""
        return self._accused.pop(0) if self._accused else None

    def next_opinion(self) -> Mirror | None:
        """Removes and returns a place that may have other bytes than are stored."""
        candidates = [*self._accused, *self._dismissed]
        best = max(candidates, key=lambda mirror: (mirror.differing.total, mirror.total), default=None)
        if best is not None:
            (self._accused if best in self._accused else self._dismissed).remove(best)
        return best

    def set_apart(self, mirror: Mirror) -> None:
        """Records that a removed mirror has a file of another length."""
        if not mirror.is_peer:
            self._set_apart.append(mirror)

    def next_with_another_file(self) -> Mirror | None:
        """Removes and returns a mirror with a file of another length."""
        return self._set_apart.pop(0) if self._set_apart else None

    def next_peer(self) -> Mirror | None:
        """The peer that takes the first place, the best first; it isn't a mirror any longer."""
        return self._take([mirror for mirror in self._mirrors if mirror.is_peer and not mirror.strikes])

    def successor(self, resource: Resource, *, setbacks: float = inf) -> Mirror | None:
        """The one that takes the first place's part; it isn't a mirror any longer. ``None`` where there is none.

        Args:
            resource: What is known of the file by now.
            setbacks: It has to have had fewer ones since its last progress.
        """
        best = self._take([mirror for mirror in self._mirrors if mirror.setbacks < setbacks])
        if best is not None:
            if best.proved:
                best.address.trust()
            else:
                best.address.distrust()
            best.address.restate(replace(best.address.resource, digests=resource.digests))
        return best

    def _take(self, candidates: list[Mirror]) -> Mirror | None:
        best = max(candidates, key=lambda one: (-one.setbacks, one.proved, one.total), default=None)
        if best is not None:
            self._mirrors.remove(best)
        return best
