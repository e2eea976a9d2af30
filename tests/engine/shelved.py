"""What the tests of what is here already have in common: a model, and a look at what has come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.library.index import Index
from anymatix_fetcher.testing.hosts import hosted
from tests.formats.files import safetensors
from tests.library.first_fetcher import hexed

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = safetensors({"weights": ("F16", (105_000,))})
MODEL = hosted("model.bin", 3_000_000)
MODEL_BYTES = MODEL.content.read(0, MODEL.size)
SHA256 = hexed(CONTENT)


def index_of(data_folder: Path) -> Index:
    return Index(data_folder / "anymatix-fetcher" / "index.sqlite")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def without_sidecars(folder: Path) -> list[str]:
    return sorted(name for name in names(folder) if not name.endswith(".json"))
