from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError, StorageError
from anymatix_fetcher.verbs.remove import FolderRemoval, plan, remove_planned
from anymatix_fetcher.wiring.composition import open_index
from tests.library.first_fetcher import BASE, TOKEN, leave
from tests.verbs.models import arrived, content, digest, model

if TYPE_CHECKING:
    from pathlib import Path

DATA = content(1000)
URL = "https://example.org/x.safetensors"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_reference_goes_with_its_model_its_sidecar_and_its_place_in_the_index(tmp_path: Path) -> None:
    arrived(tmp_path / "loras" / "x.safetensors", DATA, URL)
    model(tmp_path / "loras" / "y.safetensors", b"y")
    going = plan([URL], models=tmp_path)
    assert [(one.folder, one.models, len(one.sidecars), one.bytes_freed) for one in going] == [
        (tmp_path / "loras", ("x.safetensors",), 1, 1000)
    ]
    assert len(names(tmp_path)) == 3
    remove_planned(going, models=tmp_path)
    assert names(tmp_path) == {"y.safetensors"}
    with open_index() as index:
        assert index.wanted(digest(DATA)) == ()
        assert index.all_remembered() == {}


def test_what_another_reference_has_led_to_stays(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, URL)
    arrived(path, DATA, "https://example.org/other")
    (going,) = plan([URL], models=tmp_path)
    assert (going.models, going.kept, going.bytes_freed) == ((), ("x.safetensors",), 0)
    remove_planned([going], models=tmp_path)
    assert path.read_bytes() == DATA
    assert len(names(tmp_path)) == 2


def test_a_path_is_looked_for_here_and_below_the_models_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived(tmp_path / "loras" / "x.safetensors", DATA, URL)
    below = plan(["loras/x.safetensors"], models=tmp_path)
    monkeypatch.chdir(tmp_path / "loras")
    assert plan(["x.safetensors"], models=tmp_path) == below
    assert plan(["x.safetensors", "./x.safetensors"], models=tmp_path) == below


def test_a_path_that_means_two_files_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "models"
    here, there = (model(folder / "loras" / "x.pt", DATA) for folder in (tmp_path, models))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReferenceSyntaxError, match="both in the current folder and below the models root") as caught:
        plan(["loras/x.pt"], models=models)
    assert str(there) in caught.value.hint
    for word, meant in (("./loras/x.pt", here), (str(there), there), ("models/loras/x.pt", there)):
        assert [one.folder for one in plan([word], models=models)] == [meant.parent]
    here.unlink()
    assert [one.folder for one in plan(["loras/x.pt"], models=models)] == [there.parent]
    with pytest.raises(NotFoundError):
        plan(["./loras/x.pt"], models=models)


@pytest.mark.parametrize("name", ["thesis.txt", "config.json", f"{'0' * 64}.json", "x.safetensors.part", "x.pt.d"])
def test_what_is_no_model_and_has_no_sidecar_isnt_removed(tmp_path: Path, name: str) -> None:
    path = model(tmp_path / name, b"mine")
    with pytest.raises(StorageError, match="is not a model, and no sidecar names it"):
        plan([str(path)], models=tmp_path)
    arrived(path, b"mine", URL)
    assert plan([str(path)], models=tmp_path)[0].models == (name,)
    kept = model(tmp_path / "x.pt.changed-2", b"set aside")
    assert plan([str(kept)], models=tmp_path)[0].models == (kept.name,)


def test_the_first_fetchers_files_go_too_whatever_token_they_were_fetched_with(tmp_path: Path) -> None:
    leave(tmp_path / "loras", auth=TOKEN)
    remove_planned(plan([BASE], models=tmp_path), models=tmp_path)
    assert names(tmp_path) == set()


def test_a_file_with_another_name_frees_nothing(tmp_path: Path) -> None:
    path = model(tmp_path / "x.safetensors", DATA)
    os.link(path, tmp_path / "y.safetensors")
    assert plan([str(path)], models=tmp_path) == [FolderRemoval(tmp_path, ("x.safetensors",), (), (), 0)]


def test_of_a_link_the_link_goes(tmp_path: Path) -> None:
    path = model(tmp_path / "elsewhere" / "x.safetensors", DATA)
    link = tmp_path / "models" / "x.safetensors"
    link.parent.mkdir()
    link.symlink_to(path)
    remove_planned(plan([str(link)], models=link.parent), models=link.parent)
    assert names(tmp_path) == {"x.safetensors"}
    assert path.read_bytes() == DATA


def test_a_folder_isnt_removed_and_what_isnt_here_is_said(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        plan(["loras"], models=tmp_path)
    with pytest.raises(NotFoundError) as caught:
        plan(["https://example.org/z?token=secret"], models=tmp_path)
    assert "secret" not in str(caught.value)
