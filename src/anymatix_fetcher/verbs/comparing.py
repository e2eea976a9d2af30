"""Compares local files with a lock file: which of the locked files are here, missing or different."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, Digest, strongest
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DownloadCancelled, FetchError, IntegrityError, StorageError
from anymatix_fetcher.library.containment import Bounds, inside
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.lock_file_format import Root
from anymatix_fetcher.library.reading import Reading, read_through
from anymatix_fetcher.storage.hashing import computable, new_hasher
from anymatix_fetcher.verbs.checked import unreadable
from anymatix_fetcher.verbs.progress import Tracker, unheard, worked_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.lock_file_format import LockedFile, LockFile
    from anymatix_fetcher.verbs.progress import OnCare


class SyncState(StrEnum):
    """The state of a locked file."""

    HERE = "here"
    MISSING = "missing"
    DIFFERENT = "different"
    """Another file is at its path."""
    UNUSABLE = "unusable"
    """Its folder doesn't exist, or must not be written to."""


@dataclass(frozen=True, slots=True)
class Item:
    """One locked file.

    Args:
        file: The entry.
        state: Its state.
        path: Its path; ``None`` if there is no folder for it.
        proof: How the local file was verified: an algorithm, or ``length``; ``none`` if the entry states neither, empty
            if the file isn't here.
        read_at: When its bytes were read, in seconds since 1970; ``None`` if they weren't.
        error: What prevents it from being fetched.
    """

    file: LockedFile
    state: SyncState
    path: Path | None = None
    proof: str = ""
    read_at: float | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """The local folders and the index, as far as locked files need them.

    Args:
        folders: The model folders.
        here: The folder of files outside the models root.
        index: The known files, which needn't be read again.
        is_named: Whether the user named ``here``; otherwise it is the lock file's folder.
    """

    folders: ModelFolders
    here: Path
    index: Index
    is_named: bool = False

    def places(self, file: LockedFile) -> list[Path]:
        """The paths where the file may be, the preferred one first.

        Raises:
            FetchError: There is no folder for it, or the path leaves that folder.
        """
        if file.root is Root.HERE:
            return [inside(self.here, (*file.folder, file.name))]
        first, *rest = file.folder
        folders = [self.folders.target(first), *self.folders.paths(first)]
        return [inside(folder, (*rest, file.name)) for folder in dict.fromkeys(folders)]

    def bounds(self, file: LockedFile, path: Path) -> Bounds:
        """The bounds of the file that is fetched to ``path``, one of its places."""
        if file.root is Root.HERE:
            return Bounds(self.here, is_named=self.is_named)
        return self.folders.bounds(path.parents[len(file.folder) - 1])


def plan_sync(
    lock: LockFile,
    surroundings: LocalFiles,
    *,
    check: bool = False,
    on_progress: OnCare = unheard,
    cancel: CancelToken | None = None,
) -> list[Item]:
    """The state of each locked file, in order.

    A local file counts as the locked one if all locked digests that can be computed match. They are taken from the
    index if the file is unchanged; otherwise the file is hashed, several files at a time. If no digest is locked, its
    length is compared, if known.

    Args:
        lock: The lock file.
        surroundings: The local folders and index.
        check: Whether to hash every file.
        on_progress: Called with the progress of hashing.
        cancel: Stops the operation.

    Raises:
        DownloadCancelled: The operation was stopped.
    """
    cancel = cancel or CancelToken()
    found = [_found(file, surroundings, check=check) for file in lock.files]
    items = {number: one for number, one in enumerate(found) if isinstance(one, Item)}
    unread = [(number, one) for number, one in enumerate(found) if isinstance(one, _Unread)]
    tracker = Tracker("checking", [one.size for _, one in unread], [one.path.name for _, one in unread], on_progress)
    for task, outcome in worked_through([one.read for _, one in unread], tracker, cancel):
        number, one = unread[task]
        items[number] = _item(lock.files[number], one.path, outcome, surroundings.index)
    if cancel.cancelled:
        raise DownloadCancelled("files were being compared", hint="Nothing was started; run it again.")
    return [items[number] for number in range(len(found))]


