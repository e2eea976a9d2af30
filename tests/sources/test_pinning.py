"""What goes on naming the same bytes."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.pinning import pinned_reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = Url.parse("https://h.example/x")


@pytest.mark.parametrize(
    ("reference", "pinned"),
    [
        ("hf:org/repo@main/vae/a.safetensors", f"hf:org/repo@{COMMIT}/vae/a.safetensors"),
        ("hf:datasets/org/repo@refs%2Fpr%2F1/a b.bin", f"hf:datasets/org/repo@{COMMIT}/a b.bin"),
        ("https://h.example/x", "https://h.example/x"),
        ("civitai:7?fileId=8", "civitai:7?fileId=8"),
    ],
)
def test_a_commit_takes_the_place_of_a_branch_where_there_are_commits(reference: str, pinned: str) -> None:
    assert pinned_reference(Resource(URL, reference=reference), COMMIT) == pinned


def test_without_a_commit_the_reference_stays() -> None:
    assert pinned_reference(Resource(URL, reference="hf:org/repo@main/a")) == "hf:org/repo@main/a"


def test_what_the_source_knows_itself_goes_first() -> None:
    assert (
        pinned_reference(Resource(URL, reference="hf:org/repo@main/a", pinned="hf:org/repo@v2/a")) == "hf:org/repo@v2/a"
    )
