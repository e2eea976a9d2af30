"""The inputs of Anymatix's nodes: ``{"url": ..., "type": ..., "auth": ...}``, and the older node's bare URL.

``auth`` is a secret, as is the ``token`` in the older node's URLs; neither is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from anymatix_fetcher.workflows.nodes import Node

FETCHER = "AnymatixFetcher"
CHECKPOINT_FETCHER = "AnymatixCheckpointFetcher"

FOLDERS = {
    "checkpoint": "checkpoints",
    "lora": "loras",
    "model_patch": "model_patches",
    "controlnet": "controlnet",
    "upscale": "upscale_models",
    "latent_upscale": "latent_upscale_models",
    "vae": "vae",
    "diffusion_model": "diffusion_models",
    "diffusion_models/GGUF": "diffusion_models",
    "text_encoders": "text_encoders",
    "clip_vision": "clip_vision",
    "audio_encoder": "audio_encoders",
    "sam2": "sam2",
    "zoedepth": "zoedepth",
    "SEEDVR2_model": "SEEDVR2",
    "SEEDVR2_vae_model": "SEEDVR2",
}
"""The folder for each ``type`` of the node; two more types have rules of their own."""

CHATTERBOX_FOLDER = "tts/chatterbox/resembleai_default_voice"
CHATTERBOX_FILES = ("ve.safetensors", "t3_cfg.safetensors", "s3gen.safetensors", "tokenizer.json", "conds.pt")
ANNOTATORS_FOLDER = "annotator_ckpts"

_REPOSITORY_FILE = re.compile(
    r"https?://[^/?]+/(?P<repository>[^/?]+/[^/?]+)/resolve/[^/?]+/(?:[^?]*/)?(?P<name>[^/?]+)"
)
_TOKEN = re.compile(r"(?<=[?&])token=[^&#]*&?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AnymatixWish:
    """A file that such a node requests, as unchecked texts.

    ``address`` is a URL, or empty if only ``digest`` is known: ``sha256://HEX`` requests a local file.
    """

    address: str = field(repr=False)
    folder: str
    name: str | None = None
    digest: Digest | None = None


def wishes_of(node: Node) -> Iterator[AnymatixWish]:
    """The files that a node requests, whatever its class: other nodes may contain such dictionaries as well.

    Raises:
        ValueError: The node is a fetcher with an unknown type or digest; the message completes "...: ...".
    """
    if node.name.type == CHECKPOINT_FETCHER:
        yield from (AnymatixWish(_without_token(text), FOLDERS["checkpoint"]) for text in node.texts() if _is_url(text))
    for found in _dictionaries((*node.values, *node.inputs.values())):
        address, kind = found.get("url"), found.get("type")
        if isinstance(address, str) and isinstance(kind, str) and address.strip():
            yield from _wishes(_without_token(address.strip()), kind, strict=node.name.type == FETCHER)


def _wishes(address: str, kind: str, *, strict: bool) -> Iterator[AnymatixWish]:
    scheme, separator, rest = address.partition("://")
    if kind == "chatterbox_model_pack":
        base = address.rstrip("/")
        yield from (AnymatixWish(f"{base}/resolve/main/{name}", CHATTERBOX_FOLDER, name) for name in CHATTERBOX_FILES)
    elif kind == "dwpose_aux":
        parts = _REPOSITORY_FILE.match(address)
        if parts is None:
            raise ValueError("its address isn't that of a file in a repository")
        yield AnymatixWish(address, f"{ANNOTATORS_FOLDER}/{parts['repository']}", parts["name"])
    elif kind not in FOLDERS:
        if strict:
            raise ValueError("its type isn't known")
    elif separator and scheme.lower() == "sha256":
        yield AnymatixWish("", FOLDERS[kind], digest=Digest.parse(f"sha256:{rest}"))
    else:
        yield AnymatixWish(address, FOLDERS[kind])


def _dictionaries(values: Iterable[object]) -> Iterator[dict[str, object]]:
    """Every object among the values, including nested ones, in the order of the file."""
    waiting = list(values)[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(list(value.values())[::-1])
        elif isinstance(value, list):
            waiting.extend(value[::-1])


def _is_url(text: str) -> bool:
    return text.strip().lower().startswith(("http://", "https://"))


def _without_token(address: str) -> str:
    return _TOKEN.sub("", address).rstrip("?&")
