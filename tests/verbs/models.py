"""Small folders of models, and a Civitai that knows some of them by their hash."""

from __future__ import annotations

import json
import os
import random
import time
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.journal import MAGIC
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.wiring.composition import open_index
from tests.formats.files import header_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from anymatix_fetcher.testing import Origin

MEBIBYTE = 1 << 20
_HEADER_BYTES = 96


def content(size: int = 5 * MEBIBYTE + 321, seed: int = 1) -> bytes:
    """A safetensors file of this length, with random bytes for its only tensor."""
    elements = size - len(header_bytes(b" " * _HEADER_BYTES))
    entry = {"w": {"dtype": "U8", "shape": [elements], "data_offsets": [0, elements]}}
    header = header_bytes(json.dumps(entry).encode().ljust(_HEADER_BYTES))
    return header + random.Random(seed).randbytes(elements)


def digest(data: bytes) -> Digest:
    return Digest("sha256", sha256(data).hexdigest())


def model(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def begun(part: Path, data: bytes) -> Path:
    """A part file of ours, with its journal."""
    model(part.with_name(f"{part.name}.journal"), MAGIC)
    return model(part, data)


def arrived(path: Path, data: bytes, url: str, *, proof: str = "sha256") -> Path:
    """A model as a download leaves it: with its sidecar, and known to the index."""
    model(path, data)
    with open_index() as index:
        record(Arrival(path, url, url, (digest(data),), proof, path.name), index, OsDisk(), time.time())
    return path


def flip(path: Path, *offsets: int, quietly: bool = True) -> None:
    """Flips a bit at each offset; quietly, as a disk does that rots, without a new modification time."""
    status = path.stat()
    with path.open("r+b") as file:
        for offset in offsets:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))
    times = (status.st_atime_ns, status.st_mtime_ns + (0 if quietly else 1_000_000_000))
    os.utime(path, ns=times)


def know(origin: Origin, data: bytes, version: int, name: str = "dream.safetensors") -> None:
    """Has the stand-in for Civitai answer who asks for the hash of ``data``."""
    described = {
        "id": version,
        "modelId": 7,
        "name": "v1.0",
        "baseModel": "SDXL 1.0",
        "model": {"name": "Dream", "type": "LORA"},
        "files": [
            {
                "id": version * 10,
                "name": name,
                "type": "Model",
                "sizeKB": len(data) / 1024,
                "primary": True,
                "metadata": {"format": "SafeTensor"},
                "hashes": {"SHA256": digest(data).hex.upper()},
            }
        ],
    }
    origin.add(
        f"/api/v1/model-versions/by-hash/{digest(data).hex}",
        data=json.dumps(described).encode(),
        content_type="application/json",
    )


@contextmanager
def civitai_at(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("CIVITAI_ENDPOINT", origin.url("").rstrip("/"))
        yield
