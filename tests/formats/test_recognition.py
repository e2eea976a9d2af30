from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.formats.facts import ModelKind
from anymatix_fetcher.formats.recognition import Recognized, recognize_gguf, recognize_model
from anymatix_fetcher.formats.tensors import Tensor
from tests.formats.models import MODELS, lora

if TYPE_CHECKING:
    from collections.abc import Mapping


def tensors(shapes: Mapping[str, tuple[int, ...]]) -> list[Tensor]:
    return [Tensor(name, "F16", shape, 0, 0) for name, shape in shapes.items()]


@pytest.mark.parametrize("title", MODELS)
def test_real_models_are_recognized_by_their_tensors(title: str) -> None:
    shapes, kind, architecture, variant = MODELS[title]
    assert recognize_model(tensors(shapes), {}) == Recognized(kind, architecture, variant)


@pytest.mark.parametrize("title", MODELS)
def test_the_order_of_the_tensors_doesnt_matter(title: str) -> None:
    shapes, kind, architecture, variant = MODELS[title]
    assert recognize_model(reversed(tensors(shapes)), {}) == Recognized(kind, architecture, variant)


@pytest.mark.parametrize(
    ("metadata", "architecture"),
    [
        ({"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
        ({"ss_base_model_version": "sd_v1"}, "sd1"),
        ({"modelspec.architecture": "flux-1-dev/lora"}, "flux1"),
        ({"modelspec.architecture": "Flux.1-schnell"}, "flux1"),
        ({"ss_base_model_version": "my own", "modelspec.architecture": "wan2.1/lora"}, "wan"),
        ({"ss_base_model_version": "my own"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_loras_family_is_what_its_trainer_states(metadata: dict[str, str], architecture: str) -> None:
    assert recognize_model(tensors(lora({"a.b": (8, 8)})), metadata) == Recognized(ModelKind.LORA, architecture)


def test_a_statement_doesnt_change_what_the_tensors_say() -> None:
    shapes, kind, architecture, variant = MODELS["SDXL checkpoint"]
    found = recognize_model(tensors(shapes), {"modelspec.architecture": "stable-diffusion-v1"})
    assert found == Recognized(kind, architecture, variant)
    assert (
        recognize_model(tensors(MODELS["SD VAE"][0]), {"modelspec.architecture": "flux-1-dev"}).architecture
        == "unknown"
    )


@pytest.mark.parametrize(
    ("stated", "shapes", "metadata", "recognized"),
    [
        ("flux", {"odd": (1,)}, {}, Recognized(ModelKind.DIFFUSION_MODEL, "flux1")),
        ("lumina2", MODELS["Z-Image"][0], {}, Recognized(ModelKind.DIFFUSION_MODEL, "z-image")),
        ("pig", MODELS["Wan 2.1 14B"][0], {}, Recognized(ModelKind.DIFFUSION_MODEL, "wan", "t2v")),
        ("t5encoder", {"enc.blk.0.attn_q.weight": (1, 1)}, {}, Recognized(ModelKind.TEXT_ENCODER, "t5")),
        ("qwen3", {"token_embd.weight": (1, 1)}, {}, Recognized(ModelKind.LANGUAGE_MODEL, "qwen3")),
        ("clip", {"v.patch_embd.weight": (1, 1)}, {}, Recognized(ModelKind.CLIP_VISION, "unknown")),
        (
            "llama",
            {"blk.0.attn_q.weight.lora_a": (1, 1)},
            {"general.type": "adapter"},
            Recognized(ModelKind.LORA, "llama"),
        ),
        ("", {"odd": (1,)}, {}, Recognized()),
    ],
)
def test_a_gguf_file_is_what_its_tensors_say_or_else_what_it_states(
    stated: str, shapes: dict[str, tuple[int, ...]], metadata: dict[str, str], recognized: Recognized
) -> None:
    assert recognize_gguf(stated, tensors(shapes), metadata) == recognized
