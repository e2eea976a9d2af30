"""The model folders of loader nodes, according to ComfyUI's own nodes and its GGUF nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.workflows.suffixes import looks_like_a_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.workflows.nodes import Node

LOADERS = {
    "AudioEncoderLoader": "audio_encoders",
    "CheckpointLoader": "checkpoints",
    "CheckpointLoaderSimple": "checkpoints",
    "CLIPLoader": "text_encoders",
    "CLIPLoaderGGUF": "text_encoders",
    "CLIPVisionLoader": "clip_vision",
    "ConditioningLoader": "embeddings",
    "ControlNetLoader": "controlnet",
    "CreateHookLora": "loras",
    "CreateHookLoraModelOnly": "loras",
    "CreateHookModelAsLora": "checkpoints",
    "CreateHookModelAsLoraModelOnly": "checkpoints",
    "DiffControlNetLoader": "controlnet",
    "DualCLIPLoader": "text_encoders",
    "DualCLIPLoaderGGUF": "text_encoders",
    "FrameInterpolationModelLoader": "frame_interpolation",
    "GLIGENLoader": "gligen",
    "HypernetworkLoader": "hypernetworks",
    "ImageOnlyCheckpointLoader": "checkpoints",
    "LatentUpscaleModelLoader": "latent_upscale_models",
    "LoadBackgroundRemovalModel": "background_removal",
    "LoadDA3Model": "geometry_estimation",
    "LoadMoGeModel": "geometry_estimation",
    "LoraLoader": "loras",
    "LoraLoaderModelOnly": "loras",
    "LTXVAudioVAELoader": "checkpoints",
    "ModelPatchLoader": "model_patches",
    "OpticalFlowLoader": "optical_flow",
    "PhotoMakerLoader": "photomaker",
    "QuadrupleCLIPLoader": "text_encoders",
    "QuadrupleCLIPLoaderGGUF": "text_encoders",
    "SAM3DBody_Loader": "detection",
    "StyleModelLoader": "style_models",
    "TripleCLIPLoader": "text_encoders",
    "TripleCLIPLoaderGGUF": "text_encoders",
    "unCLIPCheckpointLoader": "checkpoints",
    "UNETLoader": "diffusion_models",
    "UnetLoaderGGUF": "diffusion_models",
    "UnetLoaderGGUFAdvanced": "diffusion_models",
    "UpscaleModelLoader": "upscale_models",
    "VAELoader": "vae",
}
"""The folder of every model file named by a node of this class."""

MIXED_LOADERS = {
    "LTXAVTextEncoderLoader": (("text_encoder", "text_encoders"), ("ckpt_name", "checkpoints")),
}
"""Node classes with files in several folders: input and folder, in the order of their widgets."""


def files_named_by(node: Node) -> Iterator[tuple[str, str]]:
    """Folder and name of each model file that a loader node names; empty for other nodes."""
    if node.name.type in LOADERS:
        folder = LOADERS[node.name.type]
        yield from ((folder, text) for text in node.texts() if looks_like_a_model(text))
    for position, (key, folder) in enumerate(MIXED_LOADERS.get(node.name.type, ())):
        value = node.values[position] if position < len(node.values) else node.inputs.get(key)
        if isinstance(value, str) and looks_like_a_model(value):
            yield folder, value


def unplaced_files(node: Node) -> Iterator[str]:
    """Each model file named by a node class with unknown folders."""
    if node.name.type not in LOADERS and node.name.type not in MIXED_LOADERS:
        yield from filter(looks_like_a_model, node.texts())
