"""``lock``: records in a lock file which files references and workflows resolve to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.lock_file_format import LockFile
from anymatix_fetcher.verbs.comparing import plan_sync
from anymatix_fetcher.verbs.computing import contents, fetch_to_hash
from anymatix_fetcher.verbs.fetch import fetch_many
from anymatix_fetcher.verbs.lock_file import DEFAULT_FILE, local_files, read_lock, write_lock
from anymatix_fetcher.verbs.locking import (
    LockChange,
    LockEntry,
    Target,
    below,
    entries_for,
    lock_entries,
    unproved,
    with_digests,
)
from anymatix_fetcher.verbs.progress import unheard
from anymatix_fetcher.verbs.settings import getting_there, refuse_headers
from anymatix_fetcher.wiring.composition import open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.verbs.progress import CareProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReport:
    """What was locked.

    Args:
        file: The lock file.
        entries: The entry for each file, or its error, with the effect on the lock file.
        remarks: What was left out of workflows, and why.
        is_written: Whether the lock file was written, which it isn't if nothing has changed.
    """

    file: Path
    entries: tuple[tuple[LockEntry, LockChange], ...]
    remarks: tuple[str, ...] = ()
    is_written: bool = False


@explained(GettingThere)
def lock(
    wanted: Iterable[Path | str] | Path | str,
    *,
    file: Path | str = DEFAULT_FILE,
    type: str = "",  # noqa: A002 - as for fetch
    directory: Path | str | None = None,
    include: Iterable[str] | str = (),
    exclude: Iterable[str] | str = (),
    mirrors: Iterable[str] | str = (),
    fetch: bool = False,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    on_progress: Callable[[CareProgress], None] | None = None,
    on_download: Callable[[tuple[Progress, ...]], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> LockReport:
    """Records exactly which files references and workflows resolve to; :func:`sync` fetches exactly these.

    An entry has the name, folder, size, digests and sources of a file, pinned to a commit or a version if the source
    has them, and no secrets. Locking again updates existing entries and keeps the others.

    >>> from anymatix_fetcher import lock
    >>> report = lock(["civitai:143906"], type="checkpoint")  # doctest: +SKIP
    >>> [(entry.file.name, change.value) for entry, change in report.entries]  # doctest: +SKIP

    Args:
        wanted: References as for :func:`fetch`, and paths of ComfyUI workflows.
        file: The lock file; ``anyfetch.lock`` in the current folder by default.
        type: The model type of what no workflow has a folder for; ``auto`` asks the source.
        directory: A folder below the lock file's, instead of a type; that folder itself by default.
        include: Globs of the paths that are wanted of a repository; empty for all.
        exclude: Globs of the paths that aren't.
        mirrors: Other URLs of the same file, if only one is wanted.
        fetch: Whether to fetch files for which no source states a strong digest, and compute one.
        models: The models root, for ``fetch=True``; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``, for ``fetch=True``.
        on_progress: Called several times a second while files are read, on the calling thread.
        on_download: Called about four times a second with the progress of each download, on the calling thread.
        cancel: Stops the operation.
        **options: The network settings of :func:`fetch`; no ``headers`` with a workflow.

    Returns:
        The entries and what became of the lock file. What can't be resolved is an entry with an ``error``, and doesn't
        keep the others from being locked.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type, nothing is wanted, or the lock file can't be parsed.
        StorageError: The lock file can't be read or written.
        DownloadCancelled: It was stopped; the lock file is unchanged.
    """
    forms.switches(fetch=fetch)
    forms.callbacks(on_progress=on_progress, on_download=on_download)
    getting_there(**options)
    path, cancel = forms.named_file("file", file).absolute(), forms.token(cancel)
    models, extra_paths = forms.path("models", models), forms.paths("extra_paths", extra_paths)
    words, others = forms.words("wanted", wanted), forms.mirrors("mirrors", mirrors)
    include, exclude = forms.texts("include", include), forms.texts("exclude", exclude)
    _check(words, others, type, directory)
    folder = forms.path("directory", directory)
    if any(":" not in word for word in words):
        refuse_headers(options, "the workflow")
    target = Target(type, below(folder, path.parent) if folder is not None else ())
    before = read_lock(path) if path.exists() else LockFile()
    remarks = list[str]()
    entries = entries_for(
        words,
        target,
        on_remarks=remarks.extend,
        cancel=cancel,
        **options,
        include=include,
        exclude=exclude,
        mirrors=others,
    )
    weak = unproved(entries, before)
    if fetch and weak.files:
        with open_index() as index:
            here, _ = local_files(path, None, models, extra_paths, index)
            items = plan_sync(weak, here, on_progress=on_progress or unheard, cancel=cancel)
            results = fetch_to_hash(
                items, here, fetch_many=fetch_many, cancel=cancel, on_progress=on_download, **options
            )
        entries = with_digests(entries, weak, contents(results))
    after, changes = lock_entries(before, entries)
    is_written = after != before and write_lock(path, after)
    return LockReport(file=path, entries=tuple(changes), remarks=tuple(remarks), is_written=is_written)


def _check(words: tuple[str, ...], mirrors: tuple[str, ...], kind: str, directory: Path | str | None) -> None:
    """Refuses values that contradict each other."""
    forms.text("type", kind)
    if not any(word.strip() for word in words):
        raise ReferenceSyntaxError("nothing to lock: no reference or workflow is given", hint="Name one.")
    if mirrors and len(words) > 1:
        raise ReferenceSyntaxError(
            "mirrors are other URLs of one file, but several are named", hint="Lock that file by a call of its own."
        )
    if kind and directory is not None:
        raise ReferenceSyntaxError("a type and a directory name two destinations", hint="Leave one of them out.")
