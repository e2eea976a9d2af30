from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Condition, ReferenceSyntaxError, verify
from anymatix_fetcher.verbs.ls import list_models
from anymatix_fetcher.wiring.composition import open_index
from tests.library.first_fetcher import leave
from tests.verbs.models import arrived, begun, content, digest, flip, model

if TYPE_CHECKING:
    from pathlib import Path

DATA = content(1000)
URL = "https://civitai.com/api/download/models/143906?token=secret"


def test_models_are_listed_with_where_they_came_from_and_what_proved_them(tmp_path: Path) -> None:
    arrived(tmp_path / "loras" / "sub" / "x.safetensors", DATA, URL)
    model(tmp_path / "unet" / "y.gguf", b"y")
    first, second = list_models(models=tmp_path).models
    assert (first.name, first.folder, first.size, first.origin) == (
        "loras/sub/x.safetensors",
        "loras",
        1000,
        "civitai.com",
    )
    assert (first.verified, first.digests) == ("sha256", (digest(DATA),))
    assert first.verified_at is not None
    assert "secret" not in first.source
    assert (second.folder, second.origin, second.verified, second.verified_at) == (
        "diffusion_models",
        "",
        "none",
        None,
    )


@pytest.mark.parametrize("proof", ["length", "none", "sha256"])
def test_what_was_proved_when_it_came_isnt_raised_by_looking_at_it_again(tmp_path: Path, proof: str) -> None:
    path = arrived(tmp_path / "x.pt", DATA, URL, proof=proof)
    model(tmp_path / "y.pt", b"y")

    def proofs() -> list[str]:
        return [one.verified for one in list_models(models=tmp_path).models]

    for _ in range(2):
        assert [one.error for one in verify([tmp_path])] == [None, None]
        assert proofs() == [proof, "none"]
    with open_index() as index:
        index.forget([path])
    verify([path])
    assert proofs()[0] == proof


def test_what_a_strangers_sidecar_speaks_against_is_listed_as_verify_tells_it(tmp_path: Path) -> None:
    path, sidecar = leave(tmp_path, content=DATA)
    assert [one.is_damaged for one in list_models(models=tmp_path).models] == [False]
    flip(path, 700)
    assert [one.condition for one in verify([tmp_path])] == [Condition.DAMAGED]
    assert [one.is_damaged for one in list_models(models=tmp_path).models] == [True]
    sidecar.unlink()
    assert [one.is_damaged for one in list_models(models=tmp_path).models] == [False]


def test_patterns_types_and_duplicates_choose(tmp_path: Path) -> None:
    model(tmp_path / "loras" / "Detail-XL.safetensors", DATA)
    model(tmp_path / "loras" / "other.safetensors", DATA)
    model(tmp_path / "vae" / "xl.safetensors", content(200))

    def names(*patterns: str, type: str | None = None, only_duplicates: bool = False) -> list[str]:  # noqa: A002
        found = list_models(patterns, models=tmp_path, type=type, only_duplicates=only_duplicates)
        return [one.path.name for one in found.models]

    assert names("xl") == ["Detail-XL.safetensors", "xl.safetensors"]
    assert names("*xl*", type="LORA") == ["Detail-XL.safetensors"]
    assert names("loras/*") == ["Detail-XL.safetensors", "other.safetensors"]
    assert names(type="vae") == ["xl.safetensors"]
    assert names("xl", "other") == ["Detail-XL.safetensors", "other.safetensors", "xl.safetensors"]
    assert names(only_duplicates=True) == []
    verify([tmp_path])
    assert names(only_duplicates=True) == ["Detail-XL.safetensors", "other.safetensors"]
    with pytest.raises(ReferenceSyntaxError):
        names(type="nonsense")


def test_what_is_known_of_a_file_ends_when_it_changes(tmp_path: Path) -> None:
    path, copy = model(tmp_path / "a.pt", DATA), model(tmp_path / "b.pt", DATA)
    verify([tmp_path])
    first, second = list_models(models=tmp_path).models
    assert (first.duplicates, second.duplicates) == ((copy,), (path,))
    flip(path, 5, quietly=False)
    first, second = list_models(models=tmp_path).models
    assert (first.is_changed, first.verified, first.digests, first.duplicates) == (True, "none", (), ())
    assert second.duplicates == ()


def test_damage_that_was_found_is_remembered(tmp_path: Path) -> None:
    path = arrived(tmp_path / "a.pt", DATA, URL)
    flip(path, 5)
    verify([path])
    (found,) = list_models(models=tmp_path).models
    assert (found.is_damaged, found.verified, found.digests) == (True, "none", ())


def test_names_of_one_file_are_one_model_and_what_is_unfinished_is_named(tmp_path: Path) -> None:
    path = model(tmp_path / "a.pt", DATA)
    os.link(path, tmp_path / "b.pt")
    begun(tmp_path / "c.pt.part", b"half")
    model(tmp_path / "firefox.pt.part", b"half")
    stock = list_models(models=tmp_path)
    assert [(one.path, one.others, one.duplicates) for one in stock.models] == [(path, (tmp_path / "b.pt",), ())]
    assert (stock.unfinished, stock.root, stock.reason) == ((tmp_path / "c.pt",), tmp_path, "it was named")


def test_nothing_is_listed_where_there_is_nothing(tmp_path: Path) -> None:
    assert list_models(models=tmp_path / "missing").models == ()
