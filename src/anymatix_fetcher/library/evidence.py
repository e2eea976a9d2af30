"""The expected content of a file by its records, and the comparison with its actual content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, HEX_LENGTHS, Digest
from anymatix_fetcher.library.catalog import is_ours
from anymatix_fetcher.library.entries import UNPROVED
from anymatix_fetcher.library.hugging_face_cache import digest_in_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.spans import SpanSet
    from anymatix_fetcher.library.entries import Remembered
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.reading import Reading
    from anymatix_fetcher.library.sidecars import Sidecar


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records about one file.

    Args:
        digests: The expected digests; those of contradicting sidecars are all included.
        by: The origin of the expectation: "sidecar", "name", "index", or empty if there is none.
        lengths: The stated lengths.
        remembered: The index's record, which may be of another state of the file.
        sidecars: The sidecars that name the file.
        is_ours: Whether the record was made here. A sidecar that was written elsewhere is a claim: a file may be
            compared with it, but isn't replaced because of it.
    """

    digests: tuple[Digest, ...]
    by: str
    lengths: frozenset[int]
    remembered: Remembered | None
    sidecars: tuple[Sidecar, ...]
    is_ours: bool = True

    @property
    def right(self) -> Remembered | None:
        """The index's record of the right content; ``None`` if it recorded other content."""
        known = self.remembered
        return known if known is not None and (not self.digests or set(self.digests) & set(known.digests)) else None

    @property
    def blocks(self) -> BlockChecksums | None:
        """The checksums of the right content's blocks; ``None`` if unknown."""
        return self.right.blocks if self.right is not None else None

    @property
    def length(self) -> int | None:
        """The length of the right content; ``None`` if unknown or contradictory."""
        read_here = {self.right.state.size} if self.right is not None and self.right.digests else set()
        lengths = read_here or self.lengths
        return next(iter(lengths)) if len(lengths) == 1 else None

    @property
    def is_mere_reading(self) -> bool:
        """Whether nothing states the expected content; at most, the content found at an earlier time was recorded."""
        was_proved = self.remembered is not None and self.remembered.verified != "none"
        return not self.by or (self.by == "index" and not was_proved)

    def standing(self, proof: str) -> str:
        """What a file that passed the check by ``proof`` counts as verified by; empty to keep its earlier status.

        A digest that was only computed from what arrived shows that the file is unchanged, not that it is right.
        """
        ours = {sidecar.record.own.verified for sidecar in self.sidecars if sidecar.record.own}
        if self.by == "index" or (self.by == "sidecar" and self.is_ours and ours <= UNPROVED):
            return "" if self.right is not None else min(ours, default="")
        return proof

    def contradicts(self, found: Iterable[Digest]) -> bool:
        """Whether a file with these computed digests has wrong content."""
        stated = {digest.algorithm for digest in self.digests}
        return any(digest.algorithm in stated and digest not in self.digests for digest in found)

    def algorithms(self, computable: Collection[str]) -> tuple[str, ...]:
        """The algorithms by which the file can be checked, the strongest first."""
        stated = {digest.algorithm for digest in self.digests} & set(computable)
        return tuple(algorithm for algorithm in HEX_LENGTHS if algorithm in stated)

    def was_touched(self, state: FileState) -> bool | None:
        """Whether a file in ``state`` was written to since it was right; ``None`` if unknown."""
        if self.right is not None and self.right.digests:
            return not state.is_unwritten_since(self.right.state)
        times = {sidecar.record.own.mtime_ns for sidecar in self.sidecars if sidecar.record.own}
        return state.mtime_ns not in times if times else None


def evidence_of(paths: Sequence[Path], sidecars: Sequence[Sidecar], index: Index) -> Evidence:
    """The records about the file that all ``paths`` lead to.

    Records of the file's origin come first: sidecars of this program, names in the Hugging Face cache, then verified
    entries of the index. Other sidecars follow, as they may have come with the files. Unverified entries of the index
    are last.
    """
    remembered = next(filter(None, map(index.remembered, paths)), None)
    ours = [sidecar for sidecar in sidecars if is_ours(sidecar.path, index)]
    read_here = remembered.digests if remembered is not None else ()
    was_proved = remembered is not None and remembered.verified != "none"
    stated: tuple[tuple[str, Iterable[Digest], bool], ...] = (
        ("sidecar", (digest for sidecar in ours for digest in sidecar.record.digests), True),
        ("name", (digest for path in paths if (digest := digest_in_name(path.resolve()))), True),
        ("index", read_here if was_proved else (), True),
        ("sidecar", (digest for sidecar in sidecars for digest in sidecar.record.digests), False),
        ("index", read_here, True),
    )
    by, told_by_us, digests = "", False, list[Digest]()
    for teller, told, is_known_here in stated:
        before = len(digests)
        if not any(digest.algorithm in COLLISION_FREE for digest in digests):
            digests += told
        if len(digests) > before:
            by, told_by_us = by or teller, told_by_us or is_known_here
    lengths = frozenset(size for sidecar in sidecars if (size := sidecar.record.file_size) is not None)
    is_known = told_by_us if digests else bool(ours) or not lengths
    return Evidence(tuple(dict.fromkeys(digests)), by, lengths, remembered, tuple(sidecars), is_ours=is_known)


def agrees(evidence: Evidence, reading: Reading) -> str | None:
    """The algorithm that proves the content right; empty if there is nothing to compare it with.

    Every stated and computed digest counts. ``None`` if the content is wrong.
    """
    if differing(evidence, reading) is not None:
        return None
    checked = evidence.algorithms([digest.algorithm for digest in reading.digests])
    return checked[0] if checked else ""


def differing(evidence: Evidence, reading: Reading) -> str | None:
    """What shows that the content is wrong: an algorithm, or "length"; ``None`` if nothing does."""
    found = {digest.algorithm: digest for digest in reading.digests}
    checked = evidence.algorithms(found)
    for algorithm in checked:
        if found[algorithm] not in evidence.digests:
            return algorithm
    is_cut = not checked and evidence.lengths and reading.blocks.length not in evidence.lengths
    return "length" if is_cut else None


def bad_spans(evidence: Evidence, reading: Reading) -> SpanSet | None:
    """The damaged bytes, in whole blocks; ``None`` if unknown."""
    right = evidence.blocks
    if right is None or right.block_size != reading.blocks.block_size:
        return None
    return right.spans(right.differing(reading.blocks))
