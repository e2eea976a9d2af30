"""Syncing: compares local files with a lock file, and fetches the others from any of their sources."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

from anymatix_fetcher.core.values.digests import COLLISION_FREE, Digest, strongest
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job, Progress, Result, Status, moment, shown
from anymatix_fetcher.errors import DestinationLockedError, DownloadCancelled, FetchError, IntegrityError, StorageError
from anymatix_fetcher.library.containment import Bounds, inside
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.lock_file_format import Root
from anymatix_fetcher.library.reading import Reading, read_through
from anymatix_fetcher.storage.hashing import computable, new_hasher
from anymatix_fetcher.verbs.checked import unreadable
from anymatix_fetcher.verbs.progress import Tracker, worked_through
from anymatix_fetcher.verbs.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.lock_file_format import LockedFile, LockFile
    from anymatix_fetcher.verbs.callables import FetchMany
    from anymatix_fetcher.verbs.progress import OnCare

    Tell: TypeAlias = "Callable[[tuple[Progress, ...]], None]"

_URLS = ("http://", "https://")


class SyncState(Enum):
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
    on_progress: OnCare = lambda _: None,
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
        raise DownloadCancelled("files were being compared; nothing was started")
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
        algorithms = _stated_algorithms(file)
        return _Unread(path, size, algorithms) if algorithms or check else _unproved(file, path)
    except FetchError as error:
        return Item(file, SyncState.UNUSABLE, error=error)
    except OSError as error:
        return Item(file, SyncState.UNUSABLE, error=unreadable(Path(str(file)), error))


def _stated_algorithms(file: LockedFile) -> tuple[str, ...]:
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
        return reading if is_still else StorageError(f"{self.path} was written to while it was read")


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
    if proof is None or (proof.algorithm not in COLLISION_FREE and set(_stated_algorithms(file)) - known):
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


# Bringing -------------------------------------------------------------------------------------------------


def fetch_items(
    items: Sequence[Item],
    surroundings: LocalFiles,
    *,
    fetch_many: FetchMany,
    cancel: CancelToken | None = None,
    on_progress: Tell | None = None,
    **options: Unpack[Options],
) -> list[Result]:
    """One result for each item, in order: local files are present, missing ones are fetched, the others have failed.

    The first source is used with the other URLs as its mirrors. If it fails, the next one is used.

    Args:
        items: The result of :func:`plan_sync`.
        surroundings: The local folders; the index stores the fetched files.
        fetch_many: The function that downloads.
        cancel: Stops the operation.
        on_progress: Called with the progress of the downloads.
        **options: The settings of ``fetch``. Destination and content are filled in here. With ``overwrite``, different
            files are fetched as well.
    """
    wanted = {SyncState.MISSING, SyncState.DIFFERENT} if options.get("overwrite") else {SyncState.MISSING}
    chosen = [item for item in items if item.state in wanted]
    rounds = _Rounds(chosen, surroundings, cancel or CancelToken(), on_progress, options)
    fetched = iter(rounds.run(fetch_many))
    results = [next(fetched) if item.state in wanted else _standing(item, surroundings.index) for item in items]
    for item, result in zip(items, results, strict=True):
        if item.state in wanted and result.path is not None and result.sha256 is not None:
            proved = {digest for digest in item.file.digests if digest.algorithm == result.verified}
            surroundings.index.add(result.path, tuple({*proved, Digest("sha256", result.sha256)}))
    return results


def _standing(item: Item, index: Index) -> Result:
    reference = shown(item.file.sources[0])
    if item.state is not SyncState.HERE or item.path is None:
        return Result(reference=reference, status=Status.FAILED, error=item.error)
    known = index.digests(item.path)
    return Result(
        reference=reference,
        status=Status.PRESENT,
        path=item.path,
        size=item.path.stat().st_size,
        sha256=next((digest.hex for digest in known if digest.algorithm == "sha256"), None),
        verified=item.proof,
        verified_at=moment(item.read_at),
    )


class _Rounds:
    """Downloads that try one source after another."""

    def __init__(
        self,
        items: Sequence[Item],
        surroundings: LocalFiles,
        cancel: CancelToken,
        on_progress: Tell | None,
        options: Options,
    ) -> None:
        self._items = items
        self._surroundings = surroundings
        self._cancel = cancel
        self._on_progress = on_progress
        self._options = options
        self._results: list[Result | None] = [None] * len(items)
        self._progress = [Progress(shown(item.file.sources[0]), item.file.name) for item in items]

    def run(self, fetch_many: FetchMany) -> list[Result]:
        """One result for each item."""
        most = max((len(item.file.sources) for item in self._items), default=0)
        for number in range(most):
            open_ = [index for index in range(len(self._items)) if self._may_try(index, number)]
            if not open_:
                break
            jobs = [_job(self._items[index], self._surroundings, number, self._options) for index in open_]
            results = fetch_many(jobs, cancel=self._cancel, on_progress=self._telling(open_))
            for index, result in zip(open_, results, strict=True):
                self._take(index, result)
        return [result for result in self._results if result is not None]

    def _may_try(self, index: int, number: int) -> bool:
        result = self._results[index]
        if number >= len(self._items[index].file.sources):
            return False
        if result is None:
            return True
        # A local obstacle is the same for every source.
        own = StorageError | DestinationLockedError | DownloadCancelled
        return result.error is not None and not isinstance(result.error, own) and not self._cancel.cancelled

    def _take(self, index: int, result: Result) -> None:
        first = self._results[index]
        # Of several failures the first source's is the most informative.
        self._results[index] = first if first is not None and result.error is not None else result

    def _telling(self, open_: list[int]) -> Tell:
        def tell(told: tuple[Progress, ...]) -> None:
            for index, progress in zip(open_, told, strict=False):
                self._progress[index] = progress
            if self._on_progress is not None:
                self._on_progress(tuple(self._progress))

        return tell


def _job(item: Item, surroundings: LocalFiles, number: int, options: Options) -> Job:
    file, path = item.file, item.path
    if path is None:
        raise AssertionError("what is fetched has a place")
    others = (*file.sources[number + 1 :], *file.sources[:number])
    settings = settings_of(**options)
    return Job(
        file.sources[number],
        replace(
            settings,
            output=path,
            bounds=surroundings.bounds(file, path),
            digests=_checked(file),
            length=file.size,
            # Whichever source has begun it: where the content proves to be the same, another one goes on.
            take_over=True,
            mirrors=tuple(source for source in others if source.startswith(_URLS)),
        ),
        Author.FILE,
    )


def _checked(file: LockedFile) -> tuple[Digest, ...]:
    """The digests to verify: those that can be computed; if there are none, all of them, which is refused."""
    algorithms = _stated_algorithms(file)
    return tuple(digest for digest in file.digests if digest.algorithm in algorithms) or file.digests
