"""The search for the cause of a wrong digest over the network: until two responses agree on each block.

Every block is fetched once more and compared. Which of two different ones is wrong is unknown, so a differing block is
fetched again, and compared with yet another response, until two agree. If the digest still doesn't match then,
everything is compared again, as long as that finds differences. If it finds none, the digest itself is wrong.
"""

from __future__ import annotations

from enum import Enum, auto

from anymatix_fetcher.core.values.spans import SpanSet

PASSES = 4
"""The limit on comparisons of everything."""
OPINIONS = 12
"""The limit on further fetches of differing blocks."""


class SearchStage(Enum):
    """The blocks that are compared."""

    SUSPECTED = auto()
    """Those of another program's partial file, or of another place than the one that is asked."""
    EVERYTHING = auto()
    DIFFERING = auto()
    """Those that differed and were fetched again."""


class CulpritSearch:
    """One search.

    Args:
        suspected: The blocks to compare first.
        whole: The whole file.
        elsewhere: Whether the blocks are compared with those of another place than before.
    """

    def __init__(self, suspected: SpanSet, whole: SpanSet, *, elsewhere: bool = False) -> None:
        self._whole = self._rest = whole
        self.elsewhere = elsewhere
        has_suspects = elsewhere or bool(suspected)
        self._stage = SearchStage.SUSPECTED if has_suspects else SearchStage.EVERYTHING
        self._passes, self._opinions = int(not has_suspects), 0
        self.blocks = suspected if has_suspects else whole
        """The blocks to compare now; empty after the suspected ones, and at the end of the search."""
        self.fickle = SpanSet()
        """The blocks that have differed since everything was last compared."""

    def turn_to(self, whole: SpanSet) -> None:
        """Starts over with another length of the file."""
        self._whole = whole
        if self._passes < PASSES:
            self._begin_pass(whole)
        else:
            self.blocks = SpanSet()

    @property
    def whole(self) -> SpanSet:
        """The whole file."""
        return self._whole

    def heard(self, differing: SpanSet) -> None:
        """Takes the result of comparing :attr:`blocks`: the differing ones, which are fetched again."""
        self.fickle |= differing
        if self._stage is SearchStage.SUSPECTED:
            self._rest = self._whole if differing else self._whole - self.blocks
            self.blocks = SpanSet()
        elif differing and self._opinions < OPINIONS:
            self._opinions += 1
            self._stage, self.blocks = SearchStage.DIFFERING, differing
        elif self._stage is SearchStage.DIFFERING and not differing and self._passes < PASSES:
            self._begin_pass(self._whole)
        else:
            self.blocks = SpanSet()

    def go_on(self) -> None:
        """Continues with the blocks that weren't suspected."""
        if self._stage is SearchStage.SUSPECTED and not self.blocks:
            self._begin_pass(self._rest)

    def _begin_pass(self, blocks: SpanSet) -> None:
        self._passes += 1
        self._stage, self.blocks, self.fickle = SearchStage.EVERYTHING, blocks, SpanSet()
