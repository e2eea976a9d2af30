"""The names of model files: the server's own, or with a hash at the end like those of the first fetcher."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from anymatix_fetcher.core.values.filenames import MAX_NAME_BYTES, SafeName, safe_name

MODEL_EXTENSIONS = frozenset(
    (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".gguf", ".onnx"),
)
"""ComfyUI's ``supported_pt_extensions``, and those that widespread node packs load."""

_HASHED = re.compile(r"(?P<stem>.*)_(?P<hex>[0-9a-f]{64})(?P<extension>(?:\.[^.]*)?)", re.DOTALL)
_SIDECAR = re.compile(r"[0-9a-f]{64}\.json")
_HEX_CHARACTERS = 64


class Naming(StrEnum):
    """The naming scheme of files."""

    PLAIN = "plain"
    ANYMATIX = "anymatix"
    """``<stem>_<sha256>.<extension>``: files with the same name don't collide."""


class HashedName(NamedTuple):
    """A name with a hash: of the content, or of the URL if the first fetcher hadn't hashed the content yet."""

    stem: str
    hex: str
    extension: str

    @property
    def original(self) -> str:
        """The name without the hash."""
        return self.stem + self.extension

    def __str__(self) -> str:
        return f"{self.stem}_{self.hex}{self.extension}"


def parse_hashed_name(name: str) -> HashedName | None:
    """The parts of ``<stem>_<64 hex>.<extension>``; ``None`` for other names."""
    match = _HASHED.fullmatch(name)
    return HashedName(match["stem"], match["hex"], match["extension"]) if match else None


def hashed_name(original: str, sha256: str) -> SafeName:
    """The content-based name; it replaces a hash that ``original`` contains.

    Args:
        original: The file's name, from the server or another fetcher.
        sha256: The SHA-256 of the content, in hex.

    Raises:
        ValueError: It isn't a SHA-256, or ``original`` has no usable characters.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    parsed = parse_hashed_name(original)
    name = safe_name(parsed.original if parsed else original)
    if name is None:
        raise ValueError("nothing of the name is left")
    stem, extension = split_name(name)
    room = MAX_NAME_BYTES - 1 - _HEX_CHARACTERS - 1 - len(extension.encode())  # safe_name leaves one byte free too
    return SafeName(f"{stem.encode()[:room].decode(errors='ignore')}_{sha256}{extension}")


def name_for(naming: Naming, original: SafeName, sha256: str | None) -> SafeName:
    """The name of a file by its ``naming``; the plain one while the content's hash is unknown."""
    if naming is Naming.PLAIN or sha256 is None:
        return original
    return hashed_name(original, sha256)


def split_name(name: str) -> tuple[str, str]:
    """Stem and extension, including the dot. A name without an extension, or with nothing before it, is all stem."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem else (name, "")


def is_model_name(name: str) -> bool:
    """Whether the name has a model's extension."""
    return split_name(name)[1].lower() in MODEL_EXTENSIONS


def is_sidecar_name(name: str) -> bool:
    """Whether it is ``<64 hex>.json``."""
    return name.endswith(".json") and _SIDECAR.fullmatch(name) is not None
