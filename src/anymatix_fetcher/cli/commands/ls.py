"""``anyfetch ls``: lists the models on this machine, their origins and their verification. Reads no model."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.display.table import table
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.output import json_option
from anymatix_fetcher.cli.options.parameters import complete_type
from anymatix_fetcher.cli.options.places import place_options
from anymatix_fetcher.verbs.reporting import listed_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.verbs.ls import Listed, Stock

_HELP = """\
List the models here: name, folder, size, the host that each came from, and how and when it was verified.

A PATTERN is a part of a name, or a glob such as 'loras/*xl*'; case doesn't matter. The list is made from names,
sidecars and the index, without reading the models; `anyfetch verify` reads them.
"""
_EXAMPLES = (
    "anyfetch ls",
    "anyfetch ls flux --type lora",
    "anyfetch ls --duplicates",
    "anyfetch ls --json | jq -r 'select(.origin == null) | .path'",
)
_HEADINGS = ("NAME", "FOLDER", "SIZE", "FROM", "VERIFIED", "")


@click.command("ls", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("patterns", metavar="[PATTERN...]", nargs=-1)
@option(
    "Models",
    "-t",
    "--type",
    shell_complete=complete_type,
    metavar="TYPE",
    help="Only models of this type: lora, checkpoint, vae, ...",
)
@option("Models", "--duplicates", is_flag=True, help="Only models with duplicates.")
@place_options
@json_option("model")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    patterns: tuple[str, ...],
    type: str | None,  # noqa: A002 - as the option is called
    duplicates: bool,
    where: Where,
    as_json: bool,
) -> int:
    """Lists the models."""
    from anymatix_fetcher.verbs.ls import ls  # noqa: PLC0415 - wrong usage needn't wait for it

    stock = ls(patterns, models=where.models, extra_paths=where.extra_paths, type=type, duplicates=duplicates)
    if as_json:
        session.print_json(*map(listed_object, stock.models))
        session.print_json(*(listed_object(one, is_set_aside=True) for one in stock.set_aside))
        return 0
    width = shutil.get_terminal_size().columns - 1 if session.out.isatty() else None
    for line in report(stock, width, chosen=bool(patterns or type or duplicates)):
        session.out.write(f"{line}\n")
    session.out.flush()
    return 0


def report(stock: Stock, width: int | None, *, chosen: bool) -> list[str]:
    """The list as lines of text, followed by the total.

    Args:
        stock: The models found.
        width: The terminal's columns; ``None`` if the output is not a terminal.
        chosen: Whether a filter is active.
    """
    if not (stock.models or stock.set_aside):
        what = "No model matches" if chosen else f"There are no models in {stock.root} ({stock.reason})"
        return [format.printable("; ".join((what, *_unfinished(stock))) + ("" if stock.unfinished else "."))]
    aside = [(one.name, one.folder or "", format.size(one.size), "", "set aside", "") for one in stock.set_aside]
    rows = [_HEADINGS, *(_row(one, stock.root) for one in stock.models), *aside]
    return [*table(rows, right={2}, optional=(1, 3, 4), width=width), "", total(stock)]


def _row(one: Listed, root: Path) -> tuple[str, ...]:
    return (
        one.name,
        one.folder or "",
        format.size(one.size),
        one.origin,
        _verified(one),
        _same(one, root),
    )


def _verified(one: Listed) -> str:
    if one.is_damaged:
        return "DAMAGED"
    if one.is_changed:
        return "changed since"
    what = one.verified if one.verified != "none" else "read" if one.verified_at else ""
    day = f" {datetime.fromtimestamp(one.verified_at, UTC):%Y-%m-%d}" if one.verified_at else ""
    return f"{what}{day}"


def _same(one: Listed, root: Path) -> str:
    """The other files with the same content, or other names of this one; the first one by name."""
    others, sign = (one.duplicates, "=") if one.duplicates else (one.others, "linked:")
    if not others:
        return ""
    first = others[0].relative_to(root) if others[0].is_relative_to(root) else others[0]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f"{sign} {first.as_posix()}{more}"


def total(stock: Stock) -> str:
    """The number of models, their size, and the space that could be freed."""
    models = stock.models
    facts = [f"{format.plural(len(models), 'model')}, {format.size(sum(one.size for one in models))}"]
    spare = _spare(models)
    if spare:
        facts.append(f"duplicates take {format.size(spare)} of it (anyfetch dedupe --dry-run)")
    damaged = sum(one.is_damaged for one in models)
    if damaged:
        facts.append(f"{damaged} damaged (anyfetch verify --repair)")
    if stock.set_aside:
        size = format.size(sum(one.size for one in stock.set_aside))
        facts.append(f"{len(stock.set_aside)} changed and set aside by a repair, {size} (anyfetch prune --changed)")
    return "; ".join((*facts, *_unfinished(stock)))


def _unfinished(stock: Stock) -> tuple[str, ...]:
    count = len(stock.unfinished)
    return (f"{format.plural(count, 'unfinished download')} besides (anyfetch prune)",) if count else ()


def _spare(models: Sequence[Listed]) -> int:
    """The size of the second and later copies."""
    counted, spare = set[object](), 0
    for one in models:
        if one.duplicates:
            group = min(one.path, *one.duplicates)
            spare += one.size if group in counted else 0
            counted.add(group)
    return spare
