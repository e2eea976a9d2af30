"""Whether a text names a model file, by how it ends."""

from __future__ import annotations

MODEL_SUFFIXES = (
    *(".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"),
    *(".gguf", ".onnx"),
)
"""What ComfyUI's loaders list (``supported_pt_extensions`` of its ``folder_paths.py``), and what node packs add."""


def looks_like_a_model(text: str) -> bool:
    """Whether a widget's text names a model file; ``taesd`` and ``pixel_space``, say, are choices without one."""
    return text.strip().lower().endswith(MODEL_SUFFIXES)
