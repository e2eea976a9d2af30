"""Containment: nothing is written through a symbolic link out of its folder, nor to where programs are run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.forbidden import folded
from anymatix_fetcher.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anymatix_fetcher.core.values.filenames import SafeName

RUN_FOLDERS = {"customnodes", "configs"}
"""In the form of ``folded``. ComfyUI runs the code in the first and obeys the second."""

COMFYUI_CODE = ("main.py", "folder_paths.py")
"""The folder that contains both is ComfyUI's own."""
COMFYUI_DATA = {"models", "input", "output"}
"""Its subfolders with users' files."""
_NAME_IT = "For a model, name its type by --type; if that place is meant, name it by -d DIR or -o FILE."
_ELSEWHERE = "For a model, name its type by --type; anything else goes to another folder by -d DIR or -o FILE."


def inside(folder: Path, parts: Iterable[SafeName]) -> Path:
    """The path of ``parts`` below ``folder``, which may itself be a link.

    Raises:
        StorageError: A symbolic link in the path leads out of ``folder``.
    """
    path = folder.joinpath(*parts)
    _check_inside(path, folder, _real(path))
    return path


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a destination: the folder that the caller has chosen, and where untrusted names may lead.

    Untrusted names come from servers, lists, lock files, Metalinks, repositories and workflows.

    Args:
        folder: The folder that contains the destination. It may be a link.
        root: The outermost folder that the caller has chosen; ``None`` for ``folder``. Links between the two may lead
            elsewhere, but not to where programs are run.
        is_named: Whether the caller has named ``folder`` explicitly.
    """

    folder: Path
    root: Path | None = None
    is_named: bool = False

    def check(self, destination: Path) -> None:
        """Checks that a file may be written to ``destination``, which is below the folder.

        Raises:
            StorageError: It may not.
        """
        below = _below(destination, self.folder)
        wrong = next((part for part in below if folded(part) in RUN_FOLDERS), None)
        if wrong is not None:
            raise _runs(destination, f"{wrong!r} is in its path")
        if self.is_named and len(below) == 1 and self.root is None:
            return  # the caller's own folder may be anywhere
        real = _real(destination.parent)
        folder = real if destination.parent == self.folder else _real(self.folder)
        if not real.is_relative_to(folder):
            raise _leads_out(destination, self.folder)
        runs = {folded(part) for part in real.parts} & RUN_FOLDERS
        if runs and runs - self._own():
            raise _runs(destination, f"it really is {real}")
        if not self.is_named:
            _check_comfyui(destination, real)

    def _own(self) -> set[str]:
        """The components of the caller's own folder, with and without links, in the form of ``folded``."""
        root = self.folder if self.root is None else self.root
        return {folded(part) for path in (root.absolute(), _real(root)) for part in path.parts}


def check_named(folder: Path, models: Callable[[], Path | None] = lambda: None) -> None:
    """Checks that the folder that the caller has named isn't one from which ComfyUI runs code or reads its settings.

    Other programs' folders of these names are allowed.

    Args:
        folder: The folder, which need not exist.
        models: Returns the models root, if the caller has named one; called only for folders with such a name.

    Raises:
        StorageError: It is ``custom_nodes`` or ``configs`` of a ComfyUI or of the models root, or below one of them.
    """
    if (own := _run_folder(folder, models)) is not None:
        raise StorageError(
            f"nothing is downloaded to {folder}, for ComfyUI runs or obeys what lies in {own}", hint=_ELSEWHERE
        )


def _run_folder(folder: Path, models: Callable[[], Path | None] = lambda: None) -> Path | None:
    """The folder of ComfyUI's code or settings that contains ``folder`` or is it; ``None`` if there is none."""
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - no link is followed
    for path in dict.fromkeys((absolute, _real(folder))):
        for outer in (path, *path.parents):
            if folded(outer.name) in RUN_FOLDERS and _is_comfyuis(outer.parent, models()):
                return outer
    return None


def _is_comfyuis(folder: Path, models: Path | None) -> bool:
    """Whether it is a ComfyUI's own folder, the models folder in it, or the models root."""
    if models is not None and folder in {Path(os.path.abspath(models)), _real(models)}:  # noqa: PTH100 - as above
        return True
    return any(map(_has_code, (folder, folder.parent) if folder.name.casefold() == "models" else (folder,)))


def _has_code(folder: Path | str) -> bool:
    return all(os.path.isfile(os.path.join(folder, name)) for name in COMFYUI_CODE)  # noqa: PTH113, PTH118 - much faster


def check_encoding(path: Path) -> None:
    """Checks that a file can have this name on this system.

    Raises:
        StorageError: The locale can't encode it.
    """
    with storage_errors(path):
        os.fsencode(path)


def _below(destination: Path, folder: Path) -> tuple[str, ...]:
    # Both without "..", and without following links.
    absolute, around = (Path(os.path.abspath(path)) for path in (destination, folder))  # noqa: PTH100
    if not absolute.is_relative_to(around):
        raise StorageError(f"{destination} leads out of {folder}", hint="Choose another name.")
    return absolute.relative_to(around).parts


def _real(path: Path) -> Path:
    with storage_errors(path):
        try:
            return path.resolve()
        except RuntimeError:  # before Python 3.13: a loop of links
            raise StorageError(
                f"{path} leads out of its folder: its symbolic links lead to each other", hint="Remove the links."
            ) from None


def _check_inside(path: Path, folder: Path, real: Path) -> None:
    if not real.is_relative_to(_real(folder)):
        raise _leads_out(path, folder)


def _leads_out(path: Path, folder: Path) -> StorageError:
    return StorageError(
        f"{path} leads out of {folder} by a symbolic link",
        hint="Name the folder that the link leads to, or add it to extra_model_paths.yaml.",
    )


def _check_comfyui(destination: Path, real: Path) -> None:
    """Refuses destinations in ComfyUI's own folder, except its models, inputs and outputs."""
    # With strings: as paths these steps are most of what a small file's check costs.
    parts = real.parts
    for depth in range(len(parts), 0, -1):
        if depth < len(parts) and parts[depth].casefold() in COMFYUI_DATA:
            continue
        program = os.path.join(*parts[:depth])  # noqa: PTH118 - see above
        if _has_code(program):
            raise _runs(destination, f"{program} is ComfyUI's own folder")


def _runs(destination: Path, reason: str) -> StorageError:
    return StorageError(
        f"nothing is downloaded to {destination}, for ComfyUI runs what lies there: {reason}",
        hint=_NAME_IT if _run_folder(destination.parent) is None else _ELSEWHERE,
    )
