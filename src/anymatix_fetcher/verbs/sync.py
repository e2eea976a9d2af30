"""``sync``: fetches the files of a lock file that aren't here, from any of their sources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, Unpack

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job, Progress, Result, Status, moment, shown
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.errors import DestinationLockedError, DownloadCancelled, StorageError
from anymatix_fetcher.library.lock_file_format import Root
from anymatix_fetcher.library.types import known_type
from anymatix_fetcher.verbs.comparing import Item, SyncState, plan_sync, stated_algorithms
from anymatix_fetcher.verbs.fetch import fetch_many
from anymatix_fetcher.verbs.lock_file import DEFAULT_FILE, local_files, read_lock
from anymatix_fetcher.verbs.progress import unheard
from anymatix_fetcher.verbs.settings import getting_there, refuse_headers, settings_of
from anymatix_fetcher.wiring.composition import open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.lock_file_format import LockedFile
    from anymatix_fetcher.verbs.callables import FetchMany
    from anymatix_fetcher.verbs.comparing import LocalFiles
    from anymatix_fetcher.verbs.progress import CareProgress

    Tell: TypeAlias = "Callable[[tuple[Progress, ...]], None]"

_URLS = ("http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The files of a lock file.

    Args:
        items: Each file as it was found: its entry, path and state.
        results: The result for each, in the same order; empty after a dry run. A file that was here is ``present``,
            and one that couldn't be fetched has an ``error``.
    """

    items: tuple[Item, ...]
    results: tuple[Result, ...] = ()


@explained(GettingThere)
def sync(
    file: Path | str = DEFAULT_FILE,
    *,
    directory: Path | str | None = None,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    overwrite: bool = False,
    check: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[CareProgress], None] | None = None,
    on_download: Callable[[tuple[Progress, ...]], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> Synced:
    """Fetches exactly the files that :func:`lock` has recorded, each verified, from any of its sources.

    Files that are here aren't fetched, and none is removed. A failed download is a result as well, and doesn't stop the
    others.

    >>> from anymatix_fetcher import sync
    >>> [result.path for result in sync("anyfetch.lock", models="ComfyUI").results]  # doctest: +SKIP

    Args:
        file: The lock file; ``anyfetch.lock`` in the current folder by default.
        directory: The folder of files outside the models root; the lock file's folder by default.
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        overwrite: Whether to replace files that differ; otherwise they are failures.
        check: Whether to read every file that is here, even if it is unchanged since it was read.
        dry_run: Whether to fetch nothing and only say what is here.
        on_progress: Called several times a second while files are read, on the calling thread.
        on_download: Called about four times a second with the progress of each download, on the calling thread.
        cancel: Stops the operation.
        **options: The network settings of :func:`fetch`, but no ``headers``.

    Returns:
        The state and the result of each locked file, in the order of the lock file.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type, or the lock file can't be parsed.
        NotFoundError: There is no such lock file.
        StorageError: The lock file can't be read.
        DownloadCancelled: It was stopped before anything was fetched.
    """
    forms.switches(overwrite=overwrite, check=check, dry_run=dry_run)
    forms.callbacks(on_progress=on_progress, on_download=on_download)
    getting_there(**options)
    refuse_headers(options, "the lock file")
    path, cancel = forms.named_file("file", file), forms.token(cancel)
    directory, models = forms.path("directory", directory), forms.path("models", models)
    extra_paths = forms.paths("extra_paths", extra_paths)
    locked = read_lock(path)
    with open_index() as index:
        here, _ = local_files(path, directory, models, extra_paths, index)
        items = plan_sync(locked, here, check=check, on_progress=on_progress or unheard, cancel=cancel)
        if dry_run:
            return Synced(items=tuple(items))
        results = fetch_items(
            items,
            here,
            fetch_many=fetch_many,
            cancel=cancel,
            on_progress=on_download,
            **options,
            overwrite=overwrite,
        )
    return Synced(items=tuple(items), results=tuple(results))


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
            # As after any other download into the models root: its origin is known to `ls`, `rm` and `verify`.
            sidecar=file.root is Root.MODELS,
            type=known_type(file.type) or "",
            # Whichever source has begun it: where the content proves to be the same, another one goes on.
            take_over=True,
            mirrors=tuple(source for source in others if source.startswith(_URLS)),
        ),
        Author.FILE,
    )


def _checked(file: LockedFile) -> tuple[Digest, ...]:
    """The digests to verify: those that can be computed; if there are none, all of them, which is refused."""
    algorithms = stated_algorithms(file)
    return tuple(digest for digest in file.digests if digest.algorithm in algorithms) or file.digests
