"""How a download may end: proved and published, refused because the content isn't what it was, failed, or stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.labels import PEEKED_BESIDE_A_DIGEST_BYTES, PEEKED_BYTES
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.machine.proof import Proof, Suspect
from anymatix_fetcher.core.machine.standing import Standing
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.errors import RepresentationChangedError

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.judge import Accepted
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.errors import FetchError


class Ending(Standing):
    """The part of the machine that draws the last conclusions."""

    def _peek(self, exchange: Exchange, verdict: Accepted, now: float) -> None:
        """Has the beginning of a body looked at whose label speaks against it."""
        most = PEEKED_BESIDE_A_DIGEST_BYTES if self._proof.settles else PEEKED_BYTES
        exchange.purpose, exchange.doubt = Purpose.PEEK, verdict.doubt
        exchange.start, exchange.stop = 0, min(most, most if verdict.stop is None else verdict.stop)
        exchange.flow(now)
        self._out.append(m.PeekBody(exchange.id, exchange.stop))

    def _peeked(self, exchange: Exchange) -> None:
        """What there is to see is here."""
        head, doubt = exchange.head, exchange.doubt
        if head is None or doubt is None:
            raise AssertionError("an answer in doubt has a head, and what is doubted of it")
        self._labels.doubted = exchange
        is_whole = bool(exchange.rest) or exchange.position == head.complete_length
        self._out.append(m.LookAtBeginning(head.content_coding if doubt.kind is Refusal.ENCODED else "", is_whole))

    def _judge_whole(self, event: m.Verified) -> None:
        if self._phase is not MachinePhase.VERIFYING:
            return
        verified = self._proof.verdict(event.digests, length_is_stated=self._matching.known_length is not None)
        if verified is None:
            self._search_culprit()
        else:
            self._verified = verified
            self._enter(MachinePhase.PUBLISHING)
            self._out.append(m.Publish())

    def _search_culprit(self) -> None:
        whole = SpanSet.whole(self.length or 0)
        if self._proof.suspect is Suspect.DISK and whole:
            self.coverage.lose(whole)
            self.coverage.claim(whole)
            self._out.append(m.ProveBlocks(whole))
        elif self._proof.suspect is Suspect.NETWORK and whole:
            self._mirrors.drop_all()
            if self._matching.search(whole):
                self._enter(MachinePhase.TRANSFERRING)
            else:
                self._fail(self._mismatch())
        else:
            self._fail(self._mismatch())

    def _mismatch(self) -> FetchError:
        size = self._matching.block_size
        return self._proof.mismatch(fickle=self._matching.fickle, blocks=-(-(self.length or 0) // size))

    def _fail_here(self, error: FetchError) -> None:
        """The place that was asked can't bring it: a mirror takes its part, where there is one."""
        mirror = self._mirrors.successor()
        if mirror is None:
            self._fail(error)
            return
        self._asking.turn_to(mirror)
        self._matching.turn_to(self._asking.address, self._asking.manners)

    def _fail(self, error: FetchError) -> None:
        if not self.is_over:
            self._stop(MachinePhase.FAILED, error)

    def _stop(self, phase: MachinePhase, error: FetchError) -> None:
        self._asking.drop_all()
        self._enter(phase)
        self._out.append(m.Fail(error))

    def _changed(self, error: FetchError) -> None:
        """The server has other content than the pieces that are here: they go if the caller wants that."""
        if not self._overwrite:
            self._fail(error)
            return
        self._overwrite = False  # once: content that keeps changing isn't run after for ever
        self._resuming = False
        self._proof = Proof(self._asking.address.resource.digests)
        self._asking.drop_all()
        if self._phase not in (MachinePhase.OPENING, MachinePhase.TRANSFERRING):
            self._enter(MachinePhase.TRANSFERRING)
        self._matching.start_over()
        self.coverage.begin_anew()

    def _other_content(self) -> RepresentationChangedError:
        what = f"{self._asking.address.origin_url} now has other content than the pieces that are here"
        return RepresentationChangedError(what, hint="--overwrite drops the pieces and fetches the new content.")
