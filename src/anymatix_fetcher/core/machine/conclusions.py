"""The ends of a download: published, refused because the content has changed, failed, or cancelled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.explain import nothing_kept
from anymatix_fetcher.core.machine.comparison import blocks_around
from anymatix_fetcher.core.machine.mirror import Mirror
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.proof import Suspect
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.errors import RepresentationChangedError

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.parts import MachineParts
    from anymatix_fetcher.errors import FetchError


class Conclusions:
    """Ends one download.

    Args:
        parts: The download's parts.
        overwrite: Whether to drop the stored bytes, once, if the server has other content, instead of failing.
    """

    def __init__(self, parts: MachineParts, *, overwrite: bool) -> None:
        self._parts = parts
        self._overwrite = overwrite
        self._verified = "none"
        self._mismatch: FetchError | None = None
        self._final: FetchError | None = None
        """The error of the named file, after a mirror's file of another length was taken."""
        self._has_left_first = False

    # The whole --------------------------------------------------------------------------------------------

    def judge_whole(self, event: m.Verified) -> None:
        """Publishes the file if its digests match, otherwise searches for the cause."""
        parts = self._parts
        if parts.stage.phase is not MachinePhase.VERIFYING:
            return
        verified = parts.proof.verdict(event.digests, length_is_stated=parts.matching.known_length is not None)
        if verified is None:
            self._search_culprit()
        else:
            self._verified = verified
            parts.stage.enter(MachinePhase.PUBLISHING)
            parts.out.append(m.Publish())

    def published(self) -> None:
        """Takes the publication of the file."""
        self._parts.stage.enter(MachinePhase.DONE)
        self._parts.out.append(m.Finish(self._verified))

    def reread(self) -> None:
        """Continues after blocks were read back, because the disk was suspected to have caused a wrong digest."""
        parts, length = self._parts, self._parts.matching.length
        if parts.stage.phase is not MachinePhase.VERIFYING or parts.coverage.claimed or not length:
            return
        if parts.coverage.complete(length):
            parts.proof.acquit()
            self._search_culprit()
        else:
            parts.stage.enter(MachinePhase.TRANSFERRING)

    def _search_culprit(self) -> None:
        parts = self._parts
        whole = SpanSet.whole(parts.matching.length or 0)
        if self.blames_peers():
            parts.proof.begin_anew(parts.proof.digests)
            return
        if parts.proof.suspect is Suspect.DISK and whole:
            parts.coverage.lose(whole)
            parts.coverage.claim(whole)
            parts.out.append(m.ProveBlocks(whole))
        elif parts.proof.suspect is Suspect.NETWORK and whole:
            self._search_elsewhere(whole)
        else:
            self.mismatched()

    def _search_elsewhere(self, whole: SpanSet) -> None:
        """Compares the bytes of each place with those of another one, all at once; then everything with each place."""
        parts, roster = self._parts, self._parts.mirrors.roster
        matching, brought = parts.matching, roster.brought
        is_first = not matching.culprits.are_sought
        mixed = blocks_around(brought, length=matching.length, block_size=matching.block_size)
        if is_first and parts.mirrors.checks.examine(whole - mixed):
            matching.search(whole, brought)
            parts.stage.enter(MachinePhase.TRANSFERRING)
        elif not self.hear_another():
            if matching.search(whole, brought):
                parts.stage.enter(MachinePhase.TRANSFERRING)
            else:
                self.mismatched()

    def hear_another(self) -> bool:
        """Turns to the place that differs most from what is stored; false if there is none."""
        parts, roster = self._parts, self._parts.mirrors.roster
        for mirror in roster:
            parts.mirrors.drop(mirror)
            roster.dismiss(mirror)
        opinion = roster.next_opinion()
        while opinion is not None and not self._compare_with(opinion):
            opinion = roster.next_opinion()
        return opinion is not None

    def _compare_with(self, mirror: Mirror) -> bool:
        """A mirror takes the first place's part, and all that is here is compared with what it sends.

        Returns:
            False if that would change nothing.
        """
        parts, matching = self._parts, self._parts.matching
        whole, identity = SpanSet.whole(matching.length or 0), matching.identity
        confirmed = mirror.confirmed - matching.culprits.lost
        if identity is None or confirmed == whole:
            return False
        self._keep_first(whole)
        self._turn_to(mirror)
        mirror.address.trust()  # the digest will prove it
        origin = mirror.address.origin_url.origin
        matching.set_identity(replace(identity, validator=mirror.validator, origin=origin))
        differing = mirror.differing - matching.culprits.lost
        matching.search(whole, whole - confirmed - differing, anew=True)
        if differing:
            matching.lose(differing)
        parts.stage.go_back()
        return True

    def _keep_first(self, whole: SpanSet) -> None:
        """Keeps the named place as another opinion, once, because the one that contradicts it may be wrong."""
        parts, comparison = self._parts, self._parts.matching.comparison
        if self._has_left_first or parts.peers.leads:
            return
        self._has_left_first = True
        before = Mirror(parts.requests.address, parts.requests.share)
        before.says(parts.matching.identity.validator if parts.matching.identity is not None else before.validator)
        agreed, differing = (
            (comparison.agreed, comparison.differing) if comparison is not None else (SpanSet(), SpanSet())
        )
        before.has_said(right=(whole - parts.mirrors.roster.brought) | agreed, differing=differing)
        parts.mirrors.roster.dismiss(before)

    def mismatched(self) -> None:
        """Asks another place for its opinion, or fails with a wrong digest that nothing explains."""
        matching = self._parts.matching
        blocks = -(-(matching.length or 0) // matching.block_size)
        self._mismatch = self._parts.proof.mismatch(fickle=matching.culprits.fickle(matching.block_size), blocks=blocks)
        if self.hear_another():
            return
        if matching.culprits.are_sought and matching.search(SpanSet.whole(matching.length or 0), SpanSet()):
            self._parts.stage.go_back()
        elif not self._takes_another_file():
            self.fail(self._final or self._mismatch)

    def _takes_another_file(self) -> bool:
        """Starts over at a mirror with a file of another length, because only the digest says which one is right."""
        parts, mirror = self._parts, self._parts.mirrors.roster.next_with_another_file()
        if mirror is None or not parts.proof.settles:
            return False
        self._final = self._final or self._mismatch
        parts.requests.drop_all()
        parts.stage.go_back()
        self._turn_to(mirror)
        parts.proof.begin_anew(parts.proof.digests)
        parts.matching.start_over()
        parts.coverage.begin_anew()
        return True

    # Other content ----------------------------------------------------------------------------------------

    def changed(self, error: FetchError | None = None) -> None:
        """The server has other content than the stored bytes, which are dropped if the caller wants that.

        Args:
            error: The error of the response, if it is more specific.
        """
        if self.blames_peers() or self._goes_back():
            return
        if self._mismatch is not None or not self._overwrite:
            self.fail(self._mismatch or error or self._other_content())
            return
        self._overwrite = False  # once, because content that keeps changing would never be complete
        parts = self._parts
        parts.proof.begin_anew(parts.requests.address.resource.digests)
        parts.requests.drop_all()
        parts.mirrors.drop_peers()
        parts.stage.go_back()
        parts.matching.start_over()
        parts.coverage.begin_anew()

    def _other_content(self) -> RepresentationChangedError:
        what = f"{self._parts.requests.address.origin_url} now has other content than the pieces that are here"
        return RepresentationChangedError(what, hint="--overwrite drops the pieces and fetches the new content.")

    def blames_peers(self) -> bool:
        """Takes back the bytes from peers, which may be wrong, to fetch them elsewhere; false if there are none."""
        if not self._parts.peers.take_back():
            return False
        self._parts.requests.drop_all()
        self._parts.stage.go_back()
        return True

    # Failure ----------------------------------------------------------------------------------------------

    def fail_here(self, error: FetchError) -> None:
        """Turns to a mirror if there is one, because the current place can't provide the file; otherwise fails."""
        parts = self._parts
        if parts.peers.give_way(is_kept=False):
            return
        if parts.matching.culprits.are_sought and self.hear_another():
            return
        mirror = parts.mirrors.successor() or self._opponent()
        if mirror is None:
            self.fail(
                self._final or self._mismatch or error
            )  # not the failure of a place that was only asked for its opinion
            return
        self._turn_to(mirror)

    def _opponent(self) -> Mirror | None:
        """A place that contradicted the one that fails now; the digest will tell whether it was right."""
        mirror = self._parts.mirrors.roster.next_accused() if self._parts.proof.settles else None
        if mirror is not None:
            self._keep_first(SpanSet.whole(self._parts.matching.length or 0))
            mirror.address.trust()
        return mirror

    def let_another_go_on(self, least_setbacks: int = 2) -> bool:
        """Turns to a place that is idle and has had fewer setbacks; the current one is kept in reserve.

        Args:
            least_setbacks: The current place has to have had so many since its last progress.

        Returns:
            False if there is none, or if the mirrors transfer anyway.
        """
        parts, setbacks = self._parts, self._parts.requests.patience.setbacks
        are_used = parts.matching.digest_settles and parts.matching.identity is not None and parts.mirrors.any
        if parts.peers.leads or setbacks < least_setbacks:
            return False
        if parts.matching.culprits.are_sought:
            return self.hear_another()
        if are_used:
            return False
        mirror = parts.mirrors.successor(setbacks=setbacks)
        if mirror is not None:
            before = Mirror(parts.requests.address, parts.requests.share, patience=parts.requests.patience)
            before.had_first_place(parts.requests.own_bytes)
            parts.mirrors.roster.keep(before)
        else:
            mirror = self._opponent()
        if mirror is not None:
            self._turn_to(mirror)
        return mirror is not None

    def _goes_back(self) -> bool:
        """Returns to an earlier first place, because the current one has another file; false if there is none."""
        parts = self._parts
        if not any(mirror.patience is not None for mirror in parts.mirrors.roster):
            return False
        mirror = parts.mirrors.successor()
        if mirror is None:
            return False
        self._turn_to(mirror)
        return True

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

    def _turn_to(self, mirror: Mirror) -> None:
        parts = self._parts
        parts.requests.turn_to(mirror)
        parts.matching.turn_to(parts.requests.address, parts.requests.abilities)

    def fail(self, error: FetchError) -> None:
        """Fails the download, unless it is over."""
        if not self._parts.stage.is_over:
            self.stop(MachinePhase.FAILED, error)

    def stop(self, phase: MachinePhase, error: FetchError) -> None:
        """Ends the download in ``phase``, with ``error``."""
        self._parts.requests.drop_all()
        self._parts.stage.enter(phase)
        self._parts.out.append(m.Fail(error if self._parts.coverage.held else nothing_kept(error)))
