"""Folders as the first AnymatixFetcher leaves them, in each of its variants."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://civitai.com/api/download/models/143906"
TOKEN = "token=SECRET"
CONTENT = b"weights" * 1000


def hexed(text: str | bytes) -> str:
    return sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def leave(
    folder: Path,
    *,
    url: str = BASE,
    auth: str = "",
    content: bytes = CONTENT,
    by_content: bool = True,
    **changes: Any,  # noqa: ANN401 - the fields of a sidecar
) -> tuple[Path, Path]:
    """A model and its sidecar; the keywords change the sidecar's fields, and ``...`` leaves a field out.

    Args:
        folder: Where to.
        url: The base URL.
        auth: What the fetcher was given besides.
        content: Of the model.
        by_content: Whether the model carries its content's hash; after a parallel download it carries the URL's.
        **changes: Fields of the sidecar.
    """
    folder.mkdir(parents=True, exist_ok=True)
    effective = f"{url}{'&' if '?' in url else '?'}{auth}" if auth else url
    suffix = hexed(content) if by_content else hexed(effective)
    model = folder / f"dream_{suffix}.safetensors"
    model.write_bytes(content)
    fields: dict[str, Any] = {
        "url": url,
        "file_name": model.name,
        "file_size": len(content),
        "name": "dream.safetensors",
        "data": {"modelId": 1, "baseModel": "SDXL 1.0"},
        "sha256": hexed(content) if by_content else ...,
        **changes,
    }
    sidecar = folder / f"{hexed(effective)}.json"
    sidecar.write_text(json.dumps({key: value for key, value in fields.items() if value is not ...}, indent=4))
    return model, sidecar
