"""Computes digests for a lock file from fetched content, or from local files of known origin."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.engine.facts import UNPROVED, Result, Status
from anymatix_fetcher.errors import DestinationExistsError, FetchError, StorageError
from anymatix_fetcher.library.lock_file_format import Root
from anymatix_fetcher.library.names import split_name
from anymatix_fetcher.verbs.comparing import Item, SyncState
from anymatix_fetcher.verbs.sync import fetch_items

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.verbs.callables import FetchMany
    from anymatix_fetcher.verbs.comparing import LocalFiles
    from anymatix_fetcher.verbs.sync import Tell


@dataclass(frozen=True, slots=True)
class ReadContent:
    """The content of a file.

    Args:
        size: In bytes.
        digest: Its SHA-256.
        local: The file, if it was already here.
        proof: The algorithm of the stated digest that the content matches; otherwise the file's recorded origin.
    """

    size: int
    digest: Digest
    local: Path | None = None
    proof: str = ""


def fetch_to_hash(
    items: Sequence[Item],
    surroundings: LocalFiles,
    *,
    fetch_many: FetchMany,
    cancel: CancelToken,
    on_progress: Tell | None = None,
    **options: Unpack[Options],
) -> list[Result]:
    """One result for each item, as from :func:`fetch_items`. Each comes from one of the item's sources.

    A file at an item's path that no digest proves is left there. Unless the same reference has fetched it before, the
    content is fetched from its source into the lock file's folder, hashed, and removed.

    Args:
        items: The result of :func:`plan_sync`.
        surroundings: The local folders and index.
        fetch_many: The function that downloads.
        cancel: Stops the operation.
        on_progress: Called with the progress of the downloads.
        **options: The settings of ``fetch``.
    """
    asked = [replace(item, state=SyncState.MISSING) if _is_unproved(item) else item for item in items]
    results = fetch_items(asked, surroundings, fetch_many=fetch_many, cancel=cancel, on_progress=on_progress, **options)
    beside = {
        number: _beside(item, surroundings)
        for number, (item, result) in enumerate(zip(asked, results, strict=True))
        if isinstance(result.error, DestinationExistsError)
    }
    if not beside or cancel.cancelled:
        return results
    fetched = fetch_items(
        list(beside.values()), surroundings, fetch_many=fetch_many, cancel=cancel, on_progress=on_progress, **options
    )
    for number, result in zip(beside, fetched, strict=True):
        results[number] = result
        if result.path is not None:
            surroundings.index.forget([result.path])
            with suppress(OSError):
                result.path.unlink()
    return results


def _is_unproved(item: Item) -> bool:
    return item.state is SyncState.DIFFERENT or (item.state is SyncState.HERE and item.proof in UNPROVED)


def _beside(item: Item, surroundings: LocalFiles) -> Item:
    """The same file at a path of its own, with the same expected content type."""
    number = sha256(f"{item.file.root}/{item.file}".encode()).hexdigest()[:16]
    name = SafeName(f"anyfetch-{number}{split_name(item.file.name)[1]}")
    return replace(item, file=replace(item.file, name=name, root=Root.HERE, folder=()), path=surroundings.here / name)


def contents(results: Sequence[Result]) -> list[ReadContent | FetchError]:
    """Size and SHA-256 of each result of :func:`fetch_to_hash`, or the error."""
    return [_content(result) for result in results]


def _content(result: Result) -> ReadContent | FetchError:
    if result.error is not None:
        return result.error
    if result.path is None or result.size is None or result.sha256 is None:
        return StorageError(
            "the file was changed while it was read", hint="Run the command again once the file is complete."
        )
    local = result.path if result.status is Status.PRESENT else None
    proof = "" if result.verified in UNPROVED else result.verified
    return ReadContent(result.size, Digest("sha256", result.sha256), local, proof)
