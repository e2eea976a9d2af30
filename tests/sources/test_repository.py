from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.sources.base import Wish
from anymatix_fetcher.sources.repository import MAX_LISTED, RepositoryFile, listing, stays_inside, wanted

FILES = [
    RepositoryFile(path)
    for path in ("README.md", "model.safetensors", "vae/config.json", "vae/model.safetensors", "vae2/x.bin")
]


def paths(*, include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), below: str = "") -> list[str]:
    wish = Wish("hf:o/r", include=include, exclude=exclude)
    return [file.path for file in wanted(FILES, wish, below=below, what="o/r")]


def test_without_globs_everything_is_wanted() -> None:
    assert paths() == [file.path for file in FILES]


def test_a_globs_asterisk_matches_in_folders_too() -> None:
    assert paths(include=("*.safetensors",)) == ["model.safetensors", "vae/model.safetensors"]


def test_any_include_admits_and_any_exclude_refuses() -> None:
    assert paths(include=("*.json", "*.bin")) == ["vae/config.json", "vae2/x.bin"]
    assert paths(include=("*.safetensors",), exclude=("vae/*",)) == ["model.safetensors"]
    assert paths(exclude=("*.md", "*.json", "vae2/")) == ["model.safetensors", "vae/model.safetensors"]


def test_a_folder_is_everything_below_it_and_nothing_beside_it() -> None:
    assert paths(below="vae") == paths(below="vae/") == ["vae/config.json", "vae/model.safetensors"]


def test_case_counts() -> None:
    with pytest.raises(NotFoundError):
        paths(include=("*.MD",))


def test_where_nothing_is_left_the_hint_says_what_there_is() -> None:
    with pytest.raises(NotFoundError, match="none of the 5 files of o/r is selected") as refusal:
        paths(include=("*.gguf",))
    assert "vae/model.safetensors" in refusal.value.hint
    with pytest.raises(NotFoundError, match="no files below unet/"):
        paths(below="unet")


def test_of_many_names_the_first_are_listed_and_none_disturbs_the_terminal() -> None:
    assert listing(["a", "b\x1b[2J"]) == "a, b%1B[2J"
    assert listing(str(number) for number in range(MAX_LISTED + 3)).endswith("19, and 3 more")
    assert len(listing(["x" * 10_000])) < 1000


def test_a_path_is_safe_names_below_the_destination() -> None:
    file = RepositoryFile("unet/.hidden/con/m?.safetensors")
    assert file.folder == ("unet", "_hidden", "_con")
    assert file.name == "m_.safetensors"
    assert RepositoryFile("---/___").folder == ("_",)
    assert RepositoryFile("---/___").name == "_"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "a/."])
def test_a_path_with_detours_doesnt_stay_inside(path: str) -> None:
    assert not stays_inside(path)


@given(st.text())
def test_no_path_leads_out_of_the_destination(path: str) -> None:
    file = RepositoryFile(path)
    for part in (*file.folder, file.name):
        assert part not in {"", ".", ".."}
        assert not set("/\\\0") & set(part)
