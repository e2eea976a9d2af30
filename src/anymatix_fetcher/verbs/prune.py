"""``prune``: removes what interrupted downloads have left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.engine import forms
from anymatix_fetcher.library.prune import find_leftovers, remove_leftovers, stale
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.verbs.progress import done
from anymatix_fetcher.wiring.models import opened_place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from anymatix_fetcher.library.prune import Leftover, PruneReport

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What interrupted downloads had left, and what was removed of it.

    Args:
        found: The leftovers that were old enough, including those of other programs, which are kept.
        removed: Destinations without leftovers now; empty after a dry run.
        bytes_freed: What these took on the disk.
        held: Destinations that a running download holds.
        failed: Destinations with leftovers that can't be removed, and why.
    """

    found: tuple[Leftover, ...]
    removed: tuple[Path, ...] = ()
    bytes_freed: int = 0
    held: tuple[Path, ...] = ()
    failed: tuple[tuple[Path, str], ...] = ()


def prune(
    *,
    older_than_days: float = 7.0,
    changed: bool = False,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    dry_run: bool = False,
) -> Pruned:
    """Removes the part files and journals of downloads that were interrupted some days ago and never continued.

    Files of running downloads and part files of other programs are kept.

    >>> from anymatix_fetcher import prune
    >>> prune(older_than_days=30).bytes_freed  # doctest: +SKIP

    Args:
        older_than_days: Only downloads that were not written to for this many days.
        changed: Whether to remove models, too, that the user had changed and a repair kept as ``NAME.changed``.
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        dry_run: Whether to remove nothing and only say what is there.

    Returns:
        What was found and removed; sizes in bytes.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type.
        StorageError: A folder can't be read.
    """
    forms.switches(changed=changed, dry_run=dry_run)
    days = forms.not_negative("older_than_days", older_than_days, "days")
    found = tuple(find_stale(days * DAY_SECONDS, models=models, extra_paths=extra_paths))
    if dry_run:
        return Pruned(found=found)
    report = prune_found((one for one in found if one.is_ours or (changed and one.is_changed)), changed=changed)
    return Pruned(
        found=found,
        removed=report.removed,
        bytes_freed=report.bytes_freed,
        held=report.held,
        failed=report.failed,
    )


def find_stale(
    older_than_seconds: float,
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
) -> list[Leftover]:
    """The leftovers, including those of other programs, that weren't written to for this long."""
    with opened_place(models, extra_paths) as place:
        found = find_leftovers(place.folders.roots, place.disk)
        return stale(found, wall_seconds=time.time(), older_than_seconds=older_than_seconds)


def prune_found(found: Iterable[Leftover], *, changed: bool = False) -> PruneReport:
    """Removes our own leftovers, except those that running downloads hold.

    Args:
        found: The result of :func:`find_stale`.
        changed: Whether to remove models that the user had changed and a repair kept.
    """
    return done(remove_leftovers(found, DestinationLock, OsDisk(), changed=changed))
