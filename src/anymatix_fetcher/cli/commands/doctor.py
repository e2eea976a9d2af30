"""``anyfetch doctor``: checks this machine for everything that a download needs."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.exit_codes import DONE, STORAGE
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.verbs.checkup.finding import Finding

_HELP = """\
Check what this machine supports and what is configured: engines, TLS certificates, proxies, model folders and the
features of their file systems, the index, partial downloads, and the tokens for each host.

Each line is marked as ok, note or problem, with a hint. No remote server is contacted, no token is shown, and temporary
files are removed. Exit code 7 means that a problem will make some downloads fail.
"""
_EXAMPLES = (
    "anyfetch doctor",
    "anyfetch doctor --models /mnt/models",
    "anyfetch doctor --json | jq '.[] | select(.state == \"problem\")'",
)
_GROUP = "Folders"
_WIDEST = 120
_LEAST_TEXT = 20
"""Columns for the text; where there are fewer, it stands below the name."""
_GAP = "  "


@click.command("doctor", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@option(
    _GROUP,
    "-d",
    "--directory",
    type=click.Path(),
    default="",
    metavar="DIR",
    help="The destination folder to check. [default: the current one]",
)
@models_option(_GROUP)
@extra_paths_option(_GROUP)
@option("Output", "--json", "as_json", is_flag=True, help="Print a JSON list of objects on stdout.")
@click.pass_obj
def command(
    session: Invocation, /, *, directory: str, models: Path | None, extra_paths: tuple[Path, ...], as_json: bool
) -> int:
    """Checks and reports."""
    from anymatix_fetcher.verbs.checkup.examining import doctor  # noqa: PLC0415 - wrong usage needn't wait for it
    from anymatix_fetcher.verbs.checkup.finding import FindingState  # noqa: PLC0415 - as above

    found = doctor(directory=directory, models=models, extra_paths=extra_paths)
    if as_json:
        session.out.write(json.dumps([as_object(one) for one in found], indent=1) + "\n")
    else:
        width = shutil.get_terminal_size().columns - 1 if session.out.isatty() else None
        session.out.write("".join(f"{line}\n" for line in report(found, width)))
    session.out.flush()
    return STORAGE if any(one.state is FindingState.PROBLEM for one in found) else DONE


def as_object(one: Finding) -> dict[str, str]:
    """The finding as a JSON object."""
    return {"name": one.name, "state": one.state.value, "text": one.text, "hint": one.hint}


def report(found: Sequence[Finding], width: int | None) -> Iterator[str]:
    """The findings as lines of text, followed by their count.

    Args:
        found: The findings.
        width: The terminal's columns; ``None`` if the output is not a terminal.
    """
    names = max((len(one.name) for one in found), default=0)
    states = max((len(one.state.value) for one in found), default=0)
    indent = states + names + 2 * len(_GAP)
    is_narrow = width is not None and width - indent < _LEAST_TEXT
    indent = states + len(_GAP) if is_narrow else indent
    for one in found:
        head = f"{one.state.value:<{states}}{_GAP}{one.name:<{names}}{_GAP}"
        if is_narrow:
            yield head.rstrip()
            head = " " * indent
        yield from _wrapped(f"{head}{format.printable(one.text)}", indent, width)
        if one.hint:
            yield from _wrapped(f"{'':{indent}}hint: {format.printable(one.hint)}", indent, width)
    counts = [(state, sum(one.state.value == state for one in found)) for state in ("problem", "note")]
    yield ""
    yield ", ".join(format.plural(count, state) for state, count in counts)


def _wrapped(line: str, indent: int, width: int | None) -> list[str]:
    """The line, folded where the terminal is narrower."""
    if width is None or format.cell_width(line) <= width:
        return [line.rstrip()]
    return textwrap.wrap(
        line,
        max(min(width, _WIDEST), indent + 1),
        subsequent_indent=" " * indent,
        drop_whitespace=True,
        replace_whitespace=False,
        break_on_hyphens=False,
        break_long_words=False,
    )
