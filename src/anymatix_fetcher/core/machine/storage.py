"""Handles the part file's events: that it is open, an earlier run's blocks, and proved blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.comparison import whole_blocks
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import EVERYTHING, SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.conclusions import Conclusions
    from anymatix_fetcher.core.machine.parts import MachineParts
    from anymatix_fetcher.core.values.http import ResponseHead


class Storage:
    """The part file of one download, as the machine sees it.

    Args:
        parts: The download's parts.
        conclusions: Takes the blocks that were read back after a wrong digest.
    """

    def __init__(self, parts: MachineParts, conclusions: Conclusions) -> None:
        self._parts = parts
        self._conclusions = conclusions
        self._is_asked_for = False

    def ask_for(self, head: ResponseHead) -> None:
        """Opens the part file, once."""
        parts = self._parts
        if not parts.matching.storage_is_open and not self._is_asked_for:
            self._is_asked_for = True
            parts.out.append(m.OpenStorage(*parts.peers.named_by(head, parts.requests.address.origin_url)))

    def resume(self, kept: m.KeptBlocks | None) -> bool:
        """Continues an earlier run's blocks; false if there are none."""
        if kept is None or not kept.blocks:
            return False
        self._parts.matching.resume(kept)
        return True

    def blocks_proved(self, event: m.BlocksProved) -> None:
        """Takes the proof of claimed blocks."""
        coverage = self._parts.coverage
        good, spoiled = event.good & coverage.claimed, event.bad & coverage.stored
        if not good and not spoiled and not event.bad & coverage.claimed:
            return  # forgotten meanwhile
        was_resuming = coverage.is_resuming
        coverage.prove(event.good, event.bad)
        coverage.lose(spoiled)
        if was_resuming:
            self._parts.requests.account.resumed(good.total)
        else:
            self._conclusions.reread()

    def part_shortened(self) -> None:
        """Takes that the part file was shortened: complete blocks are proved again, the others fetched again."""
        parts, matching, coverage = self._parts, self._parts.matching, self._parts.coverage
        parts.requests.drop_all()  # bytes that they have written but not reported may be missing, too
        whole = whole_blocks(coverage.stored, length=matching.length, block_size=matching.block_size)
        everything = EVERYTHING if matching.length is None else SpanSet.whole(matching.length)
        matching.shortened(everything - whole - coverage.claimed)
        parts.stage.go_back()
        if whole:
            coverage.lose(whole)
            coverage.claim(whole | coverage.claimed)
            parts.out.append(m.ProveBlocks(whole))
