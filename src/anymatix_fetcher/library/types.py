"""Model types, and the words that users and tools have for them."""

from __future__ import annotations

from enum import StrEnum

from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded
from anymatix_fetcher.errors import ReferenceSyntaxError


class ModelType(StrEnum):
    """A model type; the value is our own word for it."""

    CHECKPOINT = "checkpoint"
    DIFFUSION_MODEL = "diffusion-model"
    LORA = "lora"
    VAE = "vae"
    VAE_APPROX = "vae-approx"
    TEXT_ENCODER = "text-encoder"
    CLIP_VISION = "clip-vision"
    EMBEDDING = "embedding"
    HYPERNETWORK = "hypernetwork"
    CONTROLNET = "controlnet"
    UPSCALER = "upscaler"
    LATENT_UPSCALER = "latent-upscaler"
    STYLE_MODEL = "style-model"
    IP_ADAPTER = "ip-adapter"
    GLIGEN = "gligen"
    PHOTOMAKER = "photomaker"
    MOTION_MODULE = "motion-module"
    MODEL_PATCH = "model-patch"
    AUDIO_ENCODER = "audio-encoder"
    DIFFUSERS = "diffusers"
    CLASSIFIER = "classifier"
    FACE_RESTORER = "face-restorer"
    DETECTOR = "detector"
    SEGMENTER = "segmenter"
    SAM = "sam"
    SAM2 = "sam2"
    ZOEDEPTH = "zoedepth"
    SEEDVR2 = "seedvr2"
    BACKGROUND_REMOVAL = "background-removal"
    FRAME_INTERPOLATION = "frame-interpolation"
    GEOMETRY_ESTIMATION = "geometry-estimation"
    OPTICAL_FLOW = "optical-flow"
    OBJECT_DETECTION = "object-detection"
    SPEECH = "chatterbox"
    ANNOTATOR = "dwpose"


# Additional words: ComfyUI's folder names, Civitai's types, component names in Hugging Face's repositories, and the
# first fetcher's types. Only letters and digits count, and a plural "s" is ignored.
_WORDS: dict[ModelType, str] = {
    ModelType.CHECKPOINT: "checkpoint ckpt stablediffusion sdmodel unclip",
    ModelType.DIFFUSION_MODEL: "diffusionmodel diffusionmodelsgguf unet unetgguf gguf transformer dit",
    ModelType.LORA: "lora lycoris locon loha lokr dora lohalokr adapter",
    ModelType.VAE: "vae autoencoder autoencoderkl",
    ModelType.VAE_APPROX: "vaeapprox taesd",
    ModelType.TEXT_ENCODER: "textencoder textencoder2 textencoder3 clip clipgguf t5 t5encoder",
    ModelType.CLIP_VISION: "clipvision imageencoder",
    ModelType.EMBEDDING: "embedding ti textualinversion textualembedding",
    ModelType.HYPERNETWORK: "hypernetwork hypernet",
    ModelType.CONTROLNET: "controlnet control t2iadapter t2istyle controllora",
    ModelType.UPSCALER: "upscaler upscale upscalemodel esrgan realesrgan swinir",
    ModelType.LATENT_UPSCALER: "latentupscaler latentupscale latentupscalemodel",
    ModelType.STYLE_MODEL: "stylemodel style",
    ModelType.IP_ADAPTER: "ipadapter",
    ModelType.GLIGEN: "gligen",
    ModelType.PHOTOMAKER: "photomaker",
    ModelType.MOTION_MODULE: "motionmodule motionmodel animatediff animatediffmodel",
    ModelType.MODEL_PATCH: "modelpatch modelpatche patch",
    ModelType.AUDIO_ENCODER: "audioencoder",
    ModelType.DIFFUSERS: "diffuser",
    ModelType.CLASSIFIER: "classifier",
    ModelType.FACE_RESTORER: "facerestorer facerestore facerestoremodel gfpgan codeformer",
    ModelType.DETECTOR: "detector bbox ultralytics ultralyticsbbox adetailer yolo",
    ModelType.SEGMENTER: "segmenter segm ultralyticssegm",
    ModelType.SAM: "sam segmentanything",
    ModelType.SAM2: "sam2",
    ModelType.ZOEDEPTH: "zoedepth",
    ModelType.SEEDVR2: "seedvr2 seedvr2model seedvr2vaemodel",
    ModelType.BACKGROUND_REMOVAL: "backgroundremoval",
    ModelType.FRAME_INTERPOLATION: "frameinterpolation",
    ModelType.GEOMETRY_ESTIMATION: "geometryestimation",
    ModelType.OPTICAL_FLOW: "opticalflow",
    ModelType.OBJECT_DETECTION: "objectdetection detection",
    ModelType.SPEECH: "chatterbox chatterboxmodelpack",
    ModelType.ANNOTATOR: "dwpose dwposeaux annotator annotatorckpt",
}
_TYPES = {word: model_type for model_type, words in _WORDS.items() for word in words.split()}

_NO_MODELS = {"poses", "wildcards", "workflows", "aestheticgradient", "other"}
"""Civitai's types, folded, for which there is no common folder."""


def parse_type(text: str) -> ModelType:
    """The type for any of its words: ``LoCon``, ``text_encoders``, ``Diffusion Model``, ...

    Raises:
        ReferenceSyntaxError: There is no such type; the hint names similar ones.
    """
    found = _find(text)
    if found is not None:
        return found
    if folded(text) in FORBIDDEN_FOLDERS:
        raise forbidden_folder(text)
    if folded(text) in _NO_MODELS:
        raise ReferenceSyntaxError(
            f"the type {text!r} belongs to no folder", hint="Choose the folder with --directory."
        )
    raise ReferenceSyntaxError(f"no model type is called {text!r}", hint=_suggestion(text))


def known_type(text: str) -> ModelType | None:
    """Like :func:`parse_type`, but ``None`` for unknown words, as other programs may have written them."""
    return _find(text)


def forbidden_folder(name: str) -> ReferenceSyntaxError:
    """The error for a folder to which nothing is ever downloaded."""
    return ReferenceSyntaxError(
        f"nothing is downloaded to {name!r}: what lies there is run by ComfyUI",
        hint="Name the type of a model, as checkpoint or lora.",
    )


def _find(text: str) -> ModelType | None:
    word = folded(text)
    return _TYPES.get(word) or _TYPES.get(word.removesuffix("s"))


def _suggestion(text: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - costs start-up time, needed for mistakes only

    alike = get_close_matches(folded(text), _TYPES, n=5, cutoff=0.6)
    meant = list(dict.fromkeys(str(_TYPES[word]) for word in alike))
    return f"Did you mean {' or '.join(meant)}?" if meant else f"Known are {', '.join(ModelType)}."
