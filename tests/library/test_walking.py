from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.library.walking import walk, walk_all

if TYPE_CHECKING:
    from pathlib import Path


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


def test_every_file_comes_once_folder_by_folder(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b.pt", "a/2.pt", "a/1.pt", "a/deep/x.pt", "c/y.pt")]
    touch(*files)
    found = [str(seen.path.relative_to(tmp_path)) for seen in walk(tmp_path)]
    assert found == ["b.pt", "a/1.pt", "a/2.pt", "a/deep/x.pt", "c/y.pt"]


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
