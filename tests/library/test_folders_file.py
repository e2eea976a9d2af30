"""A file that lists the folders of models, named in the place of a models root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.folders_file import folders_text, read_folders
from anymatix_fetcher.library.roots import find_models

if TYPE_CHECKING:
    from pathlib import Path


def test_what_it_lists_is_where_models_are(tmp_path: Path) -> None:
    file = tmp_path / "folders.json"
    listed = {"loras": [str(tmp_path / "b"), str(tmp_path / "a")], "custom_nodes": [str(tmp_path / "run")], "none": []}
    file.write_text(folders_text(str(tmp_path / "models"), listed), encoding="utf-8")
    root = find_models(file, environment={}, current=tmp_path, home=tmp_path)
    folders = root.folders()
    assert root.models == tmp_path / "models"
    assert folders.target_for("lora") == tmp_path / "b"
    assert folders.target_for("checkpoint") == tmp_path / "models" / "checkpoints"
    assert set(folders.roots) == {tmp_path / name for name in ("models", "a", "b")}


def test_a_name_whose_folder_holds_programs_is_no_destination(tmp_path: Path) -> None:
    file = tmp_path / "folders.json"
    listed = {"loras": [str(tmp_path / "run" / "pack")], "custom_nodes": [str(tmp_path / "run")]}
    file.write_text(folders_text(str(tmp_path / "models"), listed), encoding="utf-8")
    with pytest.raises(ReferenceSyntaxError, match="nothing is downloaded"):
        read_folders(file).target_for("lora")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"models": 1, "folders": {}}',
        '{"models": "/m", "folders": {"a": "b"}}',
        '{"models": "m", "folders": {}}',
    ],
)
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "folders.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceSyntaxError, match="doesn't say where models are"):
        read_folders(file)
