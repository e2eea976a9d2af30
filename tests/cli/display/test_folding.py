from __future__ import annotations

import shlex

import click
import pytest

from anymatix_fetcher.cli.display.folding import folded_command, folded_text
from anymatix_fetcher.cli.display.help_layout import EXAMPLES, Command
from anymatix_fetcher.cli.main import PROGRAM, main

EVERY = ["", *PROGRAM.list_commands(click.Context(PROGRAM))]


def words_of(lines: list[str]) -> list[str]:
    return shlex.split("\n".join(lines).replace("\\\n", " "))


@pytest.mark.parametrize("verb", EVERY)
def test_no_line_of_a_help_text_is_wider_than_the_terminal(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*verb.split(), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("verb", EVERY)
@pytest.mark.parametrize("room", [30, 78, 200])
def test_examples_stay_the_commands_that_they_are(verb: str, room: int) -> None:
    context = click.Context(PROGRAM)
    command = PROGRAM.get_command(context, verb or "download")
    assert command is not None
    for example in command.sections.get(EXAMPLES, ()) if isinstance(command, Command) else ():
        assert isinstance(example, str)
        assert words_of(folded_command(example, room)) == shlex.split(example)


def test_an_option_stays_with_its_value() -> None:
    assert folded_command("anyfetch -d flux hf:org/repo --include '*.a b'", 30) == [
        "anyfetch -d flux hf:org/repo \\",
        "    --include '*.a b'",
    ]


def test_text_is_indented_further_where_it_goes_on() -> None:
    assert folded_text("  name=<text>  the name of it (required)", 28) == [
        "  name=<text>  the name of",
        "      it (required)",
    ]
    assert folded_text("", 28) == []
