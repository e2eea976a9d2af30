from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.library.walking import walk, walk_all, walk_folders

if TYPE_CHECKING:
    from anymatix_fetcher.library.file_state import FileState


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


def test_every_file_comes_once_folder_by_folder(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b.pt", "a/2.pt", "a/1.pt", "a/deep/x.pt", "c/y.pt")]
    touch(*files)
    found = [str(seen.path.relative_to(tmp_path)) for seen in walk(tmp_path)]
    assert found == ["b.pt", "a/1.pt", "a/2.pt", "a/deep/x.pt", "c/y.pt"]


def test_a_folder_that_cant_be_looked_through_is_told_and_the_others_come(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.pt", tmp_path / "b" / "y.pt")
    told: list[tuple[Path, type[OSError]]] = []
    roots = [tmp_path / name for name in ("a", "gone", "b")]
    found = [seen.path.name for seen in walk_all(roots, lambda path, error: told.append((path, type(error))))]
    assert found == ["x.pt", "y.pt"]
    assert told == [(tmp_path / "gone", FileNotFoundError)]


def test_what_comfyui_runs_and_version_control_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / ".git" / "x", tmp_path / "custom_nodes" / "x", tmp_path / ".cache" / "x", tmp_path / "y")
    assert [seen.path.name for seen in walk(tmp_path)] == ["y"]


def test_links_to_folders_are_followed_and_circles_are_walked_once(tmp_path: Path) -> None:
    touch(tmp_path / "real" / "x.pt")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "loras").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "again").symlink_to(tmp_path / "root")
    assert [seen.path for seen in walk(tmp_path / "root")] == [tmp_path / "root" / "loras" / "x.pt"]


def test_a_link_to_a_file_is_marked_and_has_the_files_own_state(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.pt")
    (tmp_path / "y.pt").symlink_to(tmp_path / "a" / "x.pt")
    seen = {file.path.name: file for file in walk(tmp_path)}
    assert seen["y.pt"].is_link
    assert not seen["x.pt"].is_link
    assert seen["y.pt"].state == seen["x.pt"].state


def test_what_cannot_be_looked_at_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "x.pt")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    assert [seen.path.name for seen in walk(tmp_path)] == ["x.pt"]
    assert list(walk(tmp_path / "nowhere")) == []
    assert list(walk(tmp_path / "x.pt")) == []


def test_a_file_below_two_roots_comes_once(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.pt")
    assert len(list(walk_all([tmp_path, tmp_path / "a"]))) == 1


def test_what_links_lead_to_is_seen_where_it_really_is(tmp_path: Path) -> None:
    touch(tmp_path / "models" / "zoo" / "x.pt", tmp_path / "outside" / "y.pt")
    (tmp_path / "models" / "a").symlink_to(tmp_path / "models" / "zoo")
    (tmp_path / "models" / "b").symlink_to(tmp_path / "outside")
    found = {seen.path.relative_to(tmp_path): seen.is_real for seen in walk(tmp_path / "models")}
    assert found == {Path("models/zoo/x.pt"): True, Path("models/b/y.pt"): False}
    found = {seen.path.relative_to(tmp_path): seen.is_real for seen in walk_all([tmp_path / "models", tmp_path])}
    assert found == {Path("models/zoo/x.pt"): True, Path("outside/y.pt"): True}


def test_a_root_that_is_a_link_is_its_owners_word(tmp_path: Path) -> None:
    touch(tmp_path / "real" / "x.pt")
    (tmp_path / "models").symlink_to(tmp_path / "real")
    assert [(seen.path, seen.is_real) for seen in walk(tmp_path / "models")] == [(tmp_path / "models" / "x.pt", True)]
    both = walk_all([tmp_path / "models", tmp_path / "real"])
    assert [seen.path for seen in both] == [tmp_path / "real" / "x.pt"]


def test_a_folder_that_is_as_it_is_remembered_is_not_looked_through(tmp_path: Path) -> None:
    touch(tmp_path / "x.pt", tmp_path / "a" / "y.pt")
    folders = list(walk_folders([tmp_path]))
    states = {folder.path: (folder.state, folder.folders) for folder in folders}

    def remembered(path: Path, state: FileState) -> tuple[str, ...] | None:
        before, names = states[path]
        return names if state.is_still(before) else None

    touch(tmp_path / "a" / "new.pt")
    found = {
        folder.path: folder.files and [file.path.name for file in folder.files]
        for folder in walk_folders([tmp_path], remembered)
    }
    assert found == {tmp_path: None, tmp_path / "a": ["new.pt", "y.pt"]}
