"""Instead of a download: what is here already, by its digest."""

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
    """The file at ``destination``, made of one that has ``digest``; ``None`` where there is none.

    A file that was read here counts as having its digest while it is in the state that it had then: so a link takes
    milliseconds. Every other one is read and hashed first, once, whatever is said of its length.

    Args:
        index: What is here.
        digest: What is wanted; weak algorithms find nothing.
        destination: Where it is wanted.
        disk: The file system.
        among: Which files may be taken.
        order: Which methods to try.
        overwrite: Whether to replace what is at ``destination``.
        read_all: Whether to read and hash every source first, whatever is known of it.
        on_bytes: Told how many more bytes were read; what it raises ends all.

    Raises:
        DestinationExistsError: Something is there, and isn't to be replaced.
        StorageError: It can't be written there.
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
            continue  # another name of a file that was read just now
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
    """What has become of ``source``, known to the index; ``None`` where nothing can be made of it."""
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
    """The file's state where reading it shows ``digest``; the index learns what it shows."""
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
        _logger.warning("%s isn't what it is said to be: it has %s", candidate.path, actual)
    index.add(candidate.path, found, state=state, verified=digest.algorithm if is_right else "")
    return state if is_right else None


def _is_at(path: Path, state: FileState) -> bool:
    try:
        return FileState.of(path.lstat()).shares_with(state)
    except OSError:
        return False
