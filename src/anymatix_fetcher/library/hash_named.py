"""Files that are named by their hash.

The first AnymatixFetcher's app uploads such files (``<64 hex>.<extension>``, for ``sha256://<64 hex>``), and its
downloads have names that end in one (``<stem>_<64 hex>.<extension>``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.names import MODEL_EXTENSIONS, split_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk

SCHEME = "sha256://"


def parse_hash_reference(reference: str) -> str | None:
    """The 64 digits of ``sha256://<64 hex>``, in lower case; ``None`` for other references."""
    match = re.fullmatch(r"sha256://\s*([0-9a-f]{64})\s*", reference, re.IGNORECASE)
    return match.group(1).lower() if match else None


def find_hash_named(
    folders: Iterable[Path], hex_digits: str, disk: Disk, extensions: Collection[str] = MODEL_EXTENSIONS
) -> Path | None:
    """The first model in ``folders`` (not below them) with the hash as its stem, else with a stem that ends in it.

    The name is a claim: the file has to be read.

    Args:
        folders: Folders, as in ``ModelFolders.paths``.
        hex_digits: 64 hex digits in lower case.
        disk: The file system.
        extensions: The extensions to look for, in lower case.
    """
    wanted = Digest("sha256", hex_digits)
    others: list[Path] = []
    for folder in folders:
        for name in sorted(disk.names(folder)):
            stem, extension = split_name(name)
            if extension.lower() not in extensions or digest_by_name(name) != wanted or not (folder / name).is_file():
                continue
            if stem.lower() == hex_digits:
                return folder / name
            others.append(folder / name)
    return next(iter(others), None)


def digest_by_name(name: str) -> Digest | None:
    """The SHA-256 that a model's name claims; ``None`` if it claims none.

    It may be a URL's hash instead; then no file has this digest, and it is never looked up.
    """
    stem, extension = split_name(name)
    if extension.lower() not in MODEL_EXTENSIONS:
        return None
    match = re.fullmatch(r"(?:.*_)?([0-9a-f]{64})", stem, re.IGNORECASE | re.DOTALL)
    return Digest("sha256", match.group(1).lower()) if match else None
