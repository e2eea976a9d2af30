from __future__ import annotations

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.base import Environment


@pytest.mark.parametrize("reference", ["", "h.example/m.bin", "/etc/passwd", "C:\\x", "ftp://h.example/m", "file:///x"])
def test_what_belongs_to_no_source_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference") as refusal:
        catalog.find(reference, Environment())
    assert "https://example.com/" in refusal.value.hint


def test_every_source_has_a_name_of_its_own() -> None:
    names = [source.name for source in catalog.SOURCES]
    assert len(set(names)) == len(names)


def test_the_refusal_names_no_secret() -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        catalog.find("ftp://me:SECRET@h.example/m?token=SECRET", Environment())
    assert "SECRET" not in f"{refusal.value} {refusal.value!r} {refusal.value.hint}"
