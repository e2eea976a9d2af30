from __future__ import annotations

import os
from pathlib import Path

import pytest

from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.wiring.models import files_at, hugging_face_cache, opened_place
from tests.library.first_fetcher import leave
from tests.verbs.models import model


def test_models_and_what_sidecars_name_are_found_and_nothing_else(tmp_path: Path) -> None:
    path, sidecar = leave(tmp_path / "loras")
    config = model(tmp_path / "loras" / "config.json", b"{}")
    model(tmp_path / "loras" / "readme.txt", b"hello")
    (tmp_path / "loras" / ("0" * 64 + ".json")).write_text(
        '{"url": "https://example.org/c", "file_name": "config.json"}'
    )
    with opened_place(tmp_path) as place:
        found = files_at(place, [tmp_path])
    assert [kept.path for kept in found] == [config, path]
    assert [one.path for one in found[1].sidecars] == [sidecar]


def test_a_named_file_counts_whatever_it_is_called(tmp_path: Path) -> None:
    path = model(tmp_path / "readme.txt", b"hello")
    with opened_place(tmp_path) as place:
        assert [kept.path for kept in files_at(place, [path, path, tmp_path])] == [path]
        with pytest.raises(NotFoundError):
            files_at(place, [tmp_path / "missing"])


def test_a_path_is_looked_for_here_and_then_below_the_models_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = model(tmp_path / "models" / "loras" / "x.pt", b"x")
    monkeypatch.chdir(tmp_path)
    with opened_place(tmp_path / "models") as place:
        for word in ("loras", "loras/x.pt", "models/loras"):
            assert [kept.path for kept in files_at(place, [Path(word)])] == [there]
        here = model(tmp_path / "loras" / "x.pt", b"y")
        assert [kept.path for kept in files_at(place, [Path("loras")])] == [here]


def test_all_names_of_one_file_are_one_and_the_real_one_is_shown(tmp_path: Path) -> None:
    path = model(tmp_path / "b" / "x.pt", b"x")
    os.link(path, tmp_path / "b" / "y.pt")
    (tmp_path / "a.pt").symlink_to(path)
    with opened_place(tmp_path) as place:
        (kept,) = files_at(place, [tmp_path])
        assert kept.paths == (path, tmp_path / "b" / "y.pt", tmp_path / "a.pt")
        assert place.shown(path) == os.path.join("b", "x.pt")  # noqa: PTH118 - text, as it is shown
        assert place.shown(tmp_path.parent) == str(tmp_path.parent)


def test_the_index_is_in_the_users_data_folder_and_the_cache_where_hugging_face_has_it(
    tmp_path: Path, data_folder: Path, cache_folder: Path
) -> None:
    with opened_place(tmp_path) as place:
        assert place.index.is_kept
    assert (data_folder / "anymatix-fetcher" / "index.sqlite").is_file()
    assert hugging_face_cache() == cache_folder / "huggingface" / "hub"


def test_more_folders_are_named_by_files_like_comfyuis(tmp_path: Path) -> None:
    elsewhere = model(tmp_path / "elsewhere" / "x.pt", b"x").parent
    config = tmp_path / "extra.yaml"
    config.write_text(f"mine:\n  loras: {elsewhere}\n")
    (tmp_path / "models").mkdir()
    with opened_place(tmp_path / "models", [config]) as place:
        assert elsewhere in place.folders.roots
