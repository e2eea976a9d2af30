"""Resolves ``sha256://<64 hex>`` to a local file; nothing is downloaded."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.hash_named import find_hash_named
from anymatix_fetcher.library.names import split_name
from anymatix_fetcher.library.wanted import Found, Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.placing import Placement
    from anymatix_fetcher.library.seeking import Seeker

_logger = logging.getLogger("anymatix_fetcher.library")


def recall(digest: Digest, folders: Sequence[Path], place: Placement | None, seeker: Seeker) -> Found | None:
    """The file with this SHA-256; ``None`` if there is none.

    Files named by their hash come first, then those in the index. A name is no proof, so such a file is read once.

    Args:
        digest: The SHA-256.
        folders: The folders in which a file may stay: those of the requested type.
        place: The destination for a file elsewhere; ``None`` if any place will do.
        seeker: Performs the search.

    Raises:
        StorageError: A symbolic link leads out of the folder.
    """
    path = _here(digest, folders, seeker)
    if path is None and seeker.learn():
        path = _here(digest, folders, seeker)
    if path is None:
        return None
    stays = place is not None and place.exact is None and {path.parent, place.folder} <= set(folders)
    if place is None or stays or path == place.exact:
        known = seeker.index.current(path)
        return Found(
            path,
            path.stat().st_size,
            known.digests if known is not None else (digest,),
            digest.algorithm,
            is_recorded=True,
            verified_at=known.read_at if known is not None else None,
        )
    name = SafeName(digest.hex + split_name(path.name)[1])
    working = place.working(name)
    place.check(working)
    wanted = Wanted(
        place=replace(place, has_sidecar=False),
        name=name,
        working=working,
        references=(),
        digests=(digest,),
    )
    return seeker.find(wanted)


def _here(digest: Digest, folders: Sequence[Path], seeker: Seeker) -> Path | None:
    for folder in folders:
        path = find_hash_named([folder], digest.hex, seeker.disk)
        if path is not None and _has(digest, path, seeker):
            return path
    candidates = sorted(seeker.index.wanted(digest), key=lambda one: one.path.parent not in folders)
    return next(
        (one.path for one in candidates if one.proof is HowKnown.HASHED or _has(digest, one.path, seeker)), None
    )


def _has(digest: Digest, path: Path, seeker: Seeker) -> bool:
    try:
        known = seeker.digests(path)
    except OSError as error:
        _logger.debug("%s can't be read: %s", path, error.strerror)
        return False
    if digest not in known:
        _logger.warning("%s hasn't the SHA-256 in its name", path)
    return digest in known
