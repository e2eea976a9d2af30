from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.library.identity import base_reference, identity, left_by_first_fetcher

CIVITAI = "https://civitai.com/api/download/models/143906"


def hexed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("reference", "base"),
    [
        (CIVITAI, CIVITAI),
        (f"{CIVITAI}?token=SECRET", CIVITAI),
        (f"{CIVITAI}?type=Model&format=SafeTensor", f"{CIVITAI}?type=Model&format=SafeTensor"),
        (f"{CIVITAI}?type=Model&token=SECRET&format=SafeTensor", f"{CIVITAI}?type=Model&format=SafeTensor"),
        (f"{CIVITAI}?access_token=SECRET&fileId=7#part", f"{CIVITAI}?fileId=7"),
        (f"{CIVITAI}?API-Key=SECRET", CIVITAI),
        (f"{CIVITAI}?to%6ben=SECRET", CIVITAI),
        ("https://u:p@h.example/x?download=true", "https://h.example/x?download=true"),
        ("https://user@h.example/x", "https://h.example/x"),
        ("https://h.example/a@b", "https://h.example/a@b"),
        ("https://h.example/x?id=1", "https://h.example/x?id=1"),
        ("https://s3.example/b/x?X-Amz-Signature=f&X-Amz-Date=1", "https://s3.example/b/x"),
        ("https://cdn.example/x?Expires=1&Signature=f&Key-Pair-Id=k", "https://cdn.example/x"),
        ("https://b.blob.example/x?sv=1&se=2&sr=b&sig=f", "https://b.blob.example/x"),
        ("civitai:143906", "civitai:143906"),
        ("hf:org/repo@main/unet/x.safetensors", "hf:org/repo@main/unet/x.safetensors"),
        (" https://h.example/x ", "https://h.example/x"),
        ("", ""),
    ],
)
def test_the_base_is_the_reference_without_secrets_and_else_letter_by_letter(reference: str, base: str) -> None:
    assert base_reference(reference) == base
    assert identity(reference) == hexed(base)


@pytest.mark.parametrize("name", ["model", "id", "key", "code", "file", "author", "tokenizer", "st", "page"])
@pytest.mark.parametrize("rest", ["", "&token=SECRET", "&Signature=SECRET&Expires=1"])
def test_two_files_that_only_a_query_tells_apart_are_two(name: str, rest: str) -> None:
    assert identity(f"https://h.example/get?{name}=1{rest}") != identity(f"https://h.example/get?{name}=2{rest}")


def test_the_first_fetcher_hashed_the_effective_url() -> None:
    assert left_by_first_fetcher(CIVITAI)[0] == hexed(CIVITAI)
    assert left_by_first_fetcher(CIVITAI, "token=x")[0] == hexed(f"{CIVITAI}?token=x")
    assert left_by_first_fetcher(f"{CIVITAI}?type=Model", "token=x")[0] == hexed(f"{CIVITAI}?type=Model&token=x")
    assert hexed(f"{CIVITAI}?token=x") in left_by_first_fetcher(f"{CIVITAI}?token=x")


def test_its_base_urls_hash_is_looked_for_too() -> None:
    assert hexed(CIVITAI) in left_by_first_fetcher(CIVITAI, "token=x")
    assert hexed(CIVITAI) in left_by_first_fetcher(f"{CIVITAI}?token=x")


def test_it_encoded_the_query_anew_when_it_had_something_to_add() -> None:
    assert hexed("https://h.example/x?name=a+b&token=x") in left_by_first_fetcher(
        "https://h.example/x?name=a%20b", "token=x"
    )


@given(st.text(), st.text())
def test_any_text_has_one_base_and_its_base_is_its_own(text: str, auth: str) -> None:
    base = base_reference(text)
    assert base_reference(base) == base
    assert all(len(value) == 64 for value in left_by_first_fetcher(text, auth))
