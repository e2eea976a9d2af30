from __future__ import annotations

import io
from typing import TYPE_CHECKING

import click
import pytest

from anymatix_fetcher.cli.consent import refused
from anymatix_fetcher.cli.display.streams import PatientStream
from anymatix_fetcher.cli.session import Invocation, fetch_by_api

if TYPE_CHECKING:
    from typing import TextIO


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Interrupted(Terminal):
    def readline(self, _size: int = -1, /) -> str:  # type: ignore[override] # io.StringIO's own has this one too
        raise KeyboardInterrupt


def asked(answers: TextIO, err: io.StringIO, *, yes: bool = False, dry_run: bool = False) -> int | None:
    session = Invocation(fetch_by_api, PatientStream(io.StringIO()), PatientStream(err))
    return refused("Remove it", session, yes=yes, dry_run=dry_run, answers=answers)


@pytest.mark.parametrize("answer", ["y\n", "YES\n", " yes \n"])
def test_on_a_terminal_it_is_asked_and_yes_is_yes(answer: str) -> None:
    err = Terminal()
    assert asked(Terminal(answer), err) is None
    assert err.getvalue() == "Remove it? [y/N] "


@pytest.mark.parametrize("answer", ["\n", "n\n", "what?\n"])
def test_anything_else_is_no(answer: str) -> None:
    err = Terminal()
    assert asked(Terminal(answer), err) == 0
    assert err.getvalue() == "Remove it? [y/N] Nothing was done.\n"


@pytest.mark.parametrize("answers", [Terminal(""), Interrupted()])
def test_whoever_goes_away_is_interrupted(answers: TextIO) -> None:
    err = Terminal()
    with pytest.raises(click.Abort):
        asked(answers, err)
    assert err.getvalue().endswith("\n")


def test_where_nobody_can_answer_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    err = io.StringIO()
    assert asked(io.StringIO("y\n"), err) == 2
    assert "--yes" in err.getvalue()
    assert capsys.readouterr() == ("", "")


def test_whoever_has_agreed_or_only_looks_isnt_asked() -> None:
    err = Terminal()
    assert asked(Terminal(), err, yes=True) is None
    assert asked(Terminal(), err, dry_run=True) == 0
    assert asked(Terminal(), err, yes=True, dry_run=True) == 0
    assert err.getvalue() == ""
