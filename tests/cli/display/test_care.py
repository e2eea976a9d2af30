from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.commands.verify import Teller
from anymatix_fetcher.cli.display.care import PATIENCE_SECONDS, CareDisplay, care_picture
from anymatix_fetcher.cli.display.glyphs import ASCII
from anymatix_fetcher.cli.display.picture import Screen
from anymatix_fetcher.cli.display.streams import PatientStream
from anymatix_fetcher.cli.session import Invocation, fetch_by_api
from anymatix_fetcher.engine.waiting import tell
from anymatix_fetcher.errors import DigestMismatchError
from anymatix_fetcher.verbs.checked import Checked, Condition
from anymatix_fetcher.verbs.progress import CareProgress
from tests.cli.fakes import flowing

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF = CareProgress("verifying", "loras/x.safetensors", 1, 3, 5_000_000_000, 10_000_000_000, 1.25e9, 4.0)


def drawn(progress: CareProgress, width: int = 60) -> list[str]:
    return ["".join(text for text, _ in line) for line in care_picture(progress, Screen(width, 24, ASCII))]


def test_it_shows_the_file_the_count_the_bytes_the_rate_and_the_time_left() -> None:
    assert drawn(HALF) == [
        "loras/x.safetensors                  verifying, 1 of 3 files",
        "#########.........   50 %  1.25 GB/s  about 4 s left",
        "5.00 of 10.0 GB read",
    ]


def test_no_time_is_promised_where_nobody_knows_it_and_one_file_isnt_counted() -> None:
    lines = drawn(replace(HALF, files=1, files_done=0, eta_seconds=None))
    assert lines[0].endswith("  verifying")
    assert "left" not in lines[1]


def test_no_line_is_wider_than_the_screen() -> None:
    for width in range(1, 130):
        assert all(len(line) <= width for line in drawn(HALF, width))


def test_nothing_is_drawn_where_nobody_looks() -> None:
    for silent in (True, False):
        err = io.StringIO()
        session = Invocation(fetch_by_api, PatientStream(io.StringIO()), PatientStream(err))
        with CareDisplay(session, silent=silent) as display:
            display.care(HALF)
            display.download(flowing(10))
            display.wait("asking example.org")
        assert err.getvalue() == ""


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


class Watched:
    """A display on a terminal that both streams lead to, and the time, which is passed in."""

    def __init__(self) -> None:
        self.screen, self.now = Terminal(), 100.0
        self.session = Invocation(fetch_by_api, PatientStream(self.screen), PatientStream(self.screen))
        self.display = CareDisplay(self.session, silent=False, clock=lambda: self.now)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    watched = Watched()
    with watched.display:
        yield watched


def test_what_is_waited_for_is_shown_after_half_a_second_and_taken_away(watched: Watched) -> None:
    tell("asking example.org")
    watched.now += PATIENCE_SECONDS - 0.01
    tell("asking example.org")
    assert watched.screen.getvalue() == ""
    watched.now += 0.02
    tell("asking example.org")
    assert "asking example.org" in watched.screen.getvalue()
    watched.display.step_aside()
    assert watched.screen.getvalue().endswith("\x1b[2K")


def test_an_answer_ends_the_waiting(watched: Watched) -> None:
    tell("asking example.org")
    watched.now += 5.0
    watched.display.care(replace(HALF, bytes_to_do=0))
    tell("asking example.net")
    assert "asking" not in watched.screen.getvalue()


def test_outside_of_the_block_it_isnt_told(watched: Watched) -> None:
    watched.display.__exit__(None, None, None)
    tell("asking example.org")
    watched.now += 5.0
    tell("asking example.org")
    assert watched.screen.getvalue() == ""


def test_a_file_that_is_finished_is_told_at_once_above_the_picture(watched: Watched) -> None:
    teller = Teller(watched.session, watched.display, as_json=False, quiet=True)
    watched.display.care(HALF)
    intact = Checked(path=Path("/models/good.bin"), condition=Condition.INTACT, size=10)
    teller.tell(intact)
    drawn_before = watched.screen.getvalue()
    teller.tell(
        replace(intact, path=Path("/models/bad.bin"), condition=Condition.DAMAGED, error=DigestMismatchError(""))
    )
    told = watched.screen.getvalue().removeprefix(drawn_before)
    erased, _, line = told.rpartition("\x1b[2K")
    assert erased.count("\x1b[1A") >= 3
    assert line == "damaged     /models/bad.bin: 10 B, which bytes are damaged isn't known\n"
    assert "good.bin" not in watched.screen.getvalue()
