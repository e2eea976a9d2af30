"""After a wrong digest: which place has other bytes than are stored, and may be right.

Every place has an opinion of each block: it has brought it, or has been compared with it. First, the first place
compares what mirrors have brought, and the best mirror what the first place has. The one that has compared all and
differs leads then, and only the blocks that differ are fetched again. If the digest is still wrong, the next one leads.
At last the blocks of the named place are compared with themselves, because its line may spoil them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import blocks_around
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.values.spans import SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.parts import MachineParts


class Opinions:
    """The opinions of one download's places.

    Args:
        parts: The download's parts.
    """

    def __init__(self, parts: MachineParts) -> None:
        self._parts = parts
        self._named: Mirror | None = None
        self._has_left = False
        self._is_heard = self.were_heard = False
        """Whether another place has led since the digest was wrong."""

    @property
    def _whole(self) -> SpanSet:
        return SpanSet.whole(self._parts.matching.length or 0)

    def examine(self) -> bool:
        """Lets places compare each other's bytes, all at once; false if only one has brought any, or that was done."""
        matching, brought = self._parts.matching, self._parts.mirrors.roster.brought
        mixed = blocks_around(brought, length=matching.length, block_size=matching.block_size)
        if matching.culprits.are_sought or not self._parts.mirrors.checks.examine(self._whole - mixed):
            return False
        return matching.search(self._whole, brought)

    def hear_another(self) -> bool:
        """Lets the place that differs most from what is stored lead; false if there is none."""
        parts, roster = self._parts, self._parts.mirrors.roster
        for mirror in roster:
            parts.mirrors.drop(mirror)
            roster.dismiss(mirror)
        opinion = roster.next_opinion()
        while opinion is not None and not self._hear(opinion):
            opinion = roster.next_opinion()
        return opinion is not None

    def _hear(self, mirror: Mirror) -> bool:
        """Lets a mirror lead, and compares with it what it hasn't confirmed; false if that would change nothing."""
        matching = self._parts.matching
        confirmed = mirror.confirmed - matching.culprits.lost
        if matching.identity is None or confirmed == self._whole:
            return False
        self.keep_first()
        self._lead(mirror)
        self._is_heard = True
        differing = mirror.differing - matching.culprits.lost
        matching.search(self._whole, self._whole - confirmed - differing, anew=True)
        if differing:
            matching.lose(differing)
        return True

    def set_apart(self) -> bool:
        """Remembers the place that is heard as one with another file; false if none is heard."""
        requests = self._parts.requests
        if not self._is_heard:
            return False
        self._is_heard = False
        self._parts.mirrors.roster.set_apart(Mirror(requests.address, requests.share))
        return True

    def return_to_named(self) -> bool:
        """Lets the named place lead again, if the last one that was heard has failed; its blocks are compared again."""
        named, self._named = self._named, None
        if named is None or self._parts.matching.identity is None:
            return False
        self._lead(named)
        self._is_heard = False
        self._parts.matching.search_itself(self._whole)
        return True

    def _lead(self, mirror: Mirror) -> None:
        parts, identity = self._parts, self._parts.matching.identity
        self.were_heard = True
        turn_to(parts, mirror)
        mirror.address.trust()  # the digest will prove it
        if identity is not None:
            origin = mirror.address.origin_url.origin
            parts.matching.set_identity(replace(identity, validator=mirror.validator, origin=origin))
        parts.stage.go_back()

    def keep_first(self) -> None:
        """Keeps the opinion of the named place, once, because the one that contradicts it may be wrong."""
        parts, matching = self._parts, self._parts.matching
        if self._has_left or parts.peers.leads:
            return
        self._has_left = True
        before = self._named = Mirror(parts.requests.address, parts.requests.share)
        if matching.identity is not None:
            before.says(matching.identity.validator)
        comparison, right = matching.comparison, self._whole - parts.mirrors.roster.brought
        if comparison is not None:
            before.has_said(right=right | comparison.agreed, differing=comparison.differing)
        else:
            before.has_said(right=right, differing=SpanSet())
        parts.mirrors.roster.dismiss(before)


def turn_to(parts: MachineParts, mirror: Mirror) -> None:
    """Makes a mirror the first place."""
    parts.requests.turn_to(mirror)
    parts.matching.turn_to(parts.requests.address, parts.requests.abilities)
