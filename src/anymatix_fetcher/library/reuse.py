"""Makes the destination from a local file with the expected digest, instead of downloading it."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DigestMismatchError
from anymatix_fetcher.library.content import HASHABLE, digests_of
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.linking import DEFAULT_ORDER, Method, NoLinkError, SourceUnusableError, bring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.entries import Candidate
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.linking import Linked

_logger = logging.getLogger("anymatix_fetcher.library")


def take(
    index: Index,
    digest: Digest,
    destination: Path,
    disk: Disk,
    *,
    among: Callable[[Path], bool] = lambda _: True,
    order: Sequence[Method] = DEFAULT_ORDER,
    overwrite: bool = False,
    read_all: bool = False,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Linked | None:
    """Makes a file at ``destination`` from one that has ``digest``; ``None`` if there is none.

    A file that was read here has its digest as long as its state is unchanged, so linking takes milliseconds. Any other
    file is read and hashed once first.

    Args:
        index: The index.
        digest: The expected digest; weak algorithms find nothing.
        destination: The destination.
        disk: The file system.
        among: Whether a file may be used.
        order: The methods to try.
        overwrite: Whether to replace a file at ``destination``.
        read_all: Whether to read and hash every source first, regardless of its record.
        on_bytes: Called with the number of bytes read. An exception from it ends the search.

    Raises:
        DestinationExistsError: ``destination`` exists.
        StorageError: It can't be written.
    """
    bringing = partial(
        bring,
        disk=disk,
        digest=digest,
        order=order,
        overwrite=overwrite,
        on_bytes=on_bytes,
    )
    refused: list[FileState] = []
    for candidate in index.wanted(digest):
        if _is_at(destination, candidate.state) or not among(candidate.path):
            continue
        if any(candidate.state.shares_with(one) for one in refused):
            continue  # another hard link of a file that was just read
        state: FileState | None = candidate.state
        if read_all or candidate.proof is HowKnown.CLAIMED:
            state = _proved(candidate, digest, index, on_bytes)
        linked = _brought(candidate.path, destination, state, digest, index, bringing) if state is not None else None
        if linked is not None:
            return linked
        refused.append(candidate.state)
    return None


def _brought(
    source: Path, destination: Path, state: FileState, digest: Digest, index: Index, bringing: Callable[..., Linked]
) -> Linked | None:
    """Makes the file from ``source`` and enters it into the index; ``None`` if no method works."""
    known = index.current(source)
    try:
        with index.keeping(source), index.keeping(destination):
            linked = bringing(source, destination, state=state)
    except (SourceUnusableError, NoLinkError) as error:
        _logger.debug("%s", error)
        return None
    except DigestMismatchError as error:
        _logger.warning("%s", error)
        index.refute(source)
        return None
    was_hashed = linked.method is Method.COPY and digest.algorithm in HASHABLE
    index.add(
        destination,
        sorted({digest, *(known.digests if known else ())}, key=str),
        state=linked.state,
        read_at=known.read_at if known and not was_hashed else None,
        verified=digest.algorithm,
    )
    return linked


def _proved(candidate: Candidate, digest: Digest, index: Index, on_bytes: Callable[[int], None]) -> FileState | None:
    """The file's state if reading it confirms ``digest``. The index records the result."""
    if digest.algorithm not in HASHABLE:
        return None
    try:
        found, state = digests_of(candidate.path, {"sha256", digest.algorithm}, on_bytes=on_bytes)
    except OSError as error:
        _logger.debug("%s can't be read: %s", candidate.path, error.strerror)
        return None
    is_right = digest in found
    if not is_right:
        actual = next(one for one in found if one.algorithm == digest.algorithm)
        _logger.warning("%s hasn't the digest that is stated for it: it has %s", candidate.path, actual)
    index.add(candidate.path, found, state=state, verified=digest.algorithm if is_right else "")
    return state if is_right else None


def _is_at(path: Path, state: FileState) -> bool:
    try:
        return FileState.of(path.lstat()).shares_with(state)
    except OSError:
        return False
