"""Whether a text names a model file, by its suffix."""

from __future__ import annotations

MODEL_SUFFIXES = (
    *(".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"),
    *(".gguf", ".onnx"),
)
"""The suffixes that ComfyUI's loaders list (``supported_pt_extensions`` of its ``folder_paths.py``), and those of node
packs."""


def looks_like_a_model(text: str) -> bool:
    """Whether a widget's text names a model file.

    ``taesd`` or ``pixel_space``, for example, are choices without a file.
    """
    return text.strip().lower().endswith(MODEL_SUFFIXES)
