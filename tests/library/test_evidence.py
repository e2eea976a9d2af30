from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.library.catalog import keeping_ours
from anymatix_fetcher.library.entries import Remembered
from anymatix_fetcher.library.evidence import Evidence, agrees, bad_spans, differing, evidence_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.reading import Reading
from anymatix_fetcher.library.sidecar_format import Provenance, Record
from anymatix_fetcher.library.sidecars import Sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = FileState(1, 2, 10, 3, 4)
A, B = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
CRC32 = Digest("crc32", "0" * 8)
BLOCKS = BlockChecksums.of(4, 10, [1, 2, 3])


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        yield index


def sidecar(*digests: Digest, size: int | None = None) -> Sidecar:
    return Sidecar(Path("/x.json"), Record(file_name="x.pt", file_size=size, own=Provenance(digests=digests)))


def evidence(*digests: Digest, lengths: frozenset[int] = frozenset(), remembered: Remembered | None = None) -> Evidence:
    return Evidence(digests, "sidecar" if digests else "", lengths, remembered, ())


def reading(*digests: Digest, blocks: BlockChecksums = BLOCKS) -> Reading:
    return Reading(STATE, digests, blocks)


def told(found: Evidence) -> tuple[str, tuple[Digest, ...], bool]:
    return found.by, found.digests, found.is_ours


def test_a_sidecar_of_ours_goes_before_the_index_and_another_one_before_what_nothing_had_proved(
    tmp_path: Path, index: Index
) -> None:
    path, ours = tmp_path / "x.pt", tmp_path / f"{'0' * 64}.json"
    path.write_bytes(b"x")
    ours.write_bytes(b"{}")
    written = Sidecar(ours, Record(file_name="x.pt", own=Provenance(digests=(A,))))
    index.database.write(keeping_ours([written]))
    index.add(path, [B])
    assert told(evidence_of([path], [written], index)) == ("sidecar", (A,), True)
    assert told(evidence_of([path], [], index)) == ("index", (B,), True)
    assert told(evidence_of([path], [sidecar(A)], index)) == ("sidecar", (A,), False)
    index.add(path, [B], verified="length")
    assert told(evidence_of([path], [written], index)) == ("sidecar", (A,), True)
    assert told(evidence_of([path], [sidecar(A)], index)) == ("index", (B,), True)


def test_a_length_in_a_sidecar_that_we_have_not_written_is_its_own_word_too(tmp_path: Path, index: Index) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(b"x")
    assert not evidence_of([path], [sidecar(size=5)], index).is_ours
    assert evidence_of([path], [], index).is_ours


def test_a_sidecar_that_knows_no_strong_digest_leaves_the_word_to_the_index(tmp_path: Path, index: Index) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(b"x")
    index.add(path, [B])
    found = evidence_of([path], [sidecar(CRC32, size=1)], index)
    assert (found.digests, found.by, found.lengths, found.is_ours) == ((CRC32, B), "sidecar", frozenset({1}), True)


def test_a_blob_in_the_hugging_face_cache_is_what_its_name_says(tmp_path: Path, index: Index) -> None:
    blob = tmp_path / "models--org--name" / "blobs" / sha256(b"x").hexdigest()
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"x")
    link = tmp_path / "x.pt"
    link.symlink_to(blob)
    found = evidence_of([link], [], index)
    assert (found.by, found.digests) == ("name", (Digest("sha256", blob.name),))


def test_of_a_file_that_nobody_knows_nothing_is_known(tmp_path: Path, index: Index) -> None:
    assert evidence_of([tmp_path / "x.pt"], [], index) == Evidence((), "", frozenset(), None, ())


def test_every_stated_digest_that_can_be_computed_counts_and_the_strongest_proves() -> None:
    blake3, md5 = Digest("blake3", "c" * 64), Digest("md5", "d" * 32)
    known = evidence(md5, A, blake3)
    assert known.algorithms(["sha256", "md5"]) == ("sha256", "md5")
    assert known.algorithms(["md5", "sha256", "blake3"]) == ("blake3", "sha256", "md5")
    assert known.algorithms(["crc32"]) == ()
    assert agrees(known, reading(A, md5)) == "sha256"
    for wrong, told in ((reading(A, Digest("md5", "0" * 32)), "md5"), (reading(B, md5), "sha256")):
        assert (agrees(known, wrong), differing(known, wrong)) == (None, told)


def test_the_right_length_is_that_of_the_right_content_and_else_what_sidecars_agree_on() -> None:
    read_here, other = Remembered(STATE, (A,), 1.0), Remembered(STATE, (B,), 1.0)
    assert evidence(A, lengths=frozenset({9}), remembered=read_here).length == 10
    assert evidence(A, lengths=frozenset({9}), remembered=other).length == 9
    assert evidence(A, lengths=frozenset({8, 9})).length is None


def test_of_sidecars_that_disagree_either_may_be_right() -> None:
    assert agrees(evidence(A, B), reading(B)) == "sha256"
    assert agrees(evidence(A, B), reading(Digest("sha256", "c" * 64))) is None


def test_without_a_digest_a_wrong_length_tells_and_a_right_one_proves_nothing() -> None:
    assert agrees(evidence(lengths=frozenset({9})), reading(A)) is None
    assert agrees(evidence(lengths=frozenset({9, 10})), reading(A)) == ""
    assert agrees(evidence(), reading(A)) == ""


def test_bad_blocks_are_named_where_those_of_the_right_content_are_known() -> None:
    right = Remembered(STATE, (A,), 1.0, blocks=BLOCKS)
    found = reading(B, blocks=BlockChecksums.of(4, 10, [1, 9, 3]))
    assert bad_spans(evidence(A, remembered=right), found) == SpanSet.of(Span(4, 8))
    assert bad_spans(evidence(A), found) is None


def test_blocks_of_other_content_name_nothing() -> None:
    other = Remembered(STATE, (B,), 1.0, blocks=BLOCKS)
    assert evidence(A, remembered=other).blocks is None
    assert bad_spans(evidence(A, remembered=other), reading(B)) is None
