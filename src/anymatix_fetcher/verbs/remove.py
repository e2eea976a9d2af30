"""``remove``: plans the removal of references or files, then carries it out."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.engine import forms
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError, StorageError
from anymatix_fetcher.library.names import is_model_name
from anymatix_fetcher.library.removal import Removal
from anymatix_fetcher.library.removing import (
    carry_out,
    plan_removal,
    plan_removal_of_meant,
    plan_removal_of_model,
)
from anymatix_fetcher.library.setting_aside import is_set_aside
from anymatix_fetcher.library.walking import walk_all
from anymatix_fetcher.sources.recorded import RecordedFile, means
from anymatix_fetcher.wiring.environment import environment
from anymatix_fetcher.wiring.models import opened_place, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from anymatix_fetcher.library.sidecar_format import Record
    from anymatix_fetcher.wiring.models import Models


@dataclass(frozen=True, slots=True)
class FolderRemoval:
    """The removals in one folder.

    Args:
        folder: The folder.
        models: Names of files to remove.
        sidecars: Names of their sidecars, which are removed as well.
        kept: Names of files that are kept because another reference resolved to them as well.
        bytes_freed: The disk space of the files; 0 for those with another name.
    """

    folder: Path
    models: tuple[str, ...]
    sidecars: tuple[str, ...]
    kept: tuple[str, ...]
    bytes_freed: int


def remove(
    targets: Iterable[Path | str] | Path | str,
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    dry_run: bool = False,
) -> list[FolderRemoval]:
    """Removes the files that references have fetched, or files by their paths, together with their sidecars.

    A file that another reference resolved to as well is kept. If one target can't be found, nothing is removed.

    >>> from anymatix_fetcher import remove
    >>> sum(one.bytes_freed for one in remove("civitai:143906", dry_run=True))  # doctest: +SKIP

    Args:
        targets: References as they were fetched, and paths, relative to the current folder or the models root.
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        dry_run: Whether to remove nothing and only say what would be.

    Returns:
        What was removed and kept, by folder; sizes in bytes.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type, no target is named, or a path names two files.
        NotFoundError: There is no such file.
        StorageError: A target is a folder or no model, or a file can't be removed; those after it remain.
    """
    forms.switches(dry_run=dry_run)
    named = forms.words("targets", targets)
    if not any(target.strip() for target in named):
        raise ReferenceSyntaxError("nothing to remove: no reference or path is given", hint="List the models by ls().")
    going = plan(named, models=models, extra_paths=extra_paths)
    if not dry_run:
        remove_planned(going, models=models)
    return going


def plan(
    targets: Sequence[str], *, models: Path | str | None = None, extra_paths: Iterable[Path | str] | Path | str = ()
) -> list[FolderRemoval]:
    """The removals for ``targets``, by folder.

    Args:
        targets: References as they were fetched, and paths, relative to the current folder or the models root.
        models: The models root, or a program's folder; found as on the command line by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.

    Raises:
        NotFoundError: There is no such file.
        StorageError: A path is a folder, or neither a model nor described by a sidecar.
        ReferenceSyntaxError: A path names two files.
    """
    with opened_place(models, extra_paths) as place:
        return list(dict.fromkeys(going for target in targets for going in _plan(target, place)))


def remove_planned(going: Iterable[FolderRemoval], *, models: Path | str | None = None) -> None:
    """Carries out the result of :func:`plan`.

    Raises:
        StorageError: A file can't be removed; the ones after it remain.
    """
    with opened_place(models) as place:
        for one in going:
            with ExitStack() as known:
                for name in one.models:  # their digests stay known under other names
                    known.enter_context(place.index.keeping(one.folder / name))
                carry_out(Removal(one.sidecars, one.models, one.kept), one.folder, place.disk)
            place.index.forget(one.folder / name for name in one.models)


def _plan(target: str, place: Models) -> list[FolderRemoval]:
    path = _path(target, place)
    if path is not None:
        if path.is_dir() and not path.is_symlink():
            raise StorageError(f"{path} is a folder", hint="Name the files. Folders aren't removed as a whole.")
        going = plan_removal_of_model(path, place.disk)
        if not (going.sidecars or is_model_name(path.name) or is_set_aside(path.name)):
            raise StorageError(
                f"{path} is not a model, and no sidecar names it",
                hint="Only models and their sidecars can be removed; `anyfetch ls` shows them.",
            )
        return [_going(path.parent, going)]
    found = list(_found(place, lambda folder: plan_removal(folder, target, place.disk)))
    if not found and ":" in target:
        is_meant = _meaning(target)
        found = list(_found(place, lambda folder: plan_removal_of_meant(folder, is_meant, place.disk)))
    if not found:
        shown = target.partition("?")[0]
        what = f"no file here was fetched by {shown}" if ":" in shown else f"there is no file {shown}"
        raise NotFoundError(what, hint="Run `anyfetch ls` to see the models.")
    return found


def _found(place: Models, plan_in: Callable[[Path], Removal]) -> Iterator[FolderRemoval]:
    for folder in _folders(place):
        removal = plan_in(folder)
        if removal.sidecars or removal.models:
            yield _going(folder, removal)


def _meaning(reference: str) -> Callable[[Record], bool]:
    """Whether a sidecar's record, which may be of a pinned reference, is of the file that ``reference`` means."""
    surroundings = environment()

    def is_meant(record: Record) -> bool:
        named = record.own.source if record.own and record.own.source else record.url
        return bool(named) and means(
            reference, RecordedFile(named or "", record.digests, record.data or {}), surroundings
        )

    return is_meant


def _path(target: str, place: Models) -> Path | None:
    """The file that ``target`` names, if it is a path."""
    is_exact = target.startswith(".")
    found = paths_of(target, None if is_exact else place)
    if len(found) > 1 and not _is_one_name(*found):
        raise ReferenceSyntaxError(
            f"{target} exists both in the current folder and below the models root",
            hint=f"Write .{os.sep}{target} for the first, or {found[1]} for the second.",
        )
    return found[0] if found else None


def _is_one_name(first: Path, second: Path) -> bool:
    return first.name == second.name and first.parent.samefile(second.parent)


def _folders(place: Models) -> Iterator[Path]:
    """The folders that contain sidecars or models."""
    yield from dict.fromkeys(seen.path.parent for seen in walk_all(place.folders.roots))


def _going(folder: Path, removal: Removal) -> FolderRemoval:
    going: dict[tuple[int, int], list[os.stat_result]] = {}
    for name in removal.models:
        with suppress(OSError):
            status = (folder / name).lstat()
            going.setdefault((status.st_dev, status.st_ino), []).append(status)
    # A file's space is freed with the last of its names.
    freed = sum(names[0].st_size for names in going.values() if names[0].st_nlink <= len(names))
    return FolderRemoval(folder, removal.models, removal.sidecars, removal.kept, freed)
