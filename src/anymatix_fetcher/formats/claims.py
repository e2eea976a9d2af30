"""What a file's name claims about its content."""

from __future__ import annotations

from anymatix_fetcher.core.answers.judge import MODEL_SUFFIXES

HEADED_SUFFIXES = (".safetensors", ".sft", ".gguf")
"""Suffixes of formats with a distinctive beginning: loaders accept nothing else under them."""
TORCH_SUFFIXES = (".ckpt", ".pt", ".pth", ".pt2")
"""Suffixes of files that PyTorch writes."""


def is_known_early(name: str) -> bool:
    """Whether the first few kilobytes suffice to judge it: no header is read, and zeros aren't refused."""
    return claimed_suffix(name) not in (*HEADED_SUFFIXES, *TORCH_SUFFIXES)


def claims_model(name: str) -> bool:
    """Whether a file with this name is expected to be a model. Other files are never refused."""
    return claimed_suffix(name) is not None


def claimed_suffix(name: str) -> str | None:
    """The suffix by which the name claims to be a model's, in lower case; ``None`` if there is none."""
    lowered = name.lower()
    return next((suffix for suffix in MODEL_SUFFIXES if lowered.endswith(suffix)), None)
