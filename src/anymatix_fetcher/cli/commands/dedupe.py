"""``anyfetch dedupe``: makes identical models share their disk space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.consent import consent_options, refused
from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.exit_codes import DONE, STORAGE
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.output import json_option, quiet_option
from anymatix_fetcher.cli.options.places import place_options, shown
from anymatix_fetcher.engine.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.library.dedupe import DedupeReport, Group

_HELP = """\
Find identical models and make them share their disk space by reflinks, if the file system supports these (Btrfs, XFS,
APFS). Each remains a file of its own. Files are compared byte by byte before one is replaced.

Asks for confirmation on a terminal.
"""
_EXAMPLES = ("anyfetch dedupe --dry-run", "anyfetch dedupe --yes", "anyfetch dedupe --hard-links")
_NO_REFLINKS = (
    "This file system has no reflinks: space can only be shared by hard links.",
    "hint: Use --hard-links to make them. An edit to one of the names then changes all of them.",
)


@click.command("dedupe", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@place_options
@option(
    "Behaviour",
    "--hard-links",
    is_flag=True,
    help="Make hard links where reflinks aren't supported. An edit to one of the names then changes all of them.",
)
@consent_options
@json_option("group")
@quiet_option("Print only errors and the question.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    where: Where,
    hard_links: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Lists duplicates, asks, compares them byte by byte, and links them."""
    from anymatix_fetcher.verbs.dedupe import find_duplicates, shares_space  # noqa: PLC0415 - wrong usage needn't wait for it

    cancel = CancelToken()
    with interruptible(cancel), CareDisplay(session, silent=quiet) as display:
        groups = find_duplicates(
            models=where.models, extra_paths=where.extra_paths, on_progress=display.care, cancel=cancel
        )
    has_reflinks = shares_space(groups)
    groups = groups if has_reflinks else tuple(group for group in groups if group.may_link)
    possible = hard_links or has_reflinks
    if not (as_json or quiet):
        for text in report(groups, possible=possible):
            session.out.write(f"{text}\n")
        session.out.flush()
    code: int | None = DONE
    if groups and not possible:
        session.complain(*_NO_REFLINKS)
        code = DONE if dry_run else STORAGE
    elif groups:
        code = refused(_question(groups), session, yes=yes, dry_run=dry_run)
    if code is None:
        return _link(groups, where, session, hard_links=hard_links, as_json=as_json, quiet=quiet)
    if as_json:
        _tell(groups, None, session)
    return code


def _link(
    groups: Sequence[Group], where: Where, session: Invocation, *, hard_links: bool, as_json: bool, quiet: bool
) -> int:
    from anymatix_fetcher.verbs.dedupe import share_space  # noqa: PLC0415 - as above

    cancel = CancelToken()
    with interruptible(cancel) as interruption, CareDisplay(session, silent=quiet) as display:
        done = share_space(groups, hard_links=hard_links, models=where.models, on_progress=display.care, cancel=cancel)
    if as_json:
        _tell(groups, done, session)
    elif not quiet:
        linked = format.plural(len(done.linked), "file")
        session.complain(f"{linked} linked; {format.size(done.bytes_freed)} freed.")
    for path in done.differing:
        session.complain(
            format.printable(f"error: {shown(path)} differs from the others; it is left unchanged"),
            "hint: Run `anyfetch verify` to find out which of them is damaged.",
        )
    for path, reason in done.skipped:
        session.complain(format.printable(f"error: {shown(path)} is left unchanged: {reason}"))
    if interruption.exit_code is not None:
        session.complain("Interrupted. Files that were already linked stay linked.")
        return interruption.exit_code
    return STORAGE if done.skipped or done.differing else DONE


def _tell(groups: Sequence[Group], done: DedupeReport | None, session: Invocation) -> None:
    session.print_json(*(as_object(group, done) for group in groups))


def _question(groups: Sequence[Group]) -> str:
    count = sum(len(group.names) for group in groups)
    return f"Make {format.plural(count, 'file')} share the space of another one"


def report(groups: Sequence[Group], *, possible: bool) -> list[str]:
    """The groups, one line per file, and the space to be gained if sharing is ``possible``."""
    if not groups:
        return ["There are no duplicates."]
    lines = []
    for group in groups:
        lines.append(f"{format.size(group.size)}  {shown(group.keep)}")
        lines += [f"{'':>{len(format.size(group.size))}}  = {shown(other)}" for other in group.names]
    won = sum(group.bytes_won for group in groups)
    files = sum(len(group.others) for group in groups)
    facts = f"{format.plural(files, 'duplicate')}, {format.size(won)} {'to be won' if possible else 'in all'}"
    return [*map(format.printable, lines), "", facts]


def as_object(group: Group, done: DedupeReport | None) -> dict[str, object]:
    """The group as a JSON object; ``linked`` lists the files that now share their space."""
    return {
        "digest": str(group.digest),
        "size": group.size,
        "keep": str(group.keep),
        "others": [str(path) for path in group.names],
        "linked": [str(path) for path in group.names if done is not None and path in done.linked],
        "bytes_won": group.bytes_won,
    }