def _found(file: LockedFile, surroundings: LocalFiles, *, check: bool) -> Item | _Unread:
    """The state of the file, or the file to hash."""
    try:
        places = surroundings.places(file)
        path = next((path for path in places if path.exists()), None)
        if path is None:
            surroundings.bounds(file, places[0]).check(places[0])
            return Item(file, SyncState.MISSING, places[0])
        size = path.stat().st_size
        if not path.is_file() or file.size not in (None, size):
            return _different(path, file)
        known = surroundings.index.current(path) if not check else None
        told = _told(file, path, known.digests, known.read_at) if known is not None else None
        if told is not None:
            return told
        algorithms = stated_algorithms(file)
        return _Unread(path, size, algorithms) if algorithms or check else _unproved(file, path)
    except FetchError as error:
        return Item(file, SyncState.UNUSABLE, error=error)
    except OSError as error:
        return Item(file, SyncState.UNUSABLE, error=unreadable(Path(str(file)), error))


def stated_algorithms(file: LockedFile) -> tuple[str, ...]:
    """The algorithms of its digests that can be computed."""
    can = computable()
    return tuple(digest.algorithm for digest in file.digests if digest.algorithm in can)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A local file that has to be hashed.

    Args:
        path: The file.
        size: In bytes.
        algorithms: The algorithms to compute besides SHA-256.
    """

    path: Path
    size: int
    algorithms: tuple[str, ...] = ()

    def read(self, on_bytes: Callable[[int], None]) -> Reading | FetchError:
        """The content of the file, or the error."""
        try:
            reading = read_through(self.path, self.algorithms, new_hasher, on_bytes=on_bytes)
            is_still = FileState.of(self.path.stat()).is_unwritten_since(reading.state)
        except OSError as error:
            return unreadable(self.path, error)
        return (
            reading
            if is_still
            else StorageError(
                f"{self.path} was written to while it was read",
                hint="Wait for the program that writes it, and try again.",
            )
        )


def _item(file: LockedFile, path: Path, outcome: Reading | FetchError, index: Index) -> Item:
    """The state of a file after hashing, which the index stores."""
    if isinstance(outcome, FetchError):
        return Item(file, SyncState.UNUSABLE, error=outcome)
    read_at = time.time()
    item = _told(file, path, outcome.digests, read_at) or _unproved(file, path)
    proof = item.proof if item.proof in COLLISION_FREE else ""
    index.add(path, outcome.digests, state=outcome.state, blocks=outcome.blocks, read_at=read_at, verified=proof)
    return item


def _told(file: LockedFile, path: Path, digests: tuple[Digest, ...], read_at: float | None) -> Item | None:
    """The state of the file at ``path`` by these digests; ``None`` if others have to be computed."""
    if _speaks_against(digests, file):
        return _different(path, file)
    known = {digest.algorithm for digest in digests}
    proof = strongest(tuple(digest for digest in file.digests if digest.algorithm in known))
    if proof is None or (proof.algorithm not in COLLISION_FREE and set(stated_algorithms(file)) - known):
        return None
    return Item(file, SyncState.HERE, path, proof.algorithm, read_at)


def _speaks_against(digests: Iterable[Digest], file: LockedFile) -> Digest | None:
    """The digest that contradicts the locked ones; ``None`` if none does."""
    locked = {digest.algorithm: digest for digest in file.digests}
    return next((digest for digest in digests if locked.get(digest.algorithm, digest) != digest), None)


def _unproved(file: LockedFile, path: Path) -> Item:
    """The state of a file for which no digest is locked."""
    return Item(file, SyncState.HERE, path, "none" if file.size is None else "length")


def _different(path: Path, file: LockedFile) -> Item:
    different = IntegrityError(
        f"{path} isn't the locked file", hint="Use --overwrite to replace it, or `anyfetch lock` to lock another one."
    )
    return Item(file, SyncState.DIFFERENT, path, error=different)
