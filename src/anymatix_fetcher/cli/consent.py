"""Nothing is taken away without a word: ``--yes``, or an answer on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.exit_codes import DONE, USAGE
from anymatix_fetcher.cli.options.network import option

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from anymatix_fetcher.cli.session import Invocation


def consent_options(command: Callable[..., int]) -> Callable[..., int]:
    """Gives ``command`` the options ``--yes`` and ``--dry-run``."""
    dry_run = option("What it does", "--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
    return option("What it does", "--yes", "-y", is_flag=True, help="Don't ask.")(dry_run(command))


def refused(
    question: str, session: Invocation, *, yes: bool, dry_run: bool, answers: TextIO | None = None
) -> int | None:
    """The exit code where nothing is to be done; ``None`` where the user agrees.

    Args:
        question: What is asked, without a mark at its end.
        session: Where to ask.
        yes: Whether the user has agreed already.
        dry_run: Whether nothing was ever to be done.
        answers: Who answers; standard input where that isn't given.
    """
    if dry_run:
        return DONE
    if yes:
        return None
    answers = answers or sys.stdin
    if not (answers.isatty() and session.err.isatty()):
        session.complain(
            "Nothing was done: without a terminal it can't be asked.", "hint: --yes does it without asking"
        )
        return USAGE
    session.out.flush()
    session.err.write(f"{question}? [y/N] ")
    session.err.flush()
    try:
        answer = answers.readline()
    except KeyboardInterrupt:
        answer = ""
    if not answer:
        session.complain("")  # the question's line has no end yet
        raise click.Abort
    if answer.strip().lower() in {"y", "yes"}:
        return None
    session.complain("Nothing was done.")
    return DONE
