"""The live display on the terminal. The content is computed in ``picture``; rich draws it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO, TypeAlias, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.glyphs import glyphs_for
from anymatix_fetcher.cli.display.picture import Line, Screen, picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.cli.display.streams import PatientStream
    from anymatix_fetcher.engine.facts import Progress, Result

_FRAME_SECONDS = 1 / 8
_ERASE_BELOW = "\x1b[J"
"""Erase from the cursor to the end of the screen (ECMA-48, ED), which rich doesn't offer."""

Draw: TypeAlias = "Callable[[Sequence[Progress], Screen], list[Line]]"


class LiveDisplay:
    """Shows the live display while the downloads run, and erases it at the end.

    It is redrawn on the thread that delivers progress. There is no drawing thread that could write into a message, and
    a display that stands still shows a program that does.

    Args:
        console: The console to draw on.
        draw: Computes the lines to draw.
    """

    def __init__(self, console: Console, draw: Draw = picture) -> None:
        self._console = console
        self._draw = draw
        self._glyphs = glyphs_for(console.encoding, os.environ, sys.platform)
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._shown_at = float("-inf")
        self._phases: list[object] = []
        self._columns = 0
        self._widths: list[int] = []

    def show(self, progress: tuple[Progress, ...]) -> None:
        """Redraws, at most eight times a second unless a phase changes."""
        phases: list[object] = [one.phase for one in progress]
        now = self._console.get_time()
        if phases == self._phases and now - self._shown_at < _FRAME_SECONDS:
            return
        self._shown_at, self._phases = now, phases
        # The size is read each time, because windows are resized. The last column stays free: some terminals wrap
        # there.
        width, height = self._console.size
        lines = self._draw(progress, Screen(width - 1, height - 1, self._glyphs))
        if width != self._columns:
            self._clear_reflowed(width)
        self._columns, self._widths = width, [format.cell_width("".join(text for text, _ in line)) for line in lines]
        self._live.start()
        # The cursor stays on a line of its own. A terminal that echoes ^C at the end of a full line would break it, and
        # the display would be erased one row off.
        self._live.update(as_text([*lines, [(" ", "")]]), refresh=True)

    def _clear_reflowed(self, columns: int) -> None:
        """Erases the display in a window that has become narrower, where its lines have wrapped into more rows."""
        if not self._live.is_started or self._console.legacy_windows:
            return
        self._live.stop()
        rows_more = sum(max(0, (width - 1) // columns) for width in self._widths)
        if rows_more:
            self._console.file.write(f"\x1b[{rows_more}A\r{_ERASE_BELOW}")

    def close(self, results: Sequence[Result] | None = None) -> None:  # noqa: ARG002 - the summaries show them
        """Erases the display and shows the cursor again."""
        self._live.stop()


def as_text(lines: Sequence[Line]) -> Text:
    """The lines as rich text: never wrapped, without markup."""
    pieces = [piece for line in lines for piece in [*line, ("\n", "")]][:-1]
    return Text.assemble(*pieces, no_wrap=True, overflow="crop", end="")


def terminal(stream: PatientStream, *, forced: bool) -> Console:
    """The console on ``stream``. ``forced`` draws even if it isn't a terminal. rich obeys ``NO_COLOR``."""
    return Console(
        file=cast("TextIO", stream),
        force_terminal=True if forced else None,
        highlight=False,
        emoji=False,
        markup=False,
    )


def live_display(stream: PatientStream, *, forced: bool, draw: Draw = picture) -> LiveDisplay | None:
    """A live display on ``stream``; ``None`` if the terminal can't move its cursor (``TERM=dumb``)."""
    console = terminal(stream, forced=forced)
    return None if console.is_dumb_terminal or not console.is_terminal else LiveDisplay(console, draw)
