"""The ends of a download: published, refused because the content has changed, failed, or cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.explain import nothing_kept
from anymatix_fetcher.core.machine.opinions import Opinions
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.proof import Suspect
from anymatix_fetcher.core.machine.succession import Succession
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

    Attributes:
        opinions: What places say after a wrong digest.
        succession: Which place is the first one.
    """

    def __init__(self, parts: MachineParts, *, overwrite: bool) -> None:
        self._parts = parts
        self._overwrite = overwrite
        self._verified = "none"
        self._mismatch: FetchError | None = None
        self._final: FetchError | None = None
        """The error of the named file, after a mirror's file of another length was taken."""
        self.opinions = Opinions(parts)
        self.succession = Succession(parts, self.opinions)

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
            if self.opinions.examine():
                parts.stage.enter(MachinePhase.TRANSFERRING)
            elif not self.opinions.hear_another():
                self._search_here(whole, parts.mirrors.roster.brought)
        else:
            self.mismatched()

    def mismatched(self) -> None:
        """Asks another place for its opinion, or fails with a wrong digest that nothing explains."""
        self._note_mismatch()
        if not self.opinions.hear_another():
            self._search_here(SpanSet.whole(self._parts.matching.length or 0), SpanSet())

    def _note_mismatch(self) -> None:
        matching = self._parts.matching
        blocks = -(-(matching.length or 0) // matching.block_size)
        self._mismatch = self._parts.proof.mismatch(fickle=matching.culprits.fickle(matching.block_size), blocks=blocks)

    def _search_here(self, whole: SpanSet, suspected: SpanSet) -> None:
        """Continues the search at the present place, or fails at its end."""
        parts = self._parts
        if parts.proof.suspect is Suspect.NETWORK and whole and parts.matching.search(whole, suspected):
            parts.stage.go_back()
            return
        self._note_mismatch()
        self._final = self._final or self._mismatch
        if not self.succession.take_another_file() and self._final is not None:
            self.fail(self._final)

    # Other content ----------------------------------------------------------------------------------------

    def changed(self, error: FetchError | None = None) -> None:
        """The server has other content than the stored bytes, which are dropped if the caller wants that.

        Args:
            error: The error of the response, if it is more specific.
        """
        if self.blames_peers() or self.succession.go_back():
            return
        if self.opinions.set_apart():
            self.fail_here(error or self._other_content())
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
        """Turns to another place if there is one, because the present one can't provide the file; otherwise fails."""
        if not self._parts.peers.give_way(is_kept=False) and not self.succession.succeed():
            if self.opinions.were_heard:
                self._note_mismatch()  # not the failure of a place that was only asked for its opinion
            self.fail(self._final or self._mismatch or error)

    def fail(self, error: FetchError) -> None:
        """Fails the download, unless it is over."""
        if not self._parts.stage.is_over:
            self.stop(MachinePhase.FAILED, error)

    def stop(self, phase: MachinePhase, error: FetchError) -> None:
        """Ends the download in ``phase``, with ``error``."""
        self._parts.requests.drop_all()
        self._parts.stage.enter(phase)
        self._parts.out.append(m.Fail(error if self._parts.coverage.held else nothing_kept(error)))
