"""Asks before anything is removed: ``--yes``, or an answer on the terminal."""

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
    """Adds the options ``--yes`` and ``--dry-run`` to ``command``."""
    dry_run = option("Behaviour", "--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
    return option("Behaviour", "--yes", "-y", is_flag=True, help="Don't ask for confirmation.")(dry_run(command))


def refused(
    question: str, session: Invocation, *, yes: bool, dry_run: bool, answers: TextIO | None = None
) -> int | None:
    """The exit code if the action must not be carried out; ``None`` if the user agrees.

    Args:
        question: The question, without its question mark.
        session: The streams to ask on.
        yes: Whether the user has agreed by ``--yes``.
        dry_run: Whether the action is only described.
        answers: The stream that answers come from; standard input by default.
    """
    if dry_run:
        return DONE
    if yes:
        return None
    answers = answers or sys.stdin
    if not (answers.isatty() and session.err.isatty()):
        session.complain(
            "Nothing was done: confirmation needs a terminal.", "hint: Use --yes to agree without being asked."
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
        session.complain("")  # the question's line isn't terminated yet
        raise click.Abort
    if answer.strip().lower() in {"y", "yes"}:
        return None
    session.complain("Nothing was done.")
    return DONE
