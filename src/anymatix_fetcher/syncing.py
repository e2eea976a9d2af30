"""Syncing: which locked files are here, and bringing the others from any of their sources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias, Unpack

from anymatix_fetcher.care.progress import Tracker, worked_through
from anymatix_fetcher.core.digests import Digest, strongest
from anymatix_fetcher.core.resource import Author
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job, Progress, Result, Status, moment, shown
from anymatix_fetcher.errors import DestinationLockedError, DownloadCancelled, FetchError, IntegrityError, StorageError
from anymatix_fetcher.library.containment import Bounds, inside
from anymatix_fetcher.library.content import HASHABLE, digest_of
from anymatix_fetcher.lockfile import Root
from anymatix_fetcher.options import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from anymatix_fetcher.care.progress import OnCare
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.lockfile import Lock, LockedFile

    Tell: TypeAlias = "Callable[[tuple[Progress, ...]], None]"
    _Outcome: TypeAlias = "tuple[Digest, FileState] | OSError"

_URLS = ("http://", "https://")


class FetchMany(Protocol):
    """Downloads files, as ``api.fetch_many`` does."""

    def __call__(
        self, jobs: Sequence[Job], *, cancel: CancelToken | None = None, on_progress: Tell | None = None
    ) -> list[Result]:
        """One result for each job, in order; a failed download is a result too."""


class State(Enum):
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
        proof: What tells that it is here: an algorithm's name, or ``length``.
        error: What is in the way.
    """

    file: LockedFile
    state: State
    path: Path | None = None
    proof: str = ""
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
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
    lock: Lock,
    surroundings: Surroundings,
    *,
    check: bool = False,
    on_progress: OnCare = lambda _: None,
    cancel: CancelToken | None = None,
) -> list[Item]:
    """How it stands with each locked file, in their order.

    A file is taken for the locked one where its size is the same and the index knows the digest of what it was when it
    was last read, by its inode, size and modification time. What isn't known is read, once, and a few files at a time.

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
    for number, path, outcome in _read("checking", found, on_progress, cancel):
        items[number] = _item(lock.files[number], path, outcome, surroundings.index)
    if cancel.cancelled:
        raise DownloadCancelled("the files were being looked at; nothing was begun")
    return [items[number] for number in range(len(found))]


def _found(file: LockedFile, surroundings: Surroundings, *, check: bool) -> Item | _Unread:
    """How it stands with the file, or what has to be read to tell."""
    try:
        places = surroundings.places(file)
        path = next((path for path in places if path.exists()), None)
        if path is None:
            surroundings.bounds(file, places[0]).check(places[0])
            return Item(file, State.MISSING, places[0])
        size = path.stat().st_size
        if not path.is_file() or file.size not in (None, size):
            return _at(path, file, "")
        known = {digest.algorithm: digest for digest in surroundings.index.digests(path)} if not check else {}
        for digest in file.strong:
            if digest.algorithm in known:
                return _at(path, file, digest.algorithm if known[digest.algorithm] == digest else "")
        wanted = strongest(tuple(digest for digest in file.strong if digest.algorithm in HASHABLE))
        return _at(path, file, "length") if wanted is None else _Unread(path, size, wanted.algorithm)
    except FetchError as error:
        return Item(file, State.UNUSABLE, error=error)
    except OSError as error:
        return _unreadable(file, error)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A file that is here, and that only reading it tells of."""

    path: Path
    size: int
    algorithm: str = "sha256"

    def read(self, on_bytes: Callable[[int], None]) -> _Outcome:
        """Its digest, or why it has none."""
        try:
            return digest_of(self.path, self.algorithm, on_bytes=on_bytes)
        except OSError as error:
            return error


def _read(
    doing: str, found: Sequence[object], on_progress: OnCare, cancel: CancelToken
) -> Iterator[tuple[int, Path, _Outcome]]:
    """Reads the unread among what was found: number, path and outcome of each as it ends, until it is cancelled."""
    unread = [(number, one) for number, one in enumerate(found) if isinstance(one, _Unread)]
    tracker = Tracker(doing, [one.size for _, one in unread], [one.path.name for _, one in unread], on_progress)
    for task, outcome in worked_through([one.read for _, one in unread], tracker, cancel):
        number, one = unread[task]
        yield number, one.path, outcome


