"""Removes the files of a reference, or a model with its sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.removal import removal_of_meant, removal_of_model, removal_of_reference
from anymatix_fetcher.library.sidecars import sidecars_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.removal import Removal
    from anymatix_fetcher.library.sidecar_format import Record


def plan_removal(folder: Path, reference: str, disk: Disk, auth: str = "") -> Removal:
    """What removing ``reference`` would take out of ``folder``."""
    return removal_of_reference(reference, _records(folder, disk), disk.names(folder), auth)


def plan_removal_of_meant(folder: Path, is_meant: Callable[[Record], bool], disk: Disk) -> Removal:
    """What removing the models of the sidecars that are meant would take out of ``folder``."""
    return removal_of_meant(is_meant, _records(folder, disk), disk.names(folder))


def plan_removal_of_model(model: Path, disk: Disk) -> Removal:
    """What removing the file ``model`` would take out of its folder."""
    return removal_of_model(model.name, _records(model.parent, disk), disk.names(model.parent))


def carry_out(removal: Removal, folder: Path, disk: Disk) -> None:
    """Carries out the plan, models first: a crash in between leaves only harmless sidecars.

    Raises:
        StorageError: A file can't be removed.
    """
    for name in (*removal.models, *removal.sidecars):
        try:
            disk.remove(folder / name)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(
                f"{folder / name} can't be removed: {reason}", hint="Check who may change the folder, and its disk."
            ) from error


def _records(folder: Path, disk: Disk) -> dict[str, Record]:
    return {sidecar.path.name: sidecar.record for sidecar in sidecars_in(folder, disk)}
