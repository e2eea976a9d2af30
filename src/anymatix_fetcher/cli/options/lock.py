"""The options that ``anyfetch lock`` and ``anyfetch sync`` share: the lock file, destinations, and speed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.options.network import option, speed_options
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_FILE = Path("anyfetch.lock")  # as in verbs.lock_file, which wrong usage needn't wait for
_PLACES = "Destination"


def lock_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options of both verbs to ``command``; those on speed are passed as one argument ``speed``."""
    which = option(
        "Lock file",
        "-f",
        "--file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        default=DEFAULT_FILE,
        help="The lock file. [default: anyfetch.lock in the current folder]",
    )
    return which(models_option(_PLACES)(extra_paths_option(_PLACES)(speed_options(command))))
