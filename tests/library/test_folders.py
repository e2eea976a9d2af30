from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.extra_paths import ExtraPath
from anymatix_fetcher.library.folders import ModelFolders, comfyui_folders, other_folders
from anymatix_fetcher.library.layouts import Layout

UI = Path("/ui")
MODELS = UI / "models"
BIG = Path("/big")


def comfy(*extra: ExtraPath, defaults_apply: bool = True) -> ModelFolders:
    return comfyui_folders(MODELS, extra=extra, program=UI, defaults_apply=defaults_apply)


def test_new_diffusion_models_go_to_the_first_path_as_in_comfyui() -> None:
    folders = comfyui_folders(MODELS)
    assert folders.paths("diffusion_models") == (MODELS / "unet", MODELS / "diffusion_models")
    assert folders.target("diffusion_models") == MODELS / "unet"
    assert folders.target("text_encoders") == MODELS / "text_encoders"
    assert folders.target("controlnet") == MODELS / "controlnet"


def test_legacy_names_stand_for_the_new_ones() -> None:
    folders = comfy(ExtraPath("clip", BIG / "clip", is_default=False))
    assert folders.paths("unet") == folders.paths("diffusion_models")
    assert BIG / "clip" in folders.paths("text_encoders")
    assert "clip" not in folders.by_name


def test_extra_paths_come_after_the_own_ones_and_defaults_before_them() -> None:
    folders = comfy(
        ExtraPath("loras", BIG / "a", is_default=False),
        ExtraPath("loras", BIG / "b", is_default=True),
        ExtraPath("loras", BIG / "c", is_default=True),
    )
    own = (MODELS / "loras", BIG / "a", UI / "output" / "loras")
    assert folders.paths("loras") == (BIG / "c", BIG / "b", *own)
    assert folders.target("loras") == BIG / "c"


def test_a_default_that_is_there_already_moves_to_the_front() -> None:
    folders = comfy(ExtraPath("diffusion_models", MODELS / "diffusion_models", is_default=True))
    assert folders.paths("diffusion_models")[:2] == (MODELS / "diffusion_models", MODELS / "unet")


def test_where_somebody_names_the_models_root_defaults_lead_nowhere_else() -> None:
    extra = (
        ExtraPath("loras", BIG / "loras", is_default=True),
        ExtraPath("download_model_base", BIG, is_default=True),
    )
    folders = comfy(*extra, defaults_apply=False)
    assert folders.target("loras") == MODELS / "loras"
    assert BIG / "loras" in folders.paths("loras")


def test_the_managers_download_base_decides_where_comfyui_looks_there() -> None:
    folders = comfy(
        ExtraPath("download_model_base", BIG, is_default=False),
        ExtraPath("loras", BIG / "loras", is_default=False),
        ExtraPath("vae", Path("/elsewhere"), is_default=False),
    )
    assert folders.target("loras") == BIG / "loras"
    assert folders.target("vae") == MODELS / "vae"
    assert folders.target("sams") == BIG / "sams"


def test_a_folder_that_nobody_registered_lies_below_the_models_root() -> None:
    assert comfy().target("ultralytics/bbox") == MODELS / "ultralytics" / "bbox"


@pytest.mark.parametrize("name", ["custom_nodes", "configs", "x/custom_nodes", "Custom-Nodes"])
def test_nothing_goes_where_code_is(name: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="is run by ComfyUI"):
        comfy().target(name)


def test_a_folder_inside_the_custom_nodes_is_no_target_whatever_it_is_called() -> None:
    folders = comfy(ExtraPath("loras", UI / "custom_nodes" / "pack", is_default=True))
    with pytest.raises(ReferenceSyntaxError, match="is run by ComfyUI"):
        folders.target("loras")


@pytest.mark.parametrize("name", ["", "..", "../x", "/etc", "a//b", "a\\b", ".hidden", "a/../b", "CON"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ReferenceSyntaxError):
        comfy().target(name)


@pytest.mark.parametrize(
    ("word", "target"),
    [("LoRA", "loras"), ("detector", "ultralytics/bbox"), ("unet", "unet"), ("clip", "text_encoders")],
)
def test_a_target_is_found_by_a_word_for_a_type(word: str, target: str) -> None:
    assert comfy().target_for(word) == MODELS / target


def test_a_registered_folder_is_found_by_its_name_though_it_is_no_type() -> None:
    assert comfy(ExtraPath("wildcards", BIG / "w", is_default=False)).target_for("wildcards") == BIG / "w"
    with pytest.raises(ReferenceSyntaxError):
        comfy().target_for("wildcards")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (MODELS / "loras" / "x.safetensors", "loras"),
        (MODELS / "unet" / "deep" / "x.gguf", "diffusion_models"),
        (MODELS / "clip" / "x", "text_encoders"),
        (MODELS / "sam2" / "x.pt", "sam2"),
        (MODELS / "loras" / ".." / "vae" / "x.pt", "vae"),
        (BIG / "loras" / "inner" / "x", "vae"),
        (UI / "output" / "checkpoints" / "x", "checkpoints"),
        (MODELS, None),
        (Path("/elsewhere/x"), None),
    ],
)
def test_the_innermost_folder_says_whose_a_path_is(path: Path, name: str | None) -> None:
    extra = (
        ExtraPath("loras", BIG / "loras", is_default=False),
        ExtraPath("vae", BIG / "loras" / "inner", is_default=False),
        ExtraPath("configs", MODELS / "loras", is_default=False),
    )
    assert comfy(*extra).folder_of(path) == name


def test_roots_hold_every_model_and_none_lies_in_another() -> None:
    extra = (
        ExtraPath("loras", BIG / "loras", is_default=False),
        ExtraPath("vae", BIG / "loras" / "inner", is_default=False),
        ExtraPath("custom_nodes", Path("/nodes"), is_default=False),
    )
    roots = comfy(*extra).roots
    outputs = {UI / "output" / name for name in ("checkpoints", "clip", "vae", "diffusion_models", "loras")}
    assert set(roots) == {MODELS, BIG / "loras", *outputs}


def test_other_programs_folders_lie_in_and_beside_their_models() -> None:
    webui = other_folders(Layout.A1111, Path("/webui/models"))
    assert webui.target_for("lora") == Path("/webui/models/Lora")
    assert webui.target_for("embedding") == Path("/webui/embeddings")
    swarm = other_folders(Layout.SWARMUI, Path("/swarm/Models"))
    assert swarm.target_for("checkpoint") == Path("/swarm/Models/Stable-Diffusion")


def test_what_a_program_has_no_folder_for_asks_for_a_directory() -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        other_folders(Layout.A1111, Path("/webui/models")).target_for("clip_vision")
    assert "--directory" in caught.value.hint
