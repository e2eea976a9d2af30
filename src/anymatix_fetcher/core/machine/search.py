"""The search for the cause of a wrong digest over the network: until two responses agree on each block.

Every block is fetched once more and compared. Which of two different ones is wrong is unknown, so a differing block is
fetched again, and compared with yet another response, until two agree. If the digest still doesn't match then,
everything is compared again, as long as that finds differences. If it finds none, the digest itself is wrong.
"""

from __future__ import annotations

from enum import Enum, auto

from anymatix_fetcher.core.machine.comparison import Comparison, Question
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


class Culprits:
    """The searches of one download, one after another.

    Attributes:
        lost: The bytes that were dropped since the first search has begun.
    """

    def __init__(self) -> None:
        self._search: CulpritSearch | None = None
        self.lost = SpanSet()

    @property
    def are_sought(self) -> bool:
        """Whether a search is in progress, so that differences don't mean that the server has changed."""
        return self._search is not None

    @property
    def are_elsewhere(self) -> bool:
        """Whether the blocks are compared with those of another place than before."""
        return self._search is not None and self._search.elsewhere

    @property
    def comparison(self) -> Comparison | None:
        """The comparison of the blocks in question; ``None`` if there are none at the moment."""
        blocks = self._search.blocks if self._search is not None else SpanSet()
        return Comparison(Question.CULPRITS, blocks) if blocks else None

    def fickle(self, block_size: int) -> int:
        """The number of blocks that differ each time, as far as is known."""
        spans = self._search.fickle if self._search is not None else ()
        return sum(len(span.blocks(block_size)) for span in spans)

    def seek(self, suspected: SpanSet, whole: SpanSet, *, elsewhere: bool) -> None:
        """Starts a search; the arguments are those of :class:`CulpritSearch`."""
        self._search = CulpritSearch(suspected, whole, elsewhere=elsewhere)

    def go_on(self, whole: SpanSet) -> None:
        """Continues, maybe with another length of the file."""
        if self._search is None:
            raise AssertionError("a search goes on only after it has begun")
        if self._search.whole != whole:
            self._search.turn_to(whole)
        else:
            self._search.go_on()

    def heard(self, differing: SpanSet) -> None:
        """Takes the result of :attr:`comparison`: the differing blocks, which are fetched again."""
        if self._search is None:
            raise AssertionError("culprits are compared in a search only")
        self._search.heard(differing)

    def lose(self, spans: SpanSet) -> None:
        """Records dropped bytes."""
        if self._search is not None:
            self.lost |= spans

    def forget(self) -> None:
        """Ends the search, because all bytes are dropped."""
        self._search, self.lost = None, SpanSet()
