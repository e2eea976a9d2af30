"""Where a file may go whose place others have named: lock files, lists, Metalinks, repositories, workflows, servers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.testing.hosts import Hosts, everything

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORAGE = 7
META = """<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">
<file name="{name}"><url>{url}</url></file></metalink>"""
LOCK = 'version = 1\n[[file]]\nname = "{name}"\nroot = "here"\nfolder = "{folder}"\nsources = ["{url}"]\n'


@pytest.fixture
def url() -> Iterator[str]:
    with Origin(seed=4) as running:
        yield running.add("/a.bin", size=30_000).url


@pytest.fixture
def comfyui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: ComfyUI's own."""
    program = tmp_path / "ComfyUI"
    for folder in ("custom_nodes", "models"):
        (program / folder).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (program / name).touch()
    monkeypatch.chdir(program)
    return program


def files(folder: Path) -> set[str]:
    inside = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {name for name in inside if not name.endswith(".json")} - {"main.py", "folder_paths.py"}


@pytest.mark.parametrize("folder", ["custom_nodes/pack", "models/Custom_Nodes", "configs", "web"])
def test_a_lock_file_brings_no_code_into_comfyui(
    comfyui: Path, url: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (comfyui / "x.lock").write_text(LOCK.format(name="x.py", folder=folder, url=url))
    assert main(["sync", "-f", "x.lock"]) == STORAGE
    assert main(["sync", "-f", "x.lock", "--dry-run"]) == STORAGE
    assert "ComfyUI runs what lies there" in capsys.readouterr().err
    assert files(comfyui) == {"x.lock"}


def test_a_list_and_a_metalink_bring_no_code_into_comfyui(comfyui: Path, url: str) -> None:
    (comfyui / "list").write_text(f"{url}\n  dir=custom_nodes/pack\n  out=__init__.py\n")
    (comfyui / "x.meta4").write_text(META.format(name="custom_nodes/pack/prestartup_script.py", url=url))
    for arguments in (["-i", "list"], ["-d", ".", "-i", "list"], ["x.meta4"], ["-d", ".", "x.meta4"]):
        assert main(arguments) == STORAGE
    assert files(comfyui) == {"list", "x.meta4"}


def test_what_is_named_by_its_address_goes_into_comfyui_only_where_the_user_says_so(comfyui: Path, url: str) -> None:
    assert main([url]) == STORAGE
    assert files(comfyui) == set()
    assert main(["-d", ".", url]) == 0
    assert main(["-o", "web/mine.bin", url]) == 0
    assert main(["-t", "vae", url]) == 0
    assert files(comfyui) == {"a.bin", "web/mine.bin", "models/vae/a.bin"}


@pytest.mark.parametrize("folder", ["custom_nodes", "Custom_Nodes/pack/models", "models/configs", "link", "link/new"])
def test_nothing_goes_into_comfyuis_code_and_settings_whoever_says_so(
    comfyui: Path, url: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (comfyui / "link").symlink_to("custom_nodes")
    assert main(["-d", folder, url]) == STORAGE
    assert main(["-o", f"{folder}/mine.bin", url]) == STORAGE
    assert main(["-d", str(comfyui / folder), url]) == STORAGE
    (comfyui / "x.lock").write_text(LOCK.format(name="x.bin", folder="sub", url=url))
    assert main(["sync", "-f", "x.lock", "-d", folder]) == STORAGE
    error = capsys.readouterr().err
    assert error.count("for ComfyUI runs or obeys what lies in") == 4
    assert "hint:" in error
    assert files(comfyui) == {"x.lock"}


def test_the_models_root_has_no_folder_of_settings_either(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANYFETCH_MODELS", "root")
    assert main(["-d", "root/configs", url]) == STORAGE
    assert main(["-d", "root/other/configs", url]) == 0
    assert files(tmp_path) == {"root/other/configs/a.bin"}


@pytest.mark.parametrize("folder", ["configs", "custom_nodes", "models/configs", "project/configs/deep"])
def test_such_a_folder_of_another_program_is_a_folder_as_any(
    tmp_path: Path, url: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["-d", folder, url]) == 0
    assert files(tmp_path) == {f"{folder}/a.bin"}


def test_a_linked_folder_of_models_leads_to_no_custom_nodes(comfyui: Path, url: str) -> None:
    (comfyui / "models" / "embeddings").symlink_to("../custom_nodes")
    workflow = {
        "nodes": [
            {
                "id": 1,
                "type": "X",
                "properties": {"models": [{"name": "e.pt", "url": url, "directory": "embeddings"}]},
                "widgets_values": ["e.pt"],
            }
        ]
    }
    (comfyui / "w.json").write_text(json.dumps(workflow))
    assert main(["-t", "embedding", url]) == STORAGE
    assert main(["workflow", "w.json"]) != 0
    assert files(comfyui) == set()


def test_a_link_in_the_folder_leads_nothing_out_of_it(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("out", "outside"):
        (tmp_path / folder).mkdir()
    (tmp_path / "out" / "vae").symlink_to("../outside")
    (tmp_path / "list").write_text(f"{url}\n  dir=vae\n")
    (tmp_path / "x.meta4").write_text(META.format(name="vae/z.bin", url=url))
    for arguments in (["-i", "list"], ["x.meta4"]):
        assert main(["-d", "out", *arguments]) == STORAGE
    with Hosts(*everything()) as hosts:
        for name, value in hosts.variables.items():
            monkeypatch.setenv(name, value)
        assert main(["-d", "out", "hf:anymatix/model"]) == STORAGE
    assert capsys.readouterr().err.count("leads out of") == 3
    assert files(tmp_path / "outside") == set()
    assert files(tmp_path / "out") == {"model.safetensors"}  # what leads nowhere else has come
