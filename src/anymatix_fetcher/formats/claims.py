"""What a file's name claims: whether it is expected to be a model."""

from __future__ import annotations

from anymatix_fetcher.core.answers.judge import MODEL_SUFFIXES

HEADED_SUFFIXES = (".safetensors", ".sft", ".gguf")
"""Names whose content has a beginning of its own: nothing else can be loaded."""
TORCH_SUFFIXES = (".ckpt", ".pt", ".pth", ".pt2")
"""Names under which PyTorch writes."""


def is_known_early(name: str) -> bool:
    """Whether the first few kilobytes tell all: no header is read, and nothing is refused for being zeros."""
    return claimed_suffix(name) not in (*HEADED_SUFFIXES, *TORCH_SUFFIXES)


def claims_model(name: str) -> bool:
    """Whether a file of this name is expected to be a model: of others nothing is refused."""
    return claimed_suffix(name) is not None


def claimed_suffix(name: str) -> str | None:
    """The suffix by which the name claims to be a model's, in lower case; ``None`` where it claims nothing."""
    lowered = name.lower()
    return next((suffix for suffix in MODEL_SUFFIXES if lowered.endswith(suffix)), None)
