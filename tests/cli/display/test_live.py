from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleDimensions

from anymatix_fetcher.cli.display.live import LiveDisplay, as_text, live_display
from anymatix_fetcher.cli.display.streams import PatientStream
from tests.cli.fakes import flowing

if TYPE_CHECKING:
    import pytest


def terminal(stream: io.StringIO, now: list[float], *, width: int = 60) -> Console:
    return Console(
        file=stream,
        force_terminal=True,
        width=width,
        height=24,
        color_system=None,
        legacy_windows=False,
        get_time=lambda: now[0],
        _environ={},
    )


def test_the_picture_is_drawn_and_taken_away() -> None:
    stream, now = io.StringIO(), [0.0]
    display = LiveDisplay(terminal(stream, now))
    display.show((flowing(250),))
    assert "model.safetensors" in stream.getvalue()
    assert "  25 %" in stream.getvalue()
    display.close([])
    assert stream.getvalue().endswith("\x1b[2K")
    assert "\x1b[?25h" in stream.getvalue()


def test_the_cursor_rests_on_a_line_of_its_own_where_an_echoed_key_does_no_harm() -> None:
    stream = io.StringIO()
    display = LiveDisplay(terminal(stream, [0.0]))
    display.show((flowing(250),))
    assert stream.getvalue().endswith("\n ")
    display.close([])


def test_a_window_that_becomes_narrower_is_cleared_of_the_rows_that_lines_were_broken_into() -> None:
    stream, now = io.StringIO(), [0.0]
    console = terminal(stream, now)
    display = LiveDisplay(console)
    display.show((flowing(250),))
    first = stream.getvalue()
    title, bar = first.splitlines()[0].rpartition("\x1b[?25l")[2], first.splitlines()[1]
    assert (len(title), len(bar)) == (59, 51)
    console.size, now[0] = ConsoleDimensions(20, 24), 1.0
    display.show((flowing(500),))
    after = stream.getvalue().removeprefix(first)
    # Of 20 columns, the title's 59, the bar's 51 and each of the map's rows take 3 rows, and the counts take 2.
    assert "\x1b[9A\r\x1b[J" in after
    assert after.index("\x1b[9A\r\x1b[J") < after.index("50 %")
    shown = stream.getvalue()
    console.size, now[0] = ConsoleDimensions(100, 24), 2.0
    display.show((flowing(600),))
    assert "\x1b[J" not in stream.getvalue().removeprefix(shown)
    display.close([])


def test_frames_closer_than_an_eighth_of_a_second_are_left_out() -> None:
    stream, now = io.StringIO(), [0.0]
    display = LiveDisplay(terminal(stream, now))
    for step in range(100):
        now[0] = step / 100
        display.show((flowing(step),))
    display.close([])
    assert 2 <= stream.getvalue().count("model.safetensors") <= 9


def test_a_name_is_never_taken_for_markup_or_wrapped() -> None:
    console = Console(file=io.StringIO(), width=10, color_system=None, _environ={})
    lines = console.render_lines(as_text([[("[red]x[/red] and long", "bold")], [("second", "")]]))
    assert ["".join(segment.text for segment in line).rstrip() for line in lines] == ["[red]x[/re", "second"]


def test_a_terminal_that_cant_move_its_cursor_gets_no_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert live_display(PatientStream(io.StringIO()), forced=True) is None


def test_what_is_no_terminal_gets_a_live_display_only_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TTY_INTERACTIVE", raising=False)
    assert live_display(PatientStream(io.StringIO()), forced=False) is None
    assert live_display(PatientStream(io.StringIO()), forced=True) is not None
