from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.containment import Bounds, inside

if TYPE_CHECKING:
    from pathlib import Path

PARTS = (SafeName("SDXL"), SafeName("x.safetensors"))


def test_a_path_below_its_folder_is_given_whether_it_is_there_or_not(tmp_path: Path) -> None:
    assert inside(tmp_path, PARTS) == tmp_path / "SDXL" / "x.safetensors"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "loras").symlink_to("disk")
    assert inside(tmp_path / "loras", PARTS) == tmp_path / "loras" / "SDXL" / "x.safetensors"


def test_a_link_that_stays_inside_may_be_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "SDXL").symlink_to("other")
    assert inside(tmp_path, PARTS) == tmp_path / "SDXL" / "x.safetensors"


@pytest.mark.parametrize("link", ["SDXL", "SDXL/x.safetensors"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "loras"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError, match="leads out of"):
        inside(root, PARTS)


def test_links_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "SDXL").symlink_to("SDXL")
    with pytest.raises(StorageError):
        inside(tmp_path, PARTS)


# Where a destination may be -------------------------------------------------------------------------------


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    program = tmp_path / "ComfyUI"
    for folder in ("custom_nodes/pack", "models/loras", "input", "output", "web"):
        (program / folder).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (program / name).touch()
    return program


@pytest.mark.parametrize("part", ["custom_nodes", "Custom_Nodes", "CUSTOM-NODES", "configs", "Configs"])
def test_nothing_that_others_name_goes_where_programs_are_run(tmp_path: Path, part: str) -> None:
    for below in (f"{part}/x.py", f"vae/{part}/x.py", part):
        with pytest.raises(StorageError, match="ComfyUI runs what lies there"):
            Bounds(tmp_path, is_named=True).check(tmp_path / below)


def test_a_caller_may_name_such_a_folder_himself(comfyui: Path) -> None:
    pack = comfyui / "custom_nodes" / "pack"
    Bounds(pack, is_named=True).check(pack / "x.bin")
    Bounds(pack, is_named=True).check(pack / "vae" / "x.bin")


@pytest.mark.parametrize("below", ["x.bin", "web/x.js", "app/x.py", "custom.bin"])
def test_what_nobody_has_named_stays_out_of_comfyuis_own_folder(comfyui: Path, below: str) -> None:
    with pytest.raises(StorageError, match="ComfyUI's own folder"):
        Bounds(comfyui).check(comfyui / below)
    Bounds(comfyui, is_named=True).check(comfyui / below)


@pytest.mark.parametrize("below", ["models/loras/x.bin", "input/x.png", "output/new/x.png", "Models/x"])
def test_models_inputs_and_outputs_may_go_into_comfyui(comfyui: Path, below: str) -> None:
    Bounds(comfyui).check(comfyui / below)


def test_where_a_folder_of_models_really_is_counts(comfyui: Path) -> None:
    models = comfyui / "models"
    (models / "embeddings").symlink_to(comfyui / "custom_nodes")
    (models / "vae").symlink_to(comfyui / "web")
    for name in ("embeddings", "vae"):
        with pytest.raises(StorageError, match="ComfyUI runs what lies there"):
            Bounds(models / name, root=models).check(models / name / "x.bin")


def test_a_folder_of_models_may_be_a_link_to_another_disk(tmp_path: Path, comfyui: Path) -> None:
    (tmp_path / "disk").mkdir()
    (comfyui / "models" / "vae").symlink_to(tmp_path / "disk")
    Bounds(comfyui / "models" / "vae", root=comfyui / "models").check(comfyui / "models" / "vae" / "x.bin")


def test_a_root_of_the_callers_choice_may_be_called_anything(tmp_path: Path) -> None:
    root = tmp_path / "configs" / "models"
    (root / "vae").mkdir(parents=True)
    Bounds(root / "vae", root=root).check(root / "vae" / "x.bin")


def test_a_destination_outside_of_its_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "x.bin", tmp_path / "in" / ".." / "x.bin", tmp_path / "inside" / "x.bin"):
        with pytest.raises(StorageError, match="leads out of"):
            Bounds(tmp_path / "in", is_named=True).check(path)


def test_a_link_below_the_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "vae").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError, match="by a symbolic link"):
        Bounds(tmp_path / "out", is_named=True).check(tmp_path / "out" / "vae" / "x.bin")
