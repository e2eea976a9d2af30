"""What removing a reference or a file takes away, planned first, and then carried out."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.care.place import opened_place
from anymatix_fetcher.errors import NotFoundError, StorageError
from anymatix_fetcher.library.removal import Removal
from anymatix_fetcher.library.removing import carry_out, plan_removal, plan_removal_of_model
from anymatix_fetcher.library.walking import walk_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from anymatix_fetcher.care.place import Place


@dataclass(frozen=True, slots=True)
class Going:
    """What goes out of one folder.

    Args:
        folder: The folder.
        models: Names of files that go.
        sidecars: Names of their sidecars, which go too.
        kept: Names of files that stay, since another reference has led to them as well.
        bytes_freed: What the files take on the disk; nothing where they have another name.
    """

    folder: Path
    models: tuple[str, ...]
    sidecars: tuple[str, ...]
    kept: tuple[str, ...]
    bytes_freed: int


def plan(
    targets: Sequence[str], *, models: Path | str | None = None, extra_paths: Iterable[Path | str] = ()
) -> list[Going]:
    """What removing ``targets`` would take away, by folder.

    Args:
        targets: References as they were fetched, and paths: as they are, or below the models root.
        models: The models root, or a program's folder; found as on the command line where it isn't given.
        extra_paths: More files like ComfyUI's ``extra_model_paths.yaml``.

    Raises:
        NotFoundError: Nothing of that is here.
        StorageError: A path is a folder.
    """
    with opened_place(models, extra_paths) as place:
        return list(dict.fromkeys(going for target in targets for going in _plan(target, place)))


def remove(going: Iterable[Going], *, models: Path | str | None = None) -> None:
    """Carries out what was planned.

    Raises:
        StorageError: Something can't be removed; what comes after it is still there.
    """
    with opened_place(models) as place:
        for one in going:
            with ExitStack() as known:
                for name in one.models:  # under other names they stay what they are
                    known.enter_context(place.index.keeping(one.folder / name))
                carry_out(Removal(one.sidecars, one.models, one.kept), one.folder, place.disk)
            place.index.forget(one.folder / name for name in one.models)


def _plan(target: str, place: Place) -> list[Going]:
    path = _path(target, place)
    if path is not None:
        if path.is_dir() and not path.is_symlink():
            raise StorageError(f"{path} is a folder", hint="Name the files; a folder isn't removed as a whole.")
        return [_going(path.parent, plan_removal_of_model(path, place.disk))]
    found = [
        _going(folder, removal)
        for folder in _folders(place)
        if (removal := plan_removal(folder, target, place.disk)).sidecars or removal.models
    ]
    if not found:
        shown = target.partition("?")[0]
        raise NotFoundError(f"nothing is here that was fetched by {shown}", hint="`anyfetch ls` shows what is here.")
    return found


def _path(target: str, place: Place) -> Path | None:
    """The file that is meant, where it is one."""
    candidates = (Path(target), place.folders.models / target)
    # Not resolved: of a link, the link goes.
    return next((Path(os.path.abspath(path)) for path in candidates if os.path.lexists(path)), None)  # noqa: PTH100


def _folders(place: Place) -> Iterator[Path]:
    """Those with sidecars or models in them."""
    yield from dict.fromkeys(seen.path.parent for seen in walk_all(place.folders.roots))


def _going(folder: Path, removal: Removal) -> Going:
    going: dict[tuple[int, int], list[os.stat_result]] = {}
    for name in removal.models:
        with suppress(OSError):
            status = (folder / name).lstat()
            going.setdefault((status.st_dev, status.st_ino), []).append(status)
    # A file is gone with the last of its names.
    freed = sum(names[0].st_size for names in going.values() if names[0].st_nlink <= len(names))
    return Going(folder, removal.models, removal.sidecars, removal.kept, freed)
