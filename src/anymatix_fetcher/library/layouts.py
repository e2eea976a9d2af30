"""The folder layouts of ComfyUI and other programs: each program's folder for a model type."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from anymatix_fetcher.library.types import ModelType

if TYPE_CHECKING:
    from collections.abc import Container


class Layout(StrEnum):
    """The program that a models root belongs to."""

    COMFYUI = "comfyui"
    A1111 = "a1111"
    FORGE = "forge"
    SWARMUI = "swarmui"


# ComfyUI's folder names. Those that its core doesn't register are used by widespread node packs, below models/.
_COMFYUI = {
    ModelType.CHECKPOINT: "checkpoints",
    ModelType.DIFFUSION_MODEL: "diffusion_models",
    ModelType.LORA: "loras",
    ModelType.VAE: "vae",
    ModelType.VAE_APPROX: "vae_approx",
    ModelType.TEXT_ENCODER: "text_encoders",
    ModelType.CLIP_VISION: "clip_vision",
    ModelType.EMBEDDING: "embeddings",
    ModelType.HYPERNETWORK: "hypernetworks",
    ModelType.CONTROLNET: "controlnet",
    ModelType.UPSCALER: "upscale_models",
    ModelType.LATENT_UPSCALER: "latent_upscale_models",
    ModelType.STYLE_MODEL: "style_models",
    ModelType.IP_ADAPTER: "ipadapter",
    ModelType.GLIGEN: "gligen",
    ModelType.PHOTOMAKER: "photomaker",
    ModelType.MOTION_MODULE: "animatediff_models",
    ModelType.MODEL_PATCH: "model_patches",
    ModelType.AUDIO_ENCODER: "audio_encoders",
    ModelType.DIFFUSERS: "diffusers",
    ModelType.CLASSIFIER: "classifiers",
    ModelType.FACE_RESTORER: "facerestore_models",
    ModelType.DETECTOR: "ultralytics/bbox",
    ModelType.SEGMENTER: "ultralytics/segm",
    ModelType.SAM: "sams",
    ModelType.SAM2: "sam2",
    ModelType.ZOEDEPTH: "zoedepth",
    ModelType.SEEDVR2: "SEEDVR2",
    ModelType.BACKGROUND_REMOVAL: "background_removal",
    ModelType.FRAME_INTERPOLATION: "frame_interpolation",
    ModelType.GEOMETRY_ESTIMATION: "geometry_estimation",
    ModelType.OPTICAL_FLOW: "optical_flow",
    ModelType.OBJECT_DETECTION: "detection",
    ModelType.SPEECH: "tts/chatterbox/resembleai_default_voice",
    ModelType.ANNOTATOR: "annotator_ckpts",
}

COMFYUI_DEFAULTS: dict[str, tuple[str, ...]] = {
    "checkpoints": ("checkpoints",),
    "configs": ("configs",),
    "loras": ("loras",),
    "vae": ("vae",),
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("unet", "diffusion_models"),
    "clip_vision": ("clip_vision",),
    "style_models": ("style_models",),
    "embeddings": ("embeddings",),
    "diffusers": ("diffusers",),
    "vae_approx": ("vae_approx",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "gligen": ("gligen",),
    "upscale_models": ("upscale_models",),
    "latent_upscale_models": ("latent_upscale_models",),
    "hypernetworks": ("hypernetworks",),
    "photomaker": ("photomaker",),
    "classifiers": ("classifiers",),
    "model_patches": ("model_patches",),
    "audio_encoders": ("audio_encoders",),
}
"""Folder names to folders below ``models``, in ComfyUI's order: new files go to the first, even though that is the old
name for diffusion models (``folder_paths.py``, 0.3.64)."""

COMFYUI_LEGACY_NAMES = {"unet": "diffusion_models", "clip": "text_encoders"}
"""``folder_paths.map_legacy``."""

COMFYUI_OUTPUTS = ("checkpoints", "clip", "vae", "diffusion_models", "loras")
"""The outputs of ComfyUI's own nodes: its ``main.py`` adds these folders below ``output`` to the folder names."""

# Below the program's own folder: A1111 keeps its embeddings outside ``models``.
_A1111: dict[ModelType, tuple[str, ...]] = {
    ModelType.CHECKPOINT: ("models/Stable-diffusion",),
    ModelType.LORA: ("models/Lora", "models/LyCORIS"),
    ModelType.VAE: ("models/VAE",),
    ModelType.VAE_APPROX: ("models/VAE-approx",),
    ModelType.EMBEDDING: ("embeddings",),
    ModelType.HYPERNETWORK: ("models/hypernetworks",),
    ModelType.CONTROLNET: ("models/ControlNet", "extensions/sd-webui-controlnet/models"),
    ModelType.UPSCALER: ("models/ESRGAN", "models/RealESRGAN", "models/SwinIR", "models/LDSR"),
    ModelType.FACE_RESTORER: ("models/GFPGAN", "models/Codeformer"),
    ModelType.DETECTOR: ("models/adetailer",),
    ModelType.SEGMENTER: ("models/adetailer",),
}
_FORGE: dict[ModelType, tuple[str, ...]] = {
    **_A1111,
    ModelType.DIFFUSION_MODEL: ("models/Stable-diffusion",),
    ModelType.TEXT_ENCODER: ("models/text_encoder",),
}
# Below ``Models`` itself.
_SWARMUI: dict[ModelType, tuple[str, ...]] = {
    ModelType.CHECKPOINT: ("Stable-Diffusion",),
    ModelType.DIFFUSION_MODEL: ("diffusion_models", "unet"),
    ModelType.LORA: ("Lora",),
    ModelType.VAE: ("VAE",),
    ModelType.TEXT_ENCODER: ("text_encoders", "clip"),
    ModelType.CLIP_VISION: ("clip_vision",),
    ModelType.EMBEDDING: ("Embeddings",),
    ModelType.CONTROLNET: ("controlnet", "model_patches"),
    ModelType.UPSCALER: ("upscale_models",),
    ModelType.STYLE_MODEL: ("style_models",),
    ModelType.MODEL_PATCH: ("model_patches",),
    ModelType.AUDIO_ENCODER: ("model_patches",),
}


def folder_name(model_type: ModelType) -> str:
    """ComfyUI's folder name for a type; a name with a slash is a path below ``models``."""
    return _COMFYUI[model_type]


def folders_of(layout: Layout) -> dict[str, tuple[str, ...]]:
    """Folder names, as in ComfyUI, to relative folders, the target first.

    They are below ``models`` for ComfyUI and SwarmUI, and below the program's own folder for A1111 and Forge.
    """
    if layout is Layout.COMFYUI:
        return dict(COMFYUI_DEFAULTS)
    table = {Layout.A1111: _A1111, Layout.FORGE: _FORGE, Layout.SWARMUI: _SWARMUI}[layout]
    return {_COMFYUI[model_type]: folders for model_type, folders in table.items()}


def recognized(models: Container[str], program: Container[str]) -> Layout:
    """The layout, by names in their exact case; ComfyUI's if nothing indicates another.

    Args:
        models: The names in the models root.
        program: The names in the folder that contains it.
    """
    if "Stable-Diffusion" in models:
        return Layout.SWARMUI
    if "Stable-diffusion" in models:
        return Layout.FORGE if "modules_forge" in program or "text_encoder" in models else Layout.A1111
    return Layout.COMFYUI
