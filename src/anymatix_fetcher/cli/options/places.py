"""The options that say where models are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.parameters import Folder

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUP = "Models"


@dataclass(frozen=True, slots=True)
class Where:
    """The model folders that the user named; ``None`` and empty by default."""

    models: Path | None = None
    extra_paths: tuple[Path, ...] = ()


def place_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options that say where models are to ``command``, and passes them as one argument ``where``."""

    @wraps(command)
    def with_place(*arguments: object, models: Path | None, extra_paths: tuple[Path, ...], **others: object) -> int:
        return command(*arguments, where=Where(models, extra_paths), **others)

    declared: Callable[..., int] = with_place
    for declare in (extra_paths_option(_GROUP), models_option(_GROUP, exists=True)):
        declared = declare(declared)
    return declared


def models_option(group: str, *, exists: bool = False) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The option ``--models``. ``exists`` requires the folder to exist, for verbs that only read."""
    return option(
        group,
        "--models",
        type=Folder(exists=exists, or_file=True),
        metavar="DIR",
        help="The models root, or the folder of ComfyUI, A1111, Forge or SwarmUI. [default: $ANYFETCH_MODELS, "
        "else a ComfyUI that is found, else ./models]",
    )


def extra_paths_option(group: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The repeatable option ``--extra-paths``."""
    return option(
        group,
        "--extra-paths",
        type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
        metavar="FILE",
        multiple=True,
        help="An additional file in the format of ComfyUI's extra_model_paths.yaml; repeatable.",
    )


def shown(path: Path) -> str:
    """The path for display: relative to the current folder if it lies below, else absolute."""
    here = Path(os.path.abspath(path))  # noqa: PTH100 - removes "..", and follows no link
    current = Path.cwd()
    return str(here.relative_to(current)) if here.is_relative_to(current) and here != current else str(here)
