"""Which place is the first one, after the present one has failed, is silent or busy, or has another file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.machine.opinions import turn_to

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.opinions import Opinions
    from anymatix_fetcher.core.machine.parts import MachineParts


class Succession:
    """The succession of one download's places.

    Args:
        parts: The download's parts.
        opinions: What places say after a wrong digest.
    """

    def __init__(self, parts: MachineParts, opinions: Opinions) -> None:
        self._parts = parts
        self._opinions = opinions

    def succeed(self) -> bool:
        """Another place takes the part of the present one, which has failed for good; false if there is none."""
        if self._parts.matching.culprits.are_sought and (
            self._opinions.hear_another() or self._opinions.return_to_named()
        ):
            return True
        return self._turn_to(self._parts.mirrors.successor() or self._opponent())

    def let_another_go_on(self, least_setbacks: int = 2) -> bool:
        """Turns to a place that is idle and has had fewer setbacks; the present one is kept in reserve.

        Args:
            least_setbacks: The present place has to have had so many since its last progress.

        Returns:
            False if there is none, or if the mirrors transfer anyway.
        """
        parts, requests = self._parts, self._parts.requests
        setbacks, matching = requests.patience.setbacks, parts.matching
        if parts.peers.leads or setbacks < least_setbacks:
            return False
        if matching.culprits.are_sought:
            return self._opinions.hear_another()
        if matching.digest_settles and matching.identity is not None and parts.mirrors.any:
            return False
        mirror = parts.mirrors.successor(setbacks=setbacks)
        if mirror is None:
            return self._turn_to(self._opponent())
        before = Mirror(requests.address, requests.share, patience=requests.patience)
        before.had_first_place(requests.own_bytes)
        parts.mirrors.roster.keep(before)
        return self._turn_to(mirror)

    def let_another_open(self, not_before: float) -> bool:
        """A mirror takes the first place's part before anything has come; that goes on as a mirror.

        Args:
            not_before: When it is asked again.

        Returns:
            False where there is no mirror, or nothing would prove what it brings.
        """
        parts = self._parts
        if parts.matching.identity is not None or not parts.proof.settles or parts.peers.leads:
            return False
        mirror = parts.mirrors.successor()
        if mirror is None:
            return False
        before = Mirror(parts.requests.address, parts.requests.share)
        before.failed(not_before)
        self._turn_to(mirror)
        parts.mirrors.roster.keep(before)
        return True

    def go_back(self) -> bool:
        """Returns to an earlier first place, because the present one has another file; false if there is none."""
        has_earlier = any(mirror.patience is not None for mirror in self._parts.mirrors.roster)
        return has_earlier and self._turn_to(self._parts.mirrors.successor())

    def take_another_file(self) -> bool:
        """Starts over at a mirror with a file of another length, because only the digest says which one is right."""
        parts, mirror = self._parts, self._parts.mirrors.roster.next_with_another_file()
        if mirror is None or not parts.proof.settles:
            return False
        parts.requests.drop_all()
        parts.stage.go_back()
        self._turn_to(mirror)
        parts.proof.begin_anew(parts.proof.digests)
        parts.matching.start_over()
        parts.coverage.begin_anew()
        return True

    def _opponent(self) -> Mirror | None:
        """A place that contradicted the present one; the digest will tell whether it was right."""
        mirror = self._parts.mirrors.roster.next_accused() if self._parts.proof.settles else None
        if mirror is not None:
            self._opinions.keep_first()
            mirror.address.trust()
        return mirror

    def _turn_to(self, mirror: Mirror | None) -> bool:
        if mirror is not None:
            turn_to(self._parts, mirror)
        return mirror is not None
