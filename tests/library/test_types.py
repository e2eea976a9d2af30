from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.layouts import folder_name
from anymatix_fetcher.library.types import ModelType, known_type, parse_type

FIRST_FETCHER = {
    "checkpoint": "checkpoints",
    "lora": "loras",
    "model_patch": "model_patches",
    "controlnet": "controlnet",
    "upscale": "upscale_models",
    "latent_upscale": "latent_upscale_models",
    "vae": "vae",
    "diffusion_model": "diffusion_models",
    "diffusion_models/GGUF": "diffusion_models",
    "text_encoders": "text_encoders",
    "clip_vision": "clip_vision",
    "audio_encoder": "audio_encoders",
    "sam2": "sam2",
    "zoedepth": "zoedepth",
    "SEEDVR2_model": "SEEDVR2",
    "SEEDVR2_vae_model": "SEEDVR2",
}


@pytest.mark.parametrize(("word", "folder"), FIRST_FETCHER.items())
def test_the_first_fetchers_types_lead_to_its_folders(word: str, folder: str) -> None:
    assert folder_name(parse_type(word)) == folder


@pytest.mark.parametrize(
    ("word", "folder"),
    [
        ("Checkpoint", "checkpoints"),
        ("LORA", "loras"),
        ("LoCon", "loras"),
        ("DoRA", "loras"),
        ("TextualInversion", "embeddings"),
        ("Hypernetwork", "hypernetworks"),
        ("Controlnet", "controlnet"),
        ("VAE", "vae"),
        ("Upscaler", "upscale_models"),
        ("MotionModule", "animatediff_models"),
        ("UNet", "diffusion_models"),
        ("Diffusion Model", "diffusion_models"),
        ("Text Encoder", "text_encoders"),
        ("CLIPVision", "clip_vision"),
        ("Detection", "detection"),
    ],
)
def test_civitais_types_are_known(word: str, folder: str) -> None:
    assert folder_name(parse_type(word)) == folder


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("unet", ModelType.DIFFUSION_MODEL),
        ("transformer", ModelType.DIFFUSION_MODEL),
        ("diffusion_models", ModelType.DIFFUSION_MODEL),
        ("clip", ModelType.TEXT_ENCODER),
        ("text_encoder_2", ModelType.TEXT_ENCODER),
        ("text-encoders", ModelType.TEXT_ENCODER),
        ("image_encoder", ModelType.CLIP_VISION),
        ("ti", ModelType.EMBEDDING),
        ("textual inversion", ModelType.EMBEDDING),
        ("lycoris", ModelType.LORA),
        ("Loras", ModelType.LORA),
        ("t2i-adapter", ModelType.CONTROLNET),
        ("IP-Adapter", ModelType.IP_ADAPTER),
        ("upscale_models", ModelType.UPSCALER),
    ],
)
def test_case_spaces_dashes_and_plurals_are_forgiven(word: str, expected: ModelType) -> None:
    assert parse_type(word) is expected


@pytest.mark.parametrize("model_type", ModelType)
def test_each_type_is_known_by_its_own_word_and_by_its_comfyui_folder(model_type: ModelType) -> None:
    assert parse_type(str(model_type)) is model_type
    if "/" not in folder_name(model_type):
        assert parse_type(folder_name(model_type)) is model_type


@pytest.mark.parametrize(
    ("word", "meant"), [("lorra", "lora"), ("chekpoint", "checkpoint"), ("controllnet", "controlnet")]
)
def test_a_word_that_is_nearly_right_is_suggested(word: str, meant: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        parse_type(word)
    assert meant in caught.value.hint


def test_where_nothing_is_alike_all_types_are_named() -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        parse_type("xyzzy")
    assert "checkpoint" in caught.value.hint
    assert "vae" in caught.value.hint


@pytest.mark.parametrize("word", ["custom_nodes", "Custom Nodes", "configs", "config"])
def test_what_comfyui_runs_is_no_type(word: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="is run by ComfyUI"):
        parse_type(word)


@pytest.mark.parametrize("word", ["Poses", "Wildcards", "Workflows", "Other", "AestheticGradient"])
def test_civitais_types_without_a_place_ask_for_a_directory(word: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        parse_type(word)
    assert "--directory" in caught.value.hint


@given(st.text())
def test_any_text_is_a_type_or_a_clear_error(text: str) -> None:
    found = known_type(text)
    if found is not None:
        assert parse_type(text) is found
        return
    with pytest.raises(ReferenceSyntaxError) as caught:
        parse_type(text)
    assert caught.value.hint
