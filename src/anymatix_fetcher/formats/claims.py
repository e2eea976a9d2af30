"""What a file's name claims: whether it is expected to be a model."""

from __future__ import annotations

from anymatix_fetcher.core.judge import MODEL_SUFFIXES


def claims_model(name: str) -> bool:
    """Whether a file of this name is expected to be a model: of others nothing is refused."""
    return claimed_suffix(name) is not None


def claimed_suffix(name: str) -> str | None:
    """The suffix by which the name claims to be a model's, in lower case; ``None`` where it claims nothing."""
    lowered = name.lower()
    return next((suffix for suffix in MODEL_SUFFIXES if lowered.endswith(suffix)), None)
