"""What a file should be, by whoever has written that down; and whether what was read of it agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.digests import COLLISION_FREE, HEX_LENGTHS, Digest
from anymatix_fetcher.library.hugging_face_cache import digest_in_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.blocks import BlockChecksums
    from anymatix_fetcher.core.spans import SpanSet
    from anymatix_fetcher.library.entries import Remembered
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.reading import Reading
    from anymatix_fetcher.library.sidecars import Sidecar


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is recorded of one file.

    Args:
        digests: What its content should have; sidecars that disagree both count.
        by: Who says so: "sidecar", "name", "index", or empty where nobody says anything.
        lengths: What its length should be, where somebody says so.
        remembered: What the index knows, which may be of another state of the file.
        sidecars: Those that name the file.
    """

    digests: tuple[Digest, ...]
    by: str
    lengths: frozenset[int]
    remembered: Remembered | None
    sidecars: tuple[Sidecar, ...]

    @property
    def blocks(self) -> BlockChecksums | None:
        """The checksums of the blocks of the right content; ``None`` where they aren't known."""
        known = self.remembered
        if known is None or known.blocks is None:
            return None
        return known.blocks if not self.digests or set(self.digests) & set(known.digests) else None

    def algorithm(self, computable: Collection[str]) -> str | None:
        """The strongest algorithm by which the file can be checked; ``None`` where there is none."""
        stated = {digest.algorithm for digest in self.digests} & set(computable)
        return min(stated, key=list(HEX_LENGTHS).index, default=None)


def evidence_of(paths: Sequence[Path], sidecars: Sequence[Sidecar], index: Index) -> Evidence:
    """What is recorded of the file that all ``paths`` lead to.

    Who has written down where the file came from is believed first: a sidecar, then a name in the Hugging Face cache.
    The index only knows what was here once.
    """
    remembered = next(filter(None, map(index.remembered, paths)), None)
    named = [digest for path in paths if (digest := digest_in_name(path.resolve()))]
    stated = {
        "sidecar": [digest for sidecar in sidecars for digest in sidecar.record.digests],
        "name": named,
        "index": list(remembered.digests) if remembered else [],
    }
    by, digests = "", list[Digest]()
    for teller, told in stated.items():
        if told and not any(digest.algorithm in COLLISION_FREE for digest in digests):
            by, digests = by or teller, digests + told
    lengths = frozenset(size for sidecar in sidecars if (size := sidecar.record.file_size) is not None)
    return Evidence(tuple(dict.fromkeys(digests)), by, lengths, remembered, tuple(sidecars))


def agrees(evidence: Evidence, reading: Reading) -> str | None:
    """What proves the content to be the right one: an algorithm; empty where there is nothing to compare it with.

    ``None`` where it isn't the right one.
    """
    algorithm = evidence.algorithm([digest.algorithm for digest in reading.digests])
    if algorithm is not None:
        found = next(digest for digest in reading.digests if digest.algorithm == algorithm)
        return algorithm if found in evidence.digests else None
    if evidence.lengths and reading.blocks.length not in evidence.lengths:
        return None
    return ""


def bad_spans(evidence: Evidence, reading: Reading) -> SpanSet | None:
    """The bytes of the right content that aren't there, whole blocks of them; ``None`` where nobody knows which."""
    right = evidence.blocks
    if right is None or right.block_size != reading.blocks.block_size:
        return None
    return right.spans(right.differing(reading.blocks))
