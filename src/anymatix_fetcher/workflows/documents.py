"""The JSON document of a workflow: a JSON file, or embedded in a picture or recording from ComfyUI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows import exif, flac, png
from anymatix_fetcher.workflows.nodes import is_prompt, is_workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_FILE_BYTES = 256 << 20
"""Pictures are the largest files: 8K frames of an animated PNG."""

MAX_JSON_BYTES = 32 << 20
"""A workflow of a thousand nodes has about 1 MiB; as Python objects it takes up to thirty times as much."""

KEYS = ("workflow", "prompt")
"""The keys under which ComfyUI stores the editor's and the server's form.

The former has more information, and is read first.
"""

_SAVE_AS_JSON = "In ComfyUI, save the workflow with Workflow > Export, and give that JSON file."

_CONTAINERS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], Mapping[str, bytes]]], ...] = (
    ("PNG picture", png.is_png, png.texts_in),
    ("WebP picture", exif.is_webp, exif.texts_in_webp),
    ("JPEG picture", exif.is_jpeg, exif.texts_in_jpeg),
    ("FLAC recording", flac.is_flac, flac.texts_in),
)
_OTHER_KINDS = (
    ("an MP4 video or AVIF picture", 4, b"ftyp"),
    ("a WebM or Matroska video", 0, b"\x1aE\xdf\xa3"),
    ("an Ogg recording", 0, b"OggS"),
    ("an MP3 recording", 0, b"ID3"),
    ("a GIF picture", 0, b"GIF8"),
    ("a ZIP archive", 0, b"PK\x03\x04"),
)


def document_in(content: bytes) -> dict[str, Any]:
    """A document for which :func:`is_workflow` or :func:`is_prompt` is true.

    Raises:
        ReferenceSyntaxError: There is none, or the file is too large or of another kind.
    """
    if len(content) > MAX_FILE_BYTES:
        raise ReferenceSyntaxError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB", hint=_SAVE_AS_JSON)
    for kind, recognizes, texts_in in _CONTAINERS:
        if recognizes(content):
            return _from_container(kind, texts_in(content))
    for kind, start, magic in _OTHER_KINDS:
        if content.startswith(magic, start):
            raise ReferenceSyntaxError(f"{kind} isn't supported as the source of a workflow", hint=_SAVE_AS_JSON)
    document = _unwrapped(_json(content))
    if document is None:
        raise ReferenceSyntaxError("the JSON in the file isn't a ComfyUI workflow", hint=_SAVE_AS_JSON)
    return document


def _from_container(kind: str, texts: Mapping[str, bytes]) -> dict[str, Any]:
    reason = ReferenceSyntaxError(
        f"the {kind} holds no workflow", hint=f"Websites and picture editors remove it. {_SAVE_AS_JSON}"
    )
    for key in KEYS:
        try:
            document = _unwrapped(_json(texts[key])) if key in texts else None
        except ReferenceSyntaxError as error:
            reason = error
        else:
            if document is not None:
                return document
    raise reason


def _json(text: bytes) -> object:
    """The document in any Unicode encoding. ``NaN``, which ComfyUI writes, is accepted."""
    if len(text) > MAX_JSON_BYTES:
        raise ReferenceSyntaxError(f"the workflow is larger than {MAX_JSON_BYTES >> 20} MiB", hint=_SAVE_AS_JSON)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ReferenceSyntaxError(
            "the file isn't JSON, nor a picture that holds a workflow", hint=_SAVE_AS_JSON
        ) from None


def _unwrapped(document: object) -> dict[str, Any] | None:
    """The workflow itself, unwrapped from a request or response of ComfyUI's server."""
    if not isinstance(document, dict):
        return None
    inner = document
    for key in ("extra_data", "extra_pnginfo"):
        found = inner.get(key)
        inner = found if isinstance(found, dict) else inner
    for candidate in (document, inner.get("workflow"), document.get("prompt"), document.get("output")):
        if is_workflow(candidate) or is_prompt(candidate):
            return candidate
    return None
