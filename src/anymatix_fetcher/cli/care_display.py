"""Shows how far the care for files is: a bar on a terminal, and nothing where nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.cli import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.picture import bar_lines, clipped, fit, pace_facts, picture, title, within

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from anymatix_fetcher.care.progress import CareProgress
    from anymatix_fetcher.cli.picture import Line, Screen
    from anymatix_fetcher.cli.session import Session
    from anymatix_fetcher.engine.facts import Progress


def care_picture(progress: CareProgress, screen: Screen) -> list[Line]:
    """The lines for work on files: which one, how many, and bytes read of bytes to read."""
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
    """A picture of what goes on, taken away at the end of its block.

    Args:
        session: Whose stderr is drawn on, where that is a terminal.
        silent: Whether to show nothing at all.
    """

    def __init__(self, session: Session, *, silent: bool) -> None:
        self._care: CareProgress | None = None
        self._live = None
        if not silent and session.err.isatty():
            from anymatix_fetcher.cli.live import live_display  # noqa: PLC0415 - takes a tenth of a second to import

            self._live = live_display(session.err, forced=False, draw=self._draw)

    @property
    def is_drawn(self) -> bool:
        """Whether lines that are written to the same terminal would be drawn over."""
        return self._live is not None

    def care(self, progress: CareProgress) -> None:
        """Shows how far the work on files is; work that is done at once isn't worth a picture."""
        self._care = progress
        if self._live is not None and progress.bytes_to_do:
            self._live.show(())

    def download(self, progress: Progress) -> None:
        """Shows how a download goes."""
        self._care = None
        if self._live is not None:
            self._live.show((progress,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.close()

    def _draw(self, progress: Sequence[Progress], screen: Screen) -> list[Line]:
        return care_picture(self._care, screen) if self._care is not None else picture(progress, screen)
