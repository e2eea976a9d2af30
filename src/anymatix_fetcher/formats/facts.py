"""The facts that a model's header states."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from anymatix_fetcher.formats.tensors import DtypeTotal, Tensor, totals_by_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.formats.content import Content
    from anymatix_fetcher.formats.training import Training
    from anymatix_fetcher.formats.zip_directory import ZipEntry

MAX_METADATA_LENGTH = 2000
"""Longer metadata values are truncated in reports."""


class ModelKind(StrEnum):
    """The purpose of a model; the value is its name in references and folders."""

    CHECKPOINT = "checkpoint"
    DIFFUSION_MODEL = "diffusion_model"
    LORA = "lora"
    VAE = "vae"
    VAE_APPROX = "vae_approx"
    TEXT_ENCODER = "text_encoder"
    CLIP_VISION = "clip_vision"
    CONTROLNET = "controlnet"
    EMBEDDING = "embedding"
    HYPERNETWORK = "hypernetwork"
    UPSCALER = "upscaler"
    STYLE_MODEL = "style_model"
    IP_ADAPTER = "ip_adapter"
    MOTION_MODULE = "motion_module"
    LANGUAGE_MODEL = "language_model"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model according to its header. Facts that it doesn't state are "unknown", empty or ``None``, never guessed.

    Args:
        content: The file's format.
        length: The file's size in bytes.
        header_length: The bytes before the tensors' data; 0 without a header, or if its end wasn't reached.
        complete: Whether the header was read to its end; otherwise tensors and totals cover what was read.
        kind: The model's purpose.
        architecture: Its family, or the family that it is an addition to ("sdxl"): a key of
            :data:`~anymatix_fetcher.formats.architectures.TITLES`, or the value in a GGUF file.
        variant: Its variant within the family ("inpainting", "i2v"); usually empty.
        base_model: The stated base model; usually empty.
        title: The stated title; usually empty.
        quantization: The type of most of a GGUF file's tensors.
        tensors: All tensors, in the header's order.
        training: How it was trained.
        trigger_words: The publisher's trigger words for prompts.
        tags: The most frequent tags of the training images, with their counts.
        hashes: The hashes in the metadata, by key.
        metadata: All other statements of the header, as text.
        entries: The entries of a zip archive.
        runs_code: Whether loading it can execute code that it contains.
        denied: Why it can't be what its name claims; empty if nothing contradicts the name.
        remarks: Sentences about irregularities, and about what wasn't read.
    """

    content: Content
    length: int
    header_length: int = 0
    complete: bool = True
    kind: ModelKind = ModelKind.UNKNOWN
    architecture: str = "unknown"
    variant: str = ""
    base_model: str = ""
    title: str = ""
    quantization: str = ""
    tensors: tuple[Tensor, ...] = field(default=(), repr=False)
    training: Training | None = None
    trigger_words: tuple[str, ...] = ()
    tags: tuple[tuple[str, int], ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    entries: tuple[ZipEntry, ...] = field(default=(), repr=False)
    runs_code: bool = False
    denied: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def dtypes(self) -> tuple[DtypeTotal, ...]:
        """The element types with their totals, sorted by size in bytes, largest first."""
        return totals_by_dtype(self.tensors)

    @property
    def parameters(self) -> int:
        """The number of elements of all tensors."""
        return sum(total.parameters for total in self.dtypes)

    def as_json(self, *, with_tensors: bool = False) -> dict[str, object]:
        """The facts as plain values for ``json.dumps``, under stable keys.

        Args:
            with_tensors: Whether to include each tensor, and each entry of an archive; there may be thousands.
        """
        training = self.training
        facts: dict[str, object] = {
            "format": self.content.value,
            "size": self.length,
            "header_size": self.header_length,
            "complete": self.complete,
            "kind": self.kind.value,
            "architecture": self.architecture,
            "variant": self.variant or None,
            "base_model": self.base_model or None,
            "title": self.title or None,
            "quantization": self.quantization or None,
            "parameters": self.parameters,
            "tensor_count": len(self.tensors),
            "dtypes": [
                {"dtype": one.dtype, "tensors": one.tensors, "parameters": one.parameters, "size": one.size}
                for one in self.dtypes
            ],
            "training": None if training is None else training.as_json(),
            "trigger_words": list(self.trigger_words),
            "tags": [{"tag": tag, "count": count} for tag, count in self.tags],
            "hashes": dict(self.hashes),
            "metadata": {key: value[:MAX_METADATA_LENGTH] for key, value in self.metadata.items()},
            "entry_count": len(self.entries),
            "runs_code": self.runs_code,
            "remarks": [*filter(None, [self.denied]), *self.remarks],
        }
        if with_tensors:
            facts["tensors"] = [
                {"name": one.name, "dtype": one.dtype, "shape": list(one.shape), "start": one.start, "stop": one.stop}
                for one in self.tensors
            ]
            facts["entries"] = [{"name": entry.name, "size": entry.size} for entry in self.entries]
        return facts
