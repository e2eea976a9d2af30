"""What is downloaded: generated files with known digests, and the certificate to serve them with."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.testing import generate
from benchmarks.wan.line import FAR_ADDRESS
from tests.servers.tls_material import TlsMaterial, make_tls_material

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 1
"""What all bytes depend on; our own test server makes the same ones from it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that is served: its path under the server's root, its length in bytes, its SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Material:
    """What a server needs.

    Attributes:
        root: The folder that is served; empty where the server makes the bytes itself.
        files: What is in it.
        tls: Its certificate, and the authority to trust.
        seed: What the bytes depend on.
    """

    root: Path
    files: tuple[File, ...]
    tls: TlsMaterial
    seed: int = SEED


@contextmanager
def made(folder: Path, *, served: tuple[tuple[str, int], ...], on_disk: bool) -> Iterator[Material]:
    """Files with these paths and lengths and a certificate, in ``folder``, which is deleted afterwards."""
    root = folder / "root"
    root.mkdir(parents=True)
    try:
        files = tuple(_make(root if on_disk else None, path, size) for path, size in served)
        tls = make_tls_material(folder, names=f"DNS:localhost,IP:127.0.0.1,IP:{FAR_ADDRESS}")
        yield Material(root, files, tls)
    finally:
        shutil.rmtree(folder)


def _make(root: Path | None, path: str, size: int) -> File:
    content = generate(SEED, f"/{path}", size)
    if root is not None:
        with (root / path).open("wb") as file:
            for piece in content.pieces(0, size):
                file.write(piece)
    return File(path, size, content.sha256())