def _item(file: LockedFile, path: Path, outcome: _Outcome, index: Index) -> Item:
    """How it stands with a file that was read; the index learns what was."""
    if isinstance(outcome, OSError):
        return _unreadable(file, outcome)
    actual, state = outcome
    index.add(path, [actual], state=state)
    return _at(path, file, actual.algorithm if actual in file.strong else "")


def _at(path: Path, file: LockedFile, proof: str) -> Item:
    """What is at ``path`` is the locked file where something proves it."""
    if proof:
        return Item(file, State.HERE, path, proof)
    different = IntegrityError(
        f"{path} isn't the file that is locked", hint="--overwrite replaces it; `anyfetch lock` locks another one."
    )
    return Item(file, State.DIFFERENT, path, error=different)


def _unreadable(file: LockedFile, error: OSError) -> Item:
    reason = error.strerror or type(error).__name__
    return Item(file, State.UNUSABLE, error=StorageError(f"{file} can't be read: {reason}"))


# Bringing -------------------------------------------------------------------------------------------------


def fetch_items(
    items: Sequence[Item],
    surroundings: Surroundings,
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
    wanted = {State.MISSING, State.DIFFERENT} if options.get("overwrite") else {State.MISSING}
    chosen = [item for item in items if item.state in wanted]
    rounds = _Rounds(chosen, surroundings, cancel or CancelToken(), on_progress, options)
    fetched = iter(rounds.run(fetch_many))
    results = [next(fetched) if item.state in wanted else _standing(item, surroundings.index) for item in items]
    for item, result in zip(items, results, strict=True):
        if item.state in wanted and result.path is not None and result.sha256 is not None:
            proved = {digest for digest in item.file.strong if digest.algorithm == result.verified}
            surroundings.index.add(result.path, tuple({*proved, Digest("sha256", result.sha256)}))
    return results


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file."""

    size: int
    digest: Digest


def content_digests(
    results: Sequence[Result], *, on_progress: OnCare = lambda _: None, cancel: CancelToken | None = None
) -> list[Content | FetchError]:
    """Size and SHA-256 of what each result brought; what was there already is read, and taken for what was meant.

    Args:
        results: Of :func:`fetch_items`.
        on_progress: Told how far the reading is.
        cancel: Ends it; what isn't read then is a ``DownloadCancelled``.
    """
    found = [_content(result) for result in results]
    contents = {number: one for number, one in enumerate(found) if not isinstance(one, _Unread)}
    for number, path, outcome in _read("hashing", found, on_progress, cancel or CancelToken()):
        contents[number] = _content_read(path, outcome)
    stopped = DownloadCancelled("the file was being read when that was stopped")
    return [contents.get(number, stopped) for number in range(len(found))]


def _content(result: Result) -> Content | FetchError | _Unread:
    if result.error is not None:
        return result.error
    if result.path is None:
        raise AssertionError("a success has a path")
    if result.sha256 is not None and result.size is not None:
        return Content(result.size, Digest("sha256", result.sha256))
    return _Unread(result.path, result.size or 0)


def _content_read(path: Path, outcome: _Outcome) -> Content | FetchError:
    if isinstance(outcome, OSError):
        return StorageError(f"{path} can't be read: {outcome.strerror}")
    digest, state = outcome
    return Content(state.size, digest)


def _standing(item: Item, index: Index) -> Result:
    reference = shown(item.file.sources[0])
    if item.state is not State.HERE or item.path is None:
        return Result(reference=reference, status=Status.FAILED, error=item.error)
    known = index.current(item.path) if item.proof != "length" else None
    sha256 = next((digest.hex for digest in known.digests if digest.algorithm == "sha256"), None) if known else None
    here = Result(reference=reference, status=Status.PRESENT, path=item.path, size=item.path.stat().st_size)
    return replace(here, sha256=sha256, verified=item.proof, verified_at=moment(known.read_at if known else None))


class _Rounds:
    """Downloads that are tried from one source after the other."""

    def __init__(
        self,
        items: Sequence[Item],
        surroundings: Surroundings,
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


def _job(item: Item, surroundings: Surroundings, number: int, options: Options) -> Job:
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
    """The digests that are worth computing: the strong ones that need no package, or else whatever there is."""
    without_package = tuple(digest for digest in file.strong if digest.algorithm in HASHABLE)
    return without_package or file.strong or file.digests
