from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded
from anymatix_fetcher.library.layouts import COMFYUI_DEFAULTS, Layout, folders_of, recognized


@pytest.mark.parametrize(
    ("layout", "name", "folders"),
    [
        (Layout.COMFYUI, "checkpoints", ("checkpoints",)),
        (Layout.COMFYUI, "diffusion_models", ("unet", "diffusion_models")),
        (Layout.COMFYUI, "text_encoders", ("text_encoders", "clip")),
        (Layout.COMFYUI, "controlnet", ("controlnet", "t2i_adapter")),
        (Layout.A1111, "checkpoints", ("models/Stable-diffusion",)),
        (Layout.A1111, "loras", ("models/Lora", "models/LyCORIS")),
        (Layout.A1111, "embeddings", ("embeddings",)),
        (Layout.A1111, "upscale_models", ("models/ESRGAN", "models/RealESRGAN", "models/SwinIR", "models/LDSR")),
        (Layout.FORGE, "text_encoders", ("models/text_encoder",)),
        (Layout.FORGE, "diffusion_models", ("models/Stable-diffusion",)),
        (Layout.SWARMUI, "checkpoints", ("Stable-Diffusion",)),
        (Layout.SWARMUI, "embeddings", ("Embeddings",)),
        (Layout.SWARMUI, "controlnet", ("controlnet", "model_patches")),
    ],
)
def test_each_program_has_its_own_folders(layout: Layout, name: str, folders: tuple[str, ...]) -> None:
    assert folders_of(layout)[name] == folders


@pytest.mark.parametrize(("layout", "name"), [(Layout.A1111, "text_encoders"), (Layout.SWARMUI, "hypernetworks")])
def test_a_program_may_have_no_folder_for_a_type(layout: Layout, name: str) -> None:
    assert name not in folders_of(layout)


@pytest.mark.parametrize("layout", [Layout.A1111, Layout.FORGE, Layout.SWARMUI])
def test_no_type_leads_to_what_is_run(layout: Layout) -> None:
    folders = [folder for group in folders_of(layout).values() for folder in group]
    assert not {folded(part) for folder in folders for part in folder.split("/")} & FORBIDDEN_FOLDERS


def test_changing_the_answer_changes_no_table() -> None:
    folders_of(Layout.COMFYUI).clear()
    assert COMFYUI_DEFAULTS


@pytest.mark.parametrize(
    ("models", "program", "layout"),
    [
        ({"Stable-diffusion", "Lora"}, {"webui.py"}, Layout.A1111),
        ({"Stable-diffusion", "Lora"}, {"webui.py", "modules_forge"}, Layout.FORGE),
        ({"Stable-diffusion", "text_encoder"}, set[str](), Layout.FORGE),
        ({"Stable-Diffusion", "Lora"}, set[str](), Layout.SWARMUI),
        ({"checkpoints", "loras"}, {"main.py"}, Layout.COMFYUI),
        (set[str](), set[str](), Layout.COMFYUI),
    ],
)
def test_a_layout_is_recognized_by_its_marker_folders(models: set[str], program: set[str], layout: Layout) -> None:
    assert recognized(models, program) is layout
