from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError, UnexpectedAnswerError
from anymatix_fetcher.sources.civitai_files import CivitaiFile, choose, exact_length, read_files
from anymatix_fetcher.sources.civitai_references import CivitaiReference
from anymatix_fetcher.sources.documents import Document


def files(*described: dict[str, Any]) -> tuple[CivitaiFile, ...]:
    return read_files(Document("civitai.com", {"files": list(described)}))


def described(number: int, **more: object) -> dict[str, Any]:
    metadata = {key: more.pop(key) for key in ("format", "size", "fp", "quantType") if key in more}
    return {"id": number, "name": f"{number}.safetensors", "type": "Model", "metadata": metadata, **more}


FULL = described(1, format="SafeTensor", size="full", fp="fp32")
PRUNED = described(2, format="SafeTensor", size="pruned", fp="fp16", primary=True)
PICKLE = described(3, format="PickleTensor", size="pruned", fp="fp16")
VAE = described(4, type="VAE", format="SafeTensor")


def chosen(reference: CivitaiReference, *there: dict[str, Any]) -> int:
    return choose(files(*there), reference).id


def wishing(**preferences: str) -> CivitaiReference:
    return CivitaiReference(9, preferences=tuple(preferences.items()))


def test_without_a_wish_the_primary_file_is_meant_wherever_it_stands() -> None:
    assert chosen(CivitaiReference(9), VAE, FULL, PRUNED, PICKLE) == 2


def test_without_a_primary_file_the_first_model_file_is_meant() -> None:
    assert chosen(CivitaiReference(9), VAE, FULL, PICKLE) == 1
    assert chosen(CivitaiReference(9), VAE) == 4


def test_properties_are_matched_without_case() -> None:
    assert chosen(wishing(format="safetensor", size="FULL"), VAE, FULL, PRUNED, PICKLE) == 1
    assert chosen(wishing(type="vae"), FULL, PRUNED, VAE) == 4
    assert chosen(wishing(format="SafeTensor"), FULL, PRUNED) == 2


def test_a_files_id_decides_over_properties() -> None:
    assert chosen(CivitaiReference(9, file=3, preferences=(("format", "SafeTensor"),)), FULL, PRUNED, PICKLE) == 3


@pytest.mark.parametrize(
    "reference", [wishing(fp="nf4"), CivitaiReference(9, file=77), CivitaiReference(kind="crc32", hash="0" * 8)]
)
def test_where_nothing_matches_what_there_is_is_listed(reference: CivitaiReference) -> None:
    with pytest.raises(NotFoundError, match="no such file in this version") as refusal:
        chosen(reference, FULL, PICKLE)
    assert "fileId=1 (1.safetensors, type=Model, format=SafeTensor, size=full, fp=fp32)" in refusal.value.hint
    assert "fileId=3" in refusal.value.hint


def test_a_wish_that_several_files_fulfil_isnt_guessed_at() -> None:
    with pytest.raises(ReferenceSyntaxError, match="2 files of this version match") as refusal:
        chosen(wishing(format="SafeTensor"), FULL, PICKLE, VAE)
    assert "fileId=1" in refusal.value.hint
    assert "fileId=3" not in refusal.value.hint


def test_an_archived_version_has_no_files() -> None:
    with pytest.raises(NotFoundError, match="offers no file") as refusal:
        chosen(CivitaiReference(9))
    assert "archived" in refusal.value.hint


def test_a_hash_says_which_file_is_meant() -> None:
    there = [described(1, hashes={"SHA256": "A" * 64}), described(2, hashes={"SHA256": "B" * 64}, primary=True)]
    assert chosen(CivitaiReference(kind="sha256", hash="a" * 64), *there) == 1


def test_the_strongest_digest_is_stated() -> None:
    hashes = {"SHA256": "A" * 64, "BLAKE3": "B" * 64, "CRC32": "C" * 8, "AutoV2": "A" * 10}
    (file,) = files(described(1, hashes=hashes))
    assert file.digests == (Digest("sha256", "a" * 64),)
    del hashes["SHA256"]
    (file,) = files(described(1, hashes=hashes))
    assert file.digests == (Digest("blake3", "b" * 64),)
    del hashes["BLAKE3"]
    (file,) = files(described(1, hashes=hashes))
    assert file.digests == (Digest("crc32", "c" * 8),)
    (file,) = files(described(1, hashes={"BLAKE3": "B" * 63, "SHA256": "no", "CRC32": None}))
    assert file.digests == ()


@given(st.integers(0, 1 << 50))
def test_a_length_is_told_only_where_it_is_exact(length: int) -> None:
    assert exact_length(length / 1024) in {length, None}
    assert exact_length(round(length / 1024, 2)) is None
    assert (exact_length(length / 1024) is None) == (length % 128 == 0 or length >= 1 << 45)


def test_a_size_is_a_hint_where_it_was_rounded() -> None:
    assert exact_length(2082642.474609375) == 2132625894
    assert exact_length(None) is None
    assert exact_length(2082642.47) is None
    assert exact_length(6775430.0) is None
    assert exact_length(6775430.125) is None


@pytest.mark.parametrize("value", [{}, "x", [1], [{}], [{"id": "1"}], [{"id": True}], [{"id": -1}]])
def test_files_that_cant_be_read_are_unexpected(value: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read_files(Document("civitai.com", {"files": value}))


def test_what_is_odd_about_a_file_doesnt_hinder() -> None:
    odd: dict[str, Any] = {
        "id": 1,
        "name": None,
        "type": 7,
        "metadata": [],
        "hashes": "x",
        "sizeKB": "big",
        "primary": "yes",
    }
    assert files(odd) == (CivitaiFile(1, "", None, is_primary=False, kinds={}, hashes={}),)
