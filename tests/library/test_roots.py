from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.library.layouts import Layout
from anymatix_fetcher.library.roots import ModelsRoot, find_models

if TYPE_CHECKING:
    from pathlib import Path


def comfyui(folder: Path) -> Path:
    (folder / "models" / "loras").mkdir(parents=True)
    (folder / "folder_paths.py").touch()
    (folder / "main.py").touch()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def current(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def found(current: Path, home: Path, named: Path | None = None, **environment: str) -> ModelsRoot:
    return find_models(named, environment=environment, current=current, home=home)


def test_where_there_is_nothing_models_lie_in_the_current_folder(current: Path, home: Path) -> None:
    assert found(current, home) == ModelsRoot(
        current / "models", Layout.COMFYUI, None, named=False, reason="no ComfyUI was found"
    )


def test_a_current_folder_that_is_called_models_is_the_place_for_them(current: Path, home: Path) -> None:
    here = current / "models"
    here.mkdir()
    root = found(here, home)
    assert (root.models, root.named) == (here, False)
    (here / "models").mkdir()
    assert found(here, home).models == here / "models"


def test_the_order_is_named_variable_around_path_home_here(tmp_path: Path, current: Path, home: Path) -> None:
    here = comfyui(current / "ComfyUI")
    assert found(current, home).program == here
    at_home = comfyui(home / "ComfyUI")
    assert found(current, home).program == at_home
    by_path = comfyui(tmp_path / "by_path")
    assert found(current, home, COMFYUI_PATH=str(by_path)).program == by_path
    inside = current / "ComfyUI" / "models" / "loras"
    assert found(inside, home, COMFYUI_PATH=str(by_path)).program == here
    by_variable = tmp_path / "by_variable"
    assert found(inside, home, ANYFETCH_MODELS=str(by_variable)).models == by_variable
    named = tmp_path / "named"
    assert found(inside, home, named, ANYFETCH_MODELS=str(by_variable)).models == named


def test_a_variable_that_leads_to_no_comfyui_is_passed_over(current: Path, home: Path) -> None:
    assert found(current, home, COMFYUI_PATH="/nowhere").models == current / "models"


def test_a_folder_without_models_is_no_comfyui(current: Path, home: Path) -> None:
    (current / "main.py").touch()
    (current / "folder_paths.py").touch()
    assert found(current, home).program is None


def test_the_home_folders_sign_is_understood_in_variables(current: Path, home: Path) -> None:
    assert found(current, home, ANYFETCH_MODELS="~/big/models").models == home / "big" / "models"


def test_comfyuis_own_folder_may_be_named(tmp_path: Path, current: Path, home: Path) -> None:
    root = found(current, home, comfyui(tmp_path / "ui"))
    assert root.models == tmp_path / "ui" / "models"
    assert root.program == tmp_path / "ui"
    assert not root.named


def test_where_comfyui_is_a_link_its_paths_are_those_that_it_says_itself(
    tmp_path: Path, current: Path, home: Path
) -> None:
    comfyui(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    assert found(current, home, tmp_path / "link").models == tmp_path / "real" / "models"


@pytest.mark.parametrize("named_models", [False, True])
def test_the_extra_paths_are_read_but_defaults_hold_only_where_nobody_named_the_models(
    tmp_path: Path, current: Path, home: Path, *, named_models: bool
) -> None:
    ui = comfyui(tmp_path / "ui")
    (ui / "extra_model_paths.yaml").write_text("big:\n  is_default: true\n  base_path: ../big\n  loras: loras\n")
    folders = found(current, home, ui / "models" if named_models else ui).folders()
    assert tmp_path / "big" / "loras" in folders.paths("loras")
    assert folders.target("loras") == (ui / "models" / "loras" if named_models else tmp_path / "big" / "loras")


def test_more_files_like_it_may_be_given(tmp_path: Path, current: Path, home: Path) -> None:
    more = tmp_path / "more.yaml"
    more.write_text("a:\n  vae: /far/vae\n")
    assert tmp_path / "/far/vae" in found(current, home).folders([more]).paths("vae")


@pytest.mark.parametrize("which", ["program", "models"])
def test_the_a1111_web_ui_is_recognized(tmp_path: Path, current: Path, home: Path, which: str) -> None:
    (tmp_path / "webui" / "models" / "Stable-diffusion").mkdir(parents=True)
    root = found(current, home, tmp_path / "webui" / ("models" if which == "models" else ""))
    assert root.layout is Layout.A1111
    assert root.folders().target_for("ti") == tmp_path / "webui" / "embeddings"
    assert root.folders().target_for("lora") == tmp_path / "webui" / "models" / "Lora"


def test_forge_is_recognized(tmp_path: Path, current: Path, home: Path) -> None:
    (tmp_path / "forge" / "models" / "Stable-diffusion").mkdir(parents=True)
    (tmp_path / "forge" / "modules_forge").mkdir()
    assert found(current, home, tmp_path / "forge" / "models").layout is Layout.FORGE


def test_swarmui_is_recognized(tmp_path: Path, current: Path, home: Path) -> None:
    (tmp_path / "swarm" / "Models" / "Stable-Diffusion").mkdir(parents=True)
    root = found(current, home, tmp_path / "swarm")
    assert root.layout is Layout.SWARMUI
    assert root.folders().target_for("vae") == tmp_path / "swarm" / "Models" / "VAE"
