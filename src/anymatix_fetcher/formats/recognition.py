"""Determines a model's purpose and family from the names and shapes of its tensors.

The tables decide; a model that matches no rule is unknown. Statements in the metadata count if the names are ambiguous,
and for LoRAs before the names, because many families use the same module names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.formats.architectures import GGUF_NAMES, UNKNOWN, stated_architecture
from anymatix_fetcher.formats.component_rules import ADDITION_RULES, COMPONENT_RULES
from anymatix_fetcher.formats.diffusion_rules import (
    COMPANIONS,
    DIFFUSION_RULES,
    INPUT_VARIANTS,
    PREFIXES,
    UNET_INPUTS,
    UNET_RULES,
)
from anymatix_fetcher.formats.facts import ModelKind
from anymatix_fetcher.formats.lora_rules import ALGORITHMS, LORA_RULES
from anymatix_fetcher.formats.rules import TensorNames, first_fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anymatix_fetcher.formats.tensors import Tensor

_STATING_KEYS = ("ss_base_model_version", "modelspec.architecture")
_GGUF_TEXT_ENCODERS = frozenset({"t5", "t5encoder"})


@dataclass(frozen=True, slots=True)
class Recognized:
    """A model's purpose, family and variant."""

    kind: ModelKind = ModelKind.UNKNOWN
    architecture: str = UNKNOWN
    variant: str = ""


def recognize_model(tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> Recognized:
    """The model that the tensors make up, by the metadata if names are ambiguous."""
    names = TensorNames.of(tensors)
    stated = _stated(metadata)
    found = _addition(names) or _lora(names, stated) or _diffusion_model(names) or _component(names) or Recognized()
    if found.architecture == UNKNOWN and found.kind not in {
        ModelKind.VAE,
        ModelKind.TEXT_ENCODER,
        ModelKind.LANGUAGE_MODEL,
    }:
        return Recognized(found.kind, stated, found.variant)
    return found


def recognize_gguf(architecture: str, tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> Recognized:
    """A GGUF file's model by its tensors, or else by its stated architecture.

    Language models keep llama.cpp's name of their architecture ("llama", "qwen3"): there are hundreds.
    """
    found = recognize_model(tensors, metadata)
    if found.kind is not ModelKind.UNKNOWN:
        return found
    if architecture in GGUF_NAMES:
        return Recognized(ModelKind.DIFFUSION_MODEL, GGUF_NAMES[architecture])
    names = TensorNames.of(tensors)
    if metadata.get("general.type") == "adapter":
        return Recognized(ModelKind.LORA, architecture or UNKNOWN)
    if architecture in _GGUF_TEXT_ENCODERS:
        return Recognized(ModelKind.TEXT_ENCODER, "t5")
    if architecture == "clip" and names.has("v.patch_embd.weight"):
        return Recognized(ModelKind.CLIP_VISION, UNKNOWN)
    if architecture and names.has("token_embd.weight"):
        return Recognized(ModelKind.LANGUAGE_MODEL, architecture)
    return found


def _stated(metadata: Mapping[str, str]) -> str:
    families = (stated_architecture(metadata.get(key, "")[:200]) for key in _STATING_KEYS)
    return next((family for family in families if family != UNKNOWN), UNKNOWN)


def _addition(names: TensorNames) -> Recognized | None:
    rule = first_fit(ADDITION_RULES, names)
    return Recognized(rule.kind, rule.architecture, rule.variant) if rule else None


def _component(names: TensorNames) -> Recognized | None:
    rule = first_fit(COMPONENT_RULES, names)
    return Recognized(rule.kind, rule.architecture, rule.variant) if rule else None


def _lora(names: TensorNames, stated: str) -> Recognized | None:
    algorithm = next((name for name, patterns in ALGORITHMS if any(map(names.has, patterns))), None)
    if algorithm is None:
        return None
    rule = first_fit(LORA_RULES, names) if stated == UNKNOWN else None
    return Recognized(ModelKind.LORA, rule.architecture if rule else stated, algorithm)


def _diffusion_model(names: TensorNames) -> Recognized | None:
    for prefix in PREFIXES:
        if prefix and not names.has(f"{prefix}*"):
            continue
        rule = first_fit(DIFFUSION_RULES, names, prefix)
        if rule is not None:
            whole = bool(prefix) and any(map(names.has, COMPANIONS))
            variant = rule.variant or (_unet_variant(names, prefix) if rule in UNET_RULES else "")
            return Recognized(ModelKind.CHECKPOINT if whole else ModelKind.DIFFUSION_MODEL, rule.architecture, variant)
    return None


def _unet_variant(names: TensorNames, prefix: str) -> str:
    channels = (names.size(prefix + name, 1) for name in UNET_INPUTS)
    return next((INPUT_VARIANTS[count] for count in channels if count in INPUT_VARIANTS), "")
