"""``anyfetch prune``: removes the partial files of interrupted downloads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.consent import consent_options, refused
from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.exit_codes import DONE, STORAGE
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.output import json_option, quiet_option
from anymatix_fetcher.cli.options.parameters import Parsed, parse_days
from anymatix_fetcher.cli.options.places import place_options, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.library.prune import Leftover, PruneReport

_HELP = """\
Remove the part files and journals of downloads by anyfetch that were interrupted some days ago and never continued.
Files of running downloads and part files of other programs are kept, and models that you had changed unless you say
--changed. Asks for confirmation on a terminal.
"""
_EXAMPLES = ("anyfetch prune", "anyfetch prune --older-than 30 --yes", "anyfetch prune --older-than 0 --dry-run")


@click.command("prune", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@place_options
@option(
    "Behaviour",
    "--older-than",
    type=Parsed("DAYS", parse_days),
    metavar="DAYS",
    default="7",
    help="Only downloads that were not written to for DAYS days. [default: 7]",
)
@option(
    "Behaviour",
    "--changed",
    is_flag=True,
    help="Also models that you had changed, and that verify --repair has kept as NAME.changed.",
)
@consent_options
@json_option("download")
@quiet_option("Print only errors and the question.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    where: Where,
    older_than: float,
    changed: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Lists partial files, asks, and removes them."""
    from anymatix_fetcher.verbs.prune import DAY_SECONDS, find_stale, prune_found  # noqa: PLC0415 - wrong usage needn't wait for it

    found = find_stale(older_than * DAY_SECONDS, models=where.models, extra_paths=where.extra_paths)
    ours = [one for one in found if one.is_ours or (changed and one.is_changed)]
    for_people = not (as_json or quiet)
    if for_people:
        for one in sorted(found, key=lambda one: one not in ours):
            session.out.write(f"{line(one, time.time(), goes=one in ours)}\n")
        session.out.flush()
    if not found:
        if for_people:
            session.complain("There are no interrupted downloads.")
        return 0
    sizes = [one.bytes_used for one in found]  # before the files are gone
    question = f"Remove {_what(ours)}"
    code = refused(question, session, yes=yes, dry_run=dry_run) if ours else DONE
    report = prune_found(ours, changed=changed) if code is None else None
    if as_json:
        session.print_json(*(as_object(one, size, report) for one, size in zip(found, sizes, strict=True)))
    if report is None:
        return code or 0
    return _tell(report, session, for_people=for_people)


def _tell(report: PruneReport, session: Invocation, *, for_people: bool) -> int:
    if for_people:
        session.complain(f"{format.size(report.bytes_freed)} freed.")
    for path in report.held:
        session.complain(format.printable(f"{shown(path)}: kept, because a running download holds it"))
    for path, reason in report.failed:
        session.complain(format.printable(f"error: the partial file of {shown(path)} can't be removed: {reason}"))
    return STORAGE if report.failed else 0


def _what(going: Sequence[Leftover]) -> str:
    """What is to be removed, for the question."""
    changed = sum(one.is_changed for one in going)
    downloads = f"the partial files of {format.plural(len(going) - changed, 'download')}"
    models = format.plural(changed, "changed model")
    return " and ".join(([downloads] if len(going) > changed else []) + ([models] if changed else []))


def line(one: Leftover, now: float, *, goes: bool = True) -> str:
    """The partial download as a line of text; ``now`` in seconds since 1970, ``goes`` if it is to be removed."""
    age = format.duration(max(0.0, now - one.written_at))
    name = shown(one.destination) if one.is_ours else ", ".join(map(shown, one.files))
    if one.is_changed:
        remark = "; your changed model, set aside by a repair" + ("" if goes else ": kept, --changed removes it")
    elif one.is_ours:
        remark = ""
    else:
        remark = "; kept, because it is not one of anyfetch's: possibly a browser's, wget's or curl's"
    return format.printable(f"{format.size(one.bytes_used):>9}  {name}: untouched for {age}{remark}")


def as_object(one: Leftover, size: int, report: PruneReport | None) -> dict[str, object]:
    """The partial download as a JSON object. ``size`` is its size on the disk before it was removed."""
    return {
        "destination": str(one.destination),
        "files": [str(path) for path in one.files],
        "written_at": one.written_at,
        "bytes": size,
        "ours": one.is_ours,
        "changed": one.is_changed,
        "removed": report is not None and one.destination in report.removed,
        "held": report is not None and one.is_ours and one.destination in report.held,
    }
