"""The options that select files of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.cli.options.network import option

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUP = "Selection"


def glob_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options ``--include`` and ``--exclude``."""
    include = option(
        _GROUP,
        "--include",
        metavar="GLOB",
        multiple=True,
        help="Of a repository, only paths that match: '*.safetensors', 'vae/*'; repeatable.",
    )
    exclude = option(_GROUP, "--exclude", metavar="GLOB", multiple=True, help="Skip paths that match; repeatable.")
    return include(exclude(command))
