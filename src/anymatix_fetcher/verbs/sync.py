"""Syncing: which locked files are here, and bringing the others from any of their sources."""

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
    """How it stands with one locked file."""

    HERE = "here"
    MISSING = "missing"
    DIFFERENT = "different"
    """Something else is at its place."""
    UNUSABLE = "unusable"
    """There is no such folder here, or it mustn't be written to."""


@dataclass(frozen=True, slots=True)
class Item:
    """One locked file.

    Args:
        file: What is locked.
        state: How it stands.
        path: Where it is, or belongs; ``None`` where there is no such place.
        proof: What tells that it is here: an algorithm's name, or ``length``; ``none`` where nothing is locked that
            could tell, empty where it isn't here.
        read_at: When its bytes were read for that, in seconds since 1970; ``None`` where they weren't.
        error: What is in the way.
    """

    file: LockedFile
    state: SyncState
    path: Path | None = None
    proof: str = ""
    read_at: float | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """This machine, as far as locked files are concerned.

    Args:
        folders: Where models lie.
        here: The folder for what isn't below the models root.
        index: What is known of files, so that they needn't be read again.
        is_named: Whether the user has named ``here``, instead of the lock file's own folder.
    """

    folders: ModelFolders
    here: Path
    index: Index
    is_named: bool = False

    def places(self, file: LockedFile) -> list[Path]:
        """Where the file may be; the first is where it belongs.

        Raises:
            FetchError: There is no such folder, or it leads elsewhere.
        """
        if file.root is Root.HERE:
            return [inside(self.here, (*file.folder, file.name))]
        first, *rest = file.folder
        folders = [self.folders.target(first), *self.folders.paths(first)]
        return [inside(folder, (*rest, file.name)) for folder in dict.fromkeys(folders)]

    def bounds(self, file: LockedFile, path: Path) -> Bounds:
        """Where the file has to stay that is brought to ``path``, one of its places."""
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
    """How it stands with each locked file, in their order.

    A file is taken for the locked one where its digests are the locked ones, as far as they can be computed: those that
    the index knows of the file as it is now, or else of reading it, once, and a few files at a time. Where no digest is
    locked, its length tells, or nothing.

    Args:
        lock: What belongs here.
        surroundings: This machine.
        check: Whether to read every file, whatever is known of it.
        on_progress: Told how far reading them is.
        cancel: Ends the reading.

    Raises:
        DownloadCancelled: It was ended.
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
        raise DownloadCancelled("the files were being looked at; nothing was begun")
    return [items[number] for number in range(len(found))]


def _found(file: LockedFile, surroundings: LocalFiles, *, check: bool) -> Item | _Unread:
    """How it stands with the file, or what has to be read to tell."""
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
    """The algorithms of its digests that can be computed here."""
    can = computable()
    return tuple(digest.algorithm for digest in file.digests if digest.algorithm in can)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A file that is here, and that only reading it tells of.

    Args:
        path: The file.
        size: In bytes.
        algorithms: What to compute beside SHA-256.
    """

    path: Path
    size: int
    algorithms: tuple[str, ...] = ()

    def read(self, on_bytes: Callable[[int], None]) -> Reading | FetchError:
        """What is in it, or why that can't be told."""
        try:
            reading = read_through(self.path, self.algorithms, new_hasher, on_bytes=on_bytes)
            is_still = FileState.of(self.path.stat()).is_unwritten_since(reading.state)
        except OSError as error:
            return unreadable(self.path, error)
        return reading if is_still else StorageError(f"{self.path} was written to while it was read")


def _item(file: LockedFile, path: Path, outcome: Reading | FetchError, index: Index) -> Item:
    """How it stands with a file that was read; the index learns what was."""
    if isinstance(outcome, FetchError):
        return Item(file, SyncState.UNUSABLE, error=outcome)
    read_at = time.time()
    item = _told(file, path, outcome.digests, read_at) or _unproved(file, path)
    proof = item.proof if item.proof in COLLISION_FREE else ""
    index.add(path, outcome.digests, state=outcome.state, blocks=outcome.blocks, read_at=read_at, verified=proof)
    return item


def _told(file: LockedFile, path: Path, digests: tuple[Digest, ...], read_at: float | None) -> Item | None:
    """What these digests of the file at ``path`` tell; ``None`` where it has to be read for the others."""
    if _speaks_against(digests, file):
        return _different(path, file)
    known = {digest.algorithm for digest in digests}
    proof = strongest(tuple(digest for digest in file.digests if digest.algorithm in known))
    if proof is None or (proof.algorithm not in COLLISION_FREE and set(_stated_algorithms(file)) - known):
        return None
    return Item(file, SyncState.HERE, path, proof.algorithm, read_at)


def _speaks_against(digests: Iterable[Digest], file: LockedFile) -> Digest | None:
    """The one of a file's digests by which it isn't the locked one; ``None`` where there is none."""
    locked = {digest.algorithm: digest for digest in file.digests}
    return next((digest for digest in digests if locked.get(digest.algorithm, digest) != digest), None)


def _unproved(file: LockedFile, path: Path) -> Item:
    """What no digest speaks of."""
    return Item(file, SyncState.HERE, path, "none" if file.size is None else "length")


def _different(path: Path, file: LockedFile) -> Item:
    different = IntegrityError(
        f"{path} isn't the file that is locked", hint="--overwrite replaces it; `anyfetch lock` locks another one."
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
    """One result for each item, in order: what is here is present, what is missing is fetched, the rest has failed.

    The first source is asked, with the others that are URLs as its mirrors; where that fails, the next one is.

    Args:
        items: Of :func:`plan_sync`.
        surroundings: This machine; its index learns what has come.
        fetch_many: Downloads.
        cancel: Stops it.
        on_progress: Told how those stand that are fetched.
        **options: As for ``fetch``; what is about the destination and the content is filled in here. With
            ``overwrite`` what is different is fetched too.
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
    """Downloads that are tried from one source after the other."""

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
        # What is in the way here, is in every source's way.
        own = StorageError | DestinationLockedError | DownloadCancelled
        return result.error is not None and not isinstance(result.error, own) and not self._cancel.cancelled

    def _take(self, index: int, result: Result) -> None:
        first = self._results[index]
        # Of several failures the first source's tells most.
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
    """The digests that are checked: all that can be computed here, or else whatever there is, which is refused."""
    algorithms = _stated_algorithms(file)
    return tuple(digest for digest in file.digests if digest.algorithm in algorithms) or file.digests
