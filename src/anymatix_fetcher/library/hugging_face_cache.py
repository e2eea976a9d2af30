"""The Hugging Face cache, in which large files are named by their SHA-256 (guide "Manage your cache")."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.file_state import FileState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REPOSITORY = re.compile(r"(?:models|datasets|spaces)--.+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
"""Small files are named by Git's hash of 40 digits, and incomplete ones end in ``.incomplete``."""


def cache_folder(environment: Mapping[str, str], home: Path) -> Path:
    """The path of the cache: ``$HF_HUB_CACHE``, ``hub`` in ``$HF_HOME``, or ``~/.cache/huggingface/hub``."""
    explicit = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    if explicit:
        return Path(os.path.expandvars(explicit)).expanduser()
    base = environment.get("HF_HOME")
    if base:
        return Path(os.path.expandvars(base)).expanduser() / "hub"
    around = environment.get("XDG_CACHE_HOME")
    return (Path(around) if around else home / ".cache") / "huggingface" / "hub"


def cached_files(cache: Path) -> Iterator[tuple[Path, FileState, Digest]]:
    """The files with digests in their names, which are unverified claims."""
    for repository in _folders(cache):
        if not _REPOSITORY.fullmatch(repository.name):
            continue
        try:
            with os.scandir(repository / "blobs") as entries:
                blobs = sorted(Path(entry.path) for entry in entries if _SHA256.fullmatch(entry.name))
        except OSError:
            continue
        for blob in blobs:
            try:
                if blob.is_file() and not blob.is_symlink():
                    yield blob, FileState.of(blob.stat()), Digest("sha256", blob.name)
            except OSError:
                continue


def digest_in_name(path: Path) -> Digest | None:
    """The digest in a path of such a cache; ``None`` for other paths."""
    is_blob = path.parent.name == "blobs" and _REPOSITORY.fullmatch(path.parent.parent.name)
    return Digest("sha256", path.name) if is_blob and _SHA256.fullmatch(path.name) else None


def _folders(cache: Path) -> list[Path]:
    try:
        with os.scandir(cache) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except OSError:
        return []
