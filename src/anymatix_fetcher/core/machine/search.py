"""The search for what spoils a digest, over the network: until two independent answers agree on each block.

Every block is asked for once more and compared with what is here. Which of two answers is wrong, nothing tells: so a
block that came differently is fetched anew, and then compared with yet another answer, until these two are the same.
When that is so of all and the digest still doesn't match, everything is compared once more, as long as that finds
anything. Only where it finds nothing, the digest itself is what is wrong.
"""

from __future__ import annotations

from enum import Enum, auto

from anymatix_fetcher.core.values.spans import SpanSet

PASSES = 4
"""So many times everything is compared, at most."""
OPINIONS = 12
"""So many times, at most, blocks that came differently are asked for once more."""


class SearchStage(Enum):
    """What is compared."""

    SUSPECTED = auto()
    """What another program has left."""
    EVERYTHING = auto()
    DIFFERING = auto()
    """What came differently, and has been fetched anew."""


class CulpritSearch:
    """One search.

    Args:
        suspected: What is looked at before all else.
        whole: The file.
    """

    def __init__(self, suspected: SpanSet, whole: SpanSet) -> None:
        self._whole = whole
        self._stage = SearchStage.SUSPECTED if suspected else SearchStage.EVERYTHING
        self._passes, self._opinions = int(not suspected), 0
        self.blocks = suspected or whole
        """What is to be compared now; empty where there is nothing more to be asked."""
        self.fickle = SpanSet()
        """What came differently since everything was compared the last time."""

    def turn_to(self, whole: SpanSet) -> None:
        """The file turned out to end somewhere else: all of it is looked at."""
        self._whole = whole
        if self._passes < PASSES:
            self._begin_pass(whole)
        else:
            self.blocks = SpanSet()

    @property
    def whole(self) -> SpanSet:
        """The file."""
        return self._whole

    def heard(self, differing: SpanSet) -> None:
        """:attr:`blocks` were compared, and these of them came differently; they are fetched anew."""
        self.fickle |= differing
        if self._stage is SearchStage.SUSPECTED:
            self._begin_pass(self._whole if differing else self._whole - self.blocks)
        elif differing and self._opinions < OPINIONS:
            self._opinions += 1
            self._stage, self.blocks = SearchStage.DIFFERING, differing
        elif self._stage is SearchStage.DIFFERING and not differing and self._passes < PASSES:
            self._begin_pass(self._whole)
        else:
            self.blocks = SpanSet()

    def _begin_pass(self, blocks: SpanSet) -> None:
        self._passes += 1
        self._stage, self.blocks, self.fickle = SearchStage.EVERYTHING, blocks, SpanSet()
