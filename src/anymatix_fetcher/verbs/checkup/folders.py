"""The destination folders and the features of their file systems."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from anymatix_fetcher.library.cloning import can_clone
from anymatix_fetcher.library.layouts import Layout
from anymatix_fetcher.storage.probing import abilities_of
from anymatix_fetcher.verbs.checkup.finding import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.roots import ModelsRoot
    from anymatix_fetcher.storage.probing import Abilities
    from anymatix_fetcher.verbs.checkup.finding import Finding

LITTLE_BYTES = 10_000_000_000
"""The size of a large checkpoint."""
_USUAL_NAME_BYTES = 255
_FULL = {errno.ENOSPC, errno.EDQUOT}


def examine_folders(here: Path, root: ModelsRoot, folders: ModelFolders) -> Iterator[Finding]:
    """Checks the default destination and the model folders.

    Args:
        here: The default destination.
        root: The models root.
        folders: The model folders.
    """
    layout = "" if root.layout is Layout.COMFYUI else f", with the folders of {root.layout}"
    others = [path for paths in folders.by_name.values() for path in paths if not path.is_relative_to(root.models)]
    places = [
        ("here", here, "the default destination", "Use another folder: -d DIR."),
        (
            "models",
            root.models,
            f"{root.reason}{layout}",
            ("Use another folder: --models DIR, or set ANYFETCH_MODELS."),
        ),
        *(("more models", path, "one of ComfyUI's folders", "Check extra_model_paths.yaml.") for path in others),
    ]
    known: set[int] = set()
    for name, folder, reason, mend in places:
        there = nearest(folder)
        if name == "more models" and (there != folder or _device(there) in known):
            continue
        if not there.is_dir():
            yield problem(name, f"{there} isn't a folder, so {folder} can't be created ({reason})", mend)
            continue
        abilities = abilities_of(there)
        yield examine_folder(name, folder, reason, abilities, is_there=there == folder, mend=mend)
        if abilities.trouble is None and _device(there) not in known:
            known.add(_device(there))
            yield from examine_abilities(name, abilities, reflinks=can_clone(there))


def nearest(folder: Path) -> Path:
    """The folder itself, or its nearest existing ancestor, which may be something other than a folder."""
    return next((there for there in (folder, *folder.parents) if os.path.lexists(there)), folder)


def may_be_written(folder: Path) -> bool:
    """Whether the mode bits allow to write into the folder, or to create it."""
    there = nearest(folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _device(folder: Path) -> int:
    return folder.stat().st_dev


def examine_folder(name: str, folder: Path, reason: str, abilities: Abilities, *, is_there: bool, mend: str) -> Finding:
    """Checks whether files can be written into the folder."""
    trouble = abilities.trouble
    if trouble is not None:
        why = trouble.strerror or type(trouble).__name__
        mend = "Free some space, or use another disk." if trouble.errno in _FULL else mend
        return problem(name, f"{folder} can't be written to: {why} ({reason})", mend)
    if not is_there:
        return note(name, f"{folder} doesn't exist yet ({reason}); it is created for the first model")
    return ok(name, f"{folder} ({reason})")


def examine_abilities(name: str, abilities: Abilities, *, reflinks: bool) -> Iterable[Finding]:
    """The features of a writable folder's file system."""
    return (
        _space(f"{name}: space", abilities),
        _locks(f"{name}: locks", abilities),
        _links(f"{name}: links", abilities, reflinks=reflinks),
        _sparse(f"{name}: sparse files", abilities),
        *_limits(name, abilities),
    )


def _space(name: str, abilities: Abilities) -> Finding:
    free_bytes, of = abilities.free_bytes, f" ({abilities.file_system})" if abilities.file_system else ""
    if free_bytes is None:
        return note(name, f"the file system{of} doesn't report its free space; downloads find out by writing")
    if free_bytes < LITTLE_BYTES:
        return note(name, f"{_gigabytes(free_bytes)} free{of}, which is too little for some models", "Free some space.")
    return ok(name, f"{_gigabytes(free_bytes)} free{of}")


def _locks(name: str, abilities: Abilities) -> Finding:
    if abilities.locks:
        return ok(name, "two processes can't write to one file")
    return problem(
        name, "files can't be locked, but every download locks its destination", "Use a folder on another file system."
    )


def _links(name: str, abilities: Abilities, *, reflinks: bool) -> Finding:
    if reflinks:
        return ok(name, "reflinks: duplicates of a model can share their space")
    if abilities.hard_links:
        return ok(name, "hard links, no reflinks: `dedupe` needs --hard-links")
    return note(name, "neither hard links nor reflinks: each copy of a model takes its full space")


def _sparse(name: str, abilities: Abilities) -> Finding:
    match abilities.sparse_files:
        case True:
            return ok(name, "a part file takes the space of the bytes received")
        case False:
            return note(name, "not supported: a part file takes its full length, and may be slow to create")
        case None:
            return note(name, "it is unknown whether they are supported")


def _limits(name: str, abilities: Abilities) -> Iterator[Finding]:
    longest, largest = abilities.longest_name_bytes, abilities.largest_file_bytes
    if longest < _USUAL_NAME_BYTES:
        yield note(
            f"{name}: names",
            f"of up to {longest} bytes; longer names are refused or shortened",
            "Use a shorter name: -o NAME.",
        )
    else:
        yield ok(f"{name}: names", f"of up to {longest} bytes")
    if largest is not None:
        yield problem(
            f"{name}: file size",
            f"files can have at most {_gigabytes(largest)}",
            "Use a folder on another file system, or check `ulimit -f`.",
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.2f} GB"
