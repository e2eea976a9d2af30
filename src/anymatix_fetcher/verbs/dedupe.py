"""``dedupe``: finds models with the same content, and makes them share their disk space."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DownloadCancelled, StorageError
from anymatix_fetcher.library import dedupe as duplicates
from anymatix_fetcher.library.cloning import can_clone
from anymatix_fetcher.library.dedupe import DedupeReport
from anymatix_fetcher.library.linking import Method
from anymatix_fetcher.library.reading import Reading, read_through
from anymatix_fetcher.storage.hashing import new_hasher
from anymatix_fetcher.verbs.progress import Tracker, done, unheard, worked_through
from anymatix_fetcher.wiring.models import opened_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.library.dedupe import Group
    from anymatix_fetcher.verbs.progress import CareProgress, OnCare
    from anymatix_fetcher.wiring.models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduped:
    """The models with the same content, and which of them share their space now.

    Args:
        groups: Files on one disk with one digest; each names the file that is kept and the others.
        linked: Files that share the space of another one now; empty after a dry run.
        bytes_freed: What they took before.
        differing: Files that turned out to have another content; they are unchanged.
        skipped: Files that were left unchanged, and why.
    """

    groups: tuple[Group, ...]
    linked: tuple[Path, ...] = ()
    bytes_freed: int = 0
    differing: tuple[Path, ...] = ()
    skipped: tuple[tuple[Path, str], ...] = ()


def dedupe(
    *,
    hard_links: bool = False,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    dry_run: bool = False,
    on_progress: Callable[[CareProgress], None] | None = None,
    cancel: CancelToken | None = None,
) -> Deduped:
    """Makes identical models share their disk space by reflinks; each remains a file of its own.

    Files are compared byte by byte before one is replaced. A cancellation leaves the files that are linked by then.

    >>> from anymatix_fetcher import dedupe
    >>> sum(group.bytes_won for group in dedupe(dry_run=True).groups)  # doctest: +SKIP

    Args:
        hard_links: Whether to make hard links if the disk has no reflinks. An edit of one name then changes all.
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        dry_run: Whether to link nothing and only say which models are identical.
        on_progress: Called several times a second with the progress, on the calling thread.
        cancel: Stops the operation.

    Returns:
        The groups, and what was done; sizes in bytes.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type.
        StorageError: The disk has no reflinks, and hard links weren't asked for.
        DownloadCancelled: It was stopped before all files had been compared; nothing was changed.
    """
    forms.switches(hard_links=hard_links, dry_run=dry_run)
    forms.callbacks(on_progress=on_progress)
    tell, cancel = on_progress or unheard, forms.token(cancel)
    groups = find_duplicates(models=models, extra_paths=extra_paths, on_progress=tell, cancel=cancel)
    has_reflinks = shares_space(groups)
    if not has_reflinks:
        groups = tuple(group for group in groups if group.may_link)
    if dry_run or not groups:
        return Deduped(groups=groups)
    if not (has_reflinks or hard_links):
        raise StorageError(
            "this file system has no reflinks, and space can only be shared by hard links",
            hint="Allow them by hard_links=True. An edit to one of the names then changes all of them.",
        )
    report = share_space(groups, hard_links=hard_links, models=models, on_progress=tell, cancel=cancel)
    return Deduped(
        groups=groups,
        linked=report.linked,
        bytes_freed=report.bytes_freed,
        differing=report.differing,
        skipped=report.skipped,
    )


def find_duplicates(
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    on_progress: OnCare = unheard,
    cancel: CancelToken | None = None,
) -> tuple[Group, ...]:
    """The groups of identical models on one disk. Only files with the length of another one are read.

    Args:
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        on_progress: Called several times a second with the progress, on the calling thread.
        cancel: Stops the operation.

    Raises:
        DownloadCancelled: The operation was stopped.
    """
    cancel = cancel or CancelToken()
    with opened_place(models, extra_paths) as place:
        _hash_alike(place, on_progress, cancel)
        if cancel.cancelled:
            raise DownloadCancelled("not all files had been compared", hint="Nothing was changed; run it again.")
        return done(duplicates.find_duplicates(place.folders.roots, place.index))


def _hash_alike(place: Models, on_progress: OnCare, cancel: CancelToken) -> None:
    """Hashes all files that have the length of another one, and stores the digests in the index."""
    alike = duplicates.files_alike(place.folders.roots)
    unknown = [names for names in alike if not any(place.index.digests(seen.path) for seen in names)]
    shown = [place.shown(names[0].path) for names in unknown]
    tracker = Tracker("hashing", [names[0].state.size for names in unknown], shown, on_progress)
    for number, reading in worked_through([partial(_read, names[0].path) for names in unknown], tracker, cancel):
        if reading is not None:
            now = time.time()
            for seen in unknown[number]:
                place.index.add(seen.path, reading.digests, state=reading.state, blocks=reading.blocks, read_at=now)


def _read(path: Path, on_bytes: Callable[[int], None]) -> Reading | None:
    try:
        return read_through(path, (), new_hasher, on_bytes=on_bytes)
    except OSError:
        return None  # a file that can't be read can't be compared, and is left alone


def shares_space(groups: Sequence[Group]) -> bool:
    """Whether the groups' disks support reflinks, with which files share space until one is written to."""
    return all(can_clone(folder) for folder in {group.keep.parent for group in groups})


def share_space(
    groups: Sequence[Group],
    *,
    hard_links: bool = False,
    models: Path | str | None = None,
    on_progress: OnCare = unheard,
    cancel: CancelToken | None = None,
) -> DedupeReport:
    """Makes the files of each group share their space. After a cancellation, reports what was done by then.

    Files are compared byte by byte before one is replaced.

    Args:
        groups: The result of :func:`find_duplicates`.
        hard_links: Whether to make hard links if the disk has no reflinks. An edit of one name then changes all.
        models: As for :func:`find_duplicates`.
        on_progress: Called with the progress of comparing.
        cancel: Stops the operation, between two files or within a comparison.
    """
    cancel = cancel or CancelToken()
    order = (Method.REFLINK, Method.HARD_LINK) if hard_links else (Method.REFLINK,)
    pairs = [replace(group, others=(other,)) for group in groups for other in group.others]
    report = DedupeReport((), 0, (), ())
    with opened_place(models) as place:
        names = [place.shown(pair.names[0]) for pair in pairs]
        tracker = Tracker("comparing", [pair.size for pair in pairs], names, on_progress)
        for number, pair in enumerate(pairs):
            counting = partial(_count, tracker, cancel, number)
            try:
                counting(0)
                one = done(duplicates.dedupe([pair], place.index, place.disk, order=order, on_bytes=counting))
            except DownloadCancelled:
                break
            tracker.finish(number)
            report = _sum(report, one)
    return report


def _count(tracker: Tracker, cancel: CancelToken, number: int, more: int) -> None:
    tracker.add(number, more)
    tracker.tell(number)
    if cancel.cancelled:
        raise DownloadCancelled("it was stopped while files were compared", hint="Run it again to go on.")


def _sum(one: DedupeReport, other: DedupeReport) -> DedupeReport:
    return DedupeReport(
        one.linked + other.linked,
        one.bytes_freed + other.bytes_freed,
        one.differing + other.differing,
        one.skipped + other.skipped,
    )
