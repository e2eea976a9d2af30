"""The options on output, which most verbs share: ``--json``, ``--quiet`` and ``--progress``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.options.network import option

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUP = "Output"


def json_option(unit: str = "") -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The option ``--json``; ``unit`` is the subject of each object, as in "file"."""
    per_unit = f" per {unit}" if unit else ""
    return option(_GROUP, "--json", "as_json", is_flag=True, help=f"Print one JSON object{per_unit} on stdout.")


def quiet_option(help_text: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The option ``--quiet`` with a help text of its own."""
    return option(_GROUP, "-q", "--quiet", is_flag=True, help=help_text)


def telling_options(
    unit: str, quiet: str = "Print only paths on stdout, and errors on stderr."
) -> Callable[..., Callable[..., int]]:
    """Adds the output options to a verb that also downloads; ``unit`` is the subject of a JSON line."""
    progress = option(
        _GROUP,
        "--progress",
        type=click.Choice(("auto", "bar", "json", "none")),
        default="auto",
        help="As for downloads: auto, bar, json or none.",
    )

    def declare_all(command: Callable[..., int]) -> Callable[..., int]:
        return progress(json_option(unit)(quiet_option(quiet)(command)))

    return declare_all
