"""The metadata that trainers and publishers write: kohya's ``ss_*`` and Stability's ``modelspec.*``.

Keys are as in kohya-ss/sd-scripts (``library/train_util.py``) and https://github.com/Stability-AI/ModelSpec. All values
are untrusted text; invalid ones are left out.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TAGS = 20
MAX_TAG_LENGTH = 200
_MAX_TAG_TEXT = 1 << 20
_MAX_DISTINCT_TAGS = 50_000
_TAG = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(?:\s*+:\s*+([0-9]{1,9})\b)?|\Z)', re.DOTALL)
"""A quoted text with its number. An unclosed one extends to the end, so that it is scanned only once."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_RESOLUTION = re.compile(r"[0-9]{1,5}")
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")

HASH_KEYS = ("modelspec.hash_sha256", "sshs_model_hash", "sshs_legacy_hash")
"""Hashes of the tensors' data, or of the file before its metadata changed: not digests of a download."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a model was trained, as its file states it; ``None`` and empty if it doesn't.

    Args:
        base_model: The file or repository that it was trained on.
        base_version: kohya's name of that model's kind ("sdxl_base_v1-0").
        module: The training module ("networks.lora").
        dim: The rank of the network.
        alpha: The scale of the network's effect, relative to ``dim``.
        steps: Optimizer steps.
        epochs: Passes over the images.
        images: The number of images.
        resolution: Width and height in pixels, as "1024x1024".
    """

    base_model: str = ""
    base_version: str = ""
    module: str = ""
    dim: float | None = None
    alpha: float | None = None
    steps: int | None = None
    epochs: int | None = None
    images: int | None = None
    resolution: str = ""

    def as_json(self) -> dict[str, object]:
        """The training as plain values; unstated ones are ``None``."""
        return {name: None if value == "" else value for name, value in asdict(self).items()}


def training_in(metadata: Mapping[str, str]) -> Training | None:
    """How the model was trained; ``None`` if its metadata don't say."""
    training = Training(
        base_model=_line(metadata.get("ss_sd_model_name", "")),
        base_version=_line(metadata.get("ss_base_model_version", "")),
        module=_line(metadata.get("ss_network_module", "")),
        dim=_decimal(metadata.get("ss_network_dim")),
        alpha=_decimal(metadata.get("ss_network_alpha")),
        steps=_whole(metadata.get("ss_steps") or metadata.get("ss_max_train_steps")),
        epochs=_whole(metadata.get("ss_epoch") or metadata.get("ss_num_epochs")),
        images=_whole(metadata.get("ss_num_train_images")),
        resolution="x".join(_RESOLUTION.findall(metadata.get("ss_resolution", "")[:100])[:2]),
    )
    return training if training != Training() else None


def trigger_words_in(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The publisher's trigger words for prompts."""
    stated = metadata.get("modelspec.trigger_phrase", "")
    return tuple(word for word in map(_line, stated[:2000].split(",")) if word)


def tags_in(metadata: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """The most frequent tags of the training images, with their counts, in a stable order.

    They are not trigger words, but those are usually among the first few.
    """
    counts: dict[str, int] = {}
    for match in _TAG.finditer(metadata.get("ss_tag_frequency", "")[:_MAX_TAG_TEXT]):
        if match.group(2) is None:
            continue
        tag = _line(re.sub(r"\\(.)", r"\1", match.group(1)[: 2 * MAX_TAG_LENGTH]))
        if tag in counts or len(counts) < _MAX_DISTINCT_TAGS:
            counts[tag] = counts.get(tag, 0) + int(match.group(2))
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return tuple(ordered[:MAX_TAGS])


def hashes_in(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The hashes in the metadata, by key."""
    found = ((key, _line(metadata.get(key, ""))) for key in HASH_KEYS)
    return tuple((key, value) for key, value in found if value)


def _line(text: str) -> str:
    """A short line of the text for display; empty for the placeholders of trainers."""
    line = _CONTROLS.sub(" ", text[:MAX_TAG_LENGTH]).strip()
    return "" if line == "None" else line


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,12}", text) else None


def _decimal(text: str | None) -> float | None:
    return float(text) if text is not None and _DECIMAL.fullmatch(text) else None
