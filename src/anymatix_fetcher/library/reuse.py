"""Instead of a download: what is here already, by its digest."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DigestMismatchError
from anymatix_fetcher.library.content import HASHABLE, digest_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Proof
from anymatix_fetcher.library.linking import DEFAULT_ORDER, NoLinkError, SourceUnusableError, bring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.library.index import Candidate, Index
    from anymatix_fetcher.library.linking import Linked, Method
    from anymatix_fetcher.library.ports import Disk

_logger = logging.getLogger("anymatix_fetcher.library")


def take(
    index: Index,
    digest: Digest,
    destination: Path,
    disk: Disk,
    *,
    length: int | None = None,
    among: Callable[[Path], bool] = lambda _: True,
    order: Sequence[Method] = DEFAULT_ORDER,
    overwrite: bool = False,
    read_all: bool = False,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Linked | None:
    """The file at ``destination``, made of one that has ``digest``; ``None`` where there is none.

    A file that was hashed here counts as having its digest while its inode, size and modification time are the same:
    so a link takes milliseconds. What only a sidecar or a cache's name claims is read and hashed first, once.

    Args:
        index: What is here.
        digest: What is wanted; weak algorithms find nothing.
        destination: Where it is wanted.
        disk: The file system.
        length: Of what is wanted, where that is known.
        among: Which files may be taken.
        order: Which methods to try.
        overwrite: Whether to replace what is at ``destination``.
        read_all: Whether to read and hash every source first, whatever is known of it.
        on_bytes: Told how many more bytes were read; what it raises ends all.

    Raises:
        DestinationExistsError: Something is there, and isn't to be replaced.
        StorageError: It can't be written there.
    """
    for candidate in index.wanted(digest):
        if length is not None and candidate.state.size != length:
            continue
        if _is_at(destination, candidate.state) or not among(candidate.path):
            continue
        if (read_all or candidate.proof is Proof.CLAIMED) and not _is_proved(candidate, digest, index, on_bytes):
            continue
        try:
            linked = bring(
                candidate.path,
                destination,
                disk,
                state=candidate.state,
                digest=digest,
                order=order,
                overwrite=overwrite,
                on_bytes=on_bytes,
            )
        except (SourceUnusableError, NoLinkError) as error:
            _logger.debug("%s", error)
            continue
        except DigestMismatchError as error:
            _logger.warning("%s", error)
            index.forget([candidate.path])
            continue
        index.add(destination, [digest])
        return linked
    return None


def _is_proved(candidate: Candidate, digest: Digest, index: Index, on_bytes: Callable[[int], None]) -> bool:
    """Whether reading the file shows ``digest``; the index learns what it shows."""
    if digest.algorithm not in HASHABLE:
        return False
    try:
        found, state = digest_of(candidate.path, digest.algorithm, on_bytes=on_bytes)
    except OSError as error:
        _logger.debug("%s can't be read: %s", candidate.path, error.strerror)
        return False
    index.add(candidate.path, [found], state=state)
    if found != digest:
        _logger.warning("%s isn't what it is said to be: it has %s", candidate.path, found)
    return found == digest


def _is_at(path: Path, state: FileState) -> bool:
    try:
        return FileState.of(path.lstat()).shares_with(state)
    except OSError:
        return False
