"""A temporary live display for verbs that read files or wait for responses; drawn on a terminal only."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.picture import bar_lines, clipped, fit, pace_facts, picture, title, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from anymatix_fetcher.cli.display.live import LiveDisplay
    from anymatix_fetcher.cli.display.picture import Line, Screen
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.verbs.progress import CareProgress

PATIENCE_SECONDS = 0.5
"""Nothing is drawn for a response that arrives sooner."""


def care_picture(progress: CareProgress, screen: Screen) -> list[Line]:
    """The lines for work on files: the current file, its number, and the bytes read so far."""
    screen = within(screen)
    counted = f", {progress.files_done} of {progress.files} files" if progress.files > 1 else ""
    facts = pace_facts(progress.bytes_per_second, progress.eta_seconds, screen)
    read = f"{format.size_of(progress.bytes_done, progress.bytes_to_do)} read"
    lines = [
        title(format.printable(progress.name), progress.doing + counted, screen),
        *bar_lines(progress.bytes_done, progress.bytes_to_do, facts, screen),
        fit([(read, "dim")], screen.width),
    ]
    return clipped(lines, screen)


class CareDisplay:
    """A live display that is erased at the end of its block.

    Args:
        session: The session that provides stderr. Nothing is drawn unless that is a terminal.
        silent: Whether to draw nothing.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, session: Invocation, *, silent: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._silent = silent or session.verbosity > 0 or not session.err.isatty()  # log lines take precedence
        self._clock = clock
        self._care: CareProgress | None = None
        self._waits_for = ""
        self._waits_since: float | None = None
        self._watching = ExitStack()

    @cached_property
    def _live(self) -> LiveDisplay | None:
        """The display, created on first use: importing rich takes a tenth of a second."""
        from anymatix_fetcher.cli.display.live import live_display  # noqa: PLC0415 - see above

        return None if self._silent else live_display(self._session.err, forced=False, draw=self._draw)

    def care(self, progress: CareProgress) -> None:
        """Shows the progress of work on files. Work that is done at once isn't shown."""
        self._care, self._waits_for, self._waits_since = progress, "", None
        if progress.bytes_to_do:
            self._show()

    def download(self, progress: Progress) -> None:
        """Shows a download's progress."""
        self._care, self._waits_for, self._waits_since = None, "", None
        self._show(progress)

    def wait(self, text: str) -> None:
        """Shows the reason for a wait, once the wait takes a while."""
        now = self._clock()
        self._waits_since = now if self._waits_since is None else self._waits_since
        if not self._silent and now - self._waits_since >= PATIENCE_SECONDS:
            self._waits_for = text
            self._show()

    def step_aside(self) -> None:
        """Erases the display for lines that are printed now. The next update redraws it below them."""
        if not self._silent and self._live is not None:
            self._live.close()

    def _show(self, *progress: Progress) -> None:
        if not self._silent and self._live is not None:
            self._live.show(progress)

    def __enter__(self) -> Self:
        from anymatix_fetcher.engine.waiting import watching  # noqa: PLC0415 - wrong usage needn't wait for it

        self._watching.enter_context(watching(self.wait))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watching.close()
        self.step_aside()

    def _draw(self, progress: Sequence[Progress], screen: Screen) -> list[Line]:
        if self._waits_for:
            narrow = within(screen)
            text = format.shorten(narrow.glyphs.text(format.printable(self._waits_for)), narrow.width)
            return clipped([[(text, "dim")]], narrow)
        return care_picture(self._care, screen) if self._care is not None else picture(progress, screen)
