"""The content of the live display as lines of styled text: a pure function of progress and the terminal's size.

A single file is shown with its block map; several get a line each. No line is wider than the terminal, because a
wrapped line can't be overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from anymatix_fetcher.cli.display import (
    blockmap,
    format,  # noqa: A004 - the module is called what it is about
)
from anymatix_fetcher.cli.display.blockmap import Cell
from anymatix_fetcher.engine.facts import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.cli.display.glyphs import Glyphs
    from anymatix_fetcher.engine.facts import Progress

Piece: TypeAlias = tuple[str, str]
"""A text and its style in rich's syntax; "" is plain."""

Line: TypeAlias = list[Piece]

MOST_FILES = 8
"""The number of files with a line of their own; the others are counted."""

FINAL_PHASES = frozenset({Phase.DONE, Phase.FAILED, Phase.CANCELLED})

_WIDEST = 120
_NARROW = 40
_ROOMY = 60
_LEAST_BAR = 8
# A shorter bar shows less than the percentage beside it.
_GAP = "  "
_STYLES = {
    Cell.MISSING: "dim",
    Cell.IN_FLIGHT: "yellow",
    Cell.PARTLY: "cyan",
    Cell.DONE: "cyan",
    Cell.VERIFIED: "green",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """The terminal's columns, rows and character set."""

    width: int
    height: int
    glyphs: Glyphs


def picture(progress: Sequence[Progress], screen: Screen) -> list[Line]:
    """The lines for these downloads: at most one less than the screen has, so that it doesn't scroll."""
    screen = within(screen)
    return clipped(_one(progress[0], screen) if len(progress) == 1 else _many(progress, screen), screen)


def within(screen: Screen) -> Screen:
    """The part of the screen that is used: very long lines are hard to read."""
    return Screen(max(1, min(screen.width, _WIDEST)), screen.height, screen.glyphs)


def clipped(lines: Sequence[Line], screen: Screen) -> list[Line]:
    """The lines that fit: at most one less than the screen has, so that it doesn't scroll."""
    return [_clipped(line, screen.width) for line in lines[: max(1, screen.height - 1)]]


def name_of(progress: Progress) -> str:
    """The file's name, or the last part of the reference's path until the name is known."""
    path = progress.reference.partition("?")[0].partition("#")[0].rstrip("/")
    return format.printable(progress.name or unquote(path.rpartition("/")[2]) or progress.reference)


def fraction_of(progress: Progress) -> tuple[int, int] | None:
    """The phase's progress as bytes done and bytes in all; ``None`` if it can't be measured."""
    if progress.length is None or progress.phase in {Phase.WAITING, Phase.OPENING}:
        # While this process waits for another one, that one's progress is shown.
        return (progress.bytes_stored, progress.length) if progress.length and progress.bytes_stored else None
    if progress.phase is Phase.VERIFYING:
        return progress.bytes_verified, progress.length
    return min(progress.bytes_stored, progress.length), progress.length


# One file ---------------------------------------------------------------------------------------------------


def _one(progress: Progress, screen: Screen) -> list[Line]:
    lines = [_title(progress, screen), *_bar_lines(progress, screen)]
    counts = fit(_counts(progress), screen.width)
    if counts:
        lines.append(counts)
    if screen.height > len(lines) + 4:
        lines += _map(progress, screen)
    if progress.note:
        lines.append([(_text(progress.note, screen, screen.width), "yellow")])
    return lines


def _title(progress: Progress, screen: Screen) -> Line:
    state = progress.phase.value
    if progress.phase is Phase.TRANSFERRING:
        state = format.plural(progress.connections, "connection")
    return title(name_of(progress), state, screen)


def title(name: str, state: str, screen: Screen) -> Line:
    """The name on the left and the state on the right, if both fit."""
    room = screen.width - len(state) - len(_GAP)
    if room < screen.width // 2:
        return [(_text(name, screen, screen.width), "bold")]
    name = _text(name, screen, room)
    padding = " " * (room - format.cell_width(name)) + _GAP
    return [(name, "bold"), (padding, ""), (state, "dim")]


def _bar_lines(progress: Progress, screen: Screen) -> list[Line]:
    fraction = fraction_of(progress)
    eta_seconds = None if progress.phase in FINAL_PHASES else progress.eta_seconds
    facts: list[Piece] = []
    if progress.phase is Phase.TRANSFERRING:
        facts = pace_facts(progress.bytes_per_second, eta_seconds, screen)
    elif eta_seconds is not None:
        facts.append((format.eta(eta_seconds), ""))
    if not fraction:
        return [line for line in [fit(facts, screen.width)] if line]
    return bar_lines(*fraction, facts, screen)


def pace_facts(bytes_per_second: float, eta_seconds: float | None, screen: Screen) -> list[Piece]:
    """Rate and remaining time, padded to their largest width: the bar beside them keeps its length."""
    rate: Piece = (format.rate(bytes_per_second).rjust(format.RATE_WIDTH), "bold")
    if screen.width < _ROOMY:
        return [rate, (format.time_left(eta_seconds).ljust(format.TIME_LEFT_WIDTH), "")]
    return [rate, (format.eta(eta_seconds).ljust(format.ETA_WIDTH), "")]


def bar_lines(part: int, whole: int, facts: Sequence[Piece], screen: Screen) -> list[Line]:
    """A bar with its percentage and as many of ``facts`` as fit; two lines on a narrow screen."""
    percentage: list[Piece] = [(format.percentage(part, whole).rjust(5), "")]
    if screen.width < _NARROW:
        below = fit(facts, screen.width)
        bar = bar_and(percentage, part, whole, screen.width, screen.glyphs)
        return [bar, below] if below else [bar]
    tail = fit([*percentage, *facts], screen.width - _LEAST_BAR - len(_GAP))
    return [bar_and(tail, part, whole, screen.width, screen.glyphs)]


def bar_and(tail: Line, part: int, whole: int, width: int, glyphs: Glyphs) -> Line:
    """A bar filled by ``part`` of ``whole``, followed by ``tail``, in ``width`` columns."""
    return [*_bar(part, whole, max(0, width - _width(tail) - len(_GAP)), glyphs), (_GAP, ""), *tail]


def _bar(part: int, whole: int, width: int, glyphs: Glyphs) -> Line:
    done = width if whole == 0 else min(width, part * width // whole)
    return [(glyphs.bar_done * done, "green"), (glyphs.bar_rest * (width - done), "dim")]


def _counts(progress: Progress) -> list[Piece]:
    if progress.length is None:
        written = f"{format.size(progress.bytes_stored)} written" if progress.bytes_stored else ""
    else:
        written = f"{format.size_of(progress.bytes_stored, progress.length)} written"
    verified = f"{format.size(progress.bytes_verified)} verified" if progress.bytes_verified else ""
    kept = f"{format.size(progress.bytes_resumed)} resumed" if progress.bytes_resumed else ""
    return [(text, "dim") for text in (written, verified, kept) if text]


def _map(progress: Progress, screen: Screen) -> list[Line]:
    if not progress.length or not (progress.stored or progress.in_flight):
        return []
    row_count = 3 if screen.width < _NARROW else 2
    line = blockmap.cells(
        stored=progress.stored,
        in_flight=progress.in_flight,
        verified=progress.bytes_verified,
        length=progress.length,
        count=row_count * screen.width,
    )
    alphabet = screen.glyphs.cells
    return [
        [(alphabet[cell] * count, _STYLES[cell]) for cell, count in blockmap.runs(row)]
        for row in blockmap.rows(line, screen.width)
    ]


# Several files ----------------------------------------------------------------------------------------------


def _many(progress: Sequence[Progress], screen: Screen) -> list[Line]:
    going = [one for one in progress if one.phase not in FINAL_PHASES]
    # Active files come first; files that wait are the ones to be counted only.
    going.sort(key=lambda one: one.phase is Phase.OPENING and not one.bytes_stored)
    shown = going[: max(1, min(MOST_FILES, screen.height - 3))]
    name_width = min(screen.width * 2 // 5, max(format.cell_width(name_of(one)) for one in progress))
    lines = [_file_line(one, name_width, screen) for one in shown]
    if len(going) > len(shown):
        lines.append([(_text(f"and {len(going) - len(shown)} more", screen, screen.width), "dim")])
    return [*lines, _overall(progress, screen)]


def _file_line(progress: Progress, name_width: int, screen: Screen) -> Line:
    name = _text(name_of(progress), screen, name_width)
    head: Line = [(name + " " * (name_width - format.cell_width(name)), "bold"), (_GAP, "")]
    room = screen.width - name_width - len(_GAP)
    fraction = fraction_of(progress)
    if fraction is None or progress.note:
        facts: list[Piece] = [(format.percentage(*fraction).rjust(5), "")] if fraction else []
        left = max(0, room - _width(facts) - len(_GAP)) if facts else room
        return head + fit([*facts, (_text(progress.note or progress.phase.value, screen, left), "dim")], room)
    # Padded to their largest width, so that columns stay aligned between rows and over time.
    flows = progress.phase is Phase.TRANSFERRING
    pace = format.rate(progress.bytes_per_second).rjust(format.RATE_WIDTH) if flows else progress.phase.value
    left_over = format.time_left(progress.eta_seconds).ljust(format.TIME_LEFT_WIDTH)
    facts = [(format.percentage(*fraction).rjust(5), ""), (pace.ljust(format.RATE_WIDTH), ""), (left_over, "dim")]
    tail = fit(facts, room - _LEAST_BAR - len(_GAP)) or fit(facts, room)
    if room - _width(tail) - len(_GAP) < _LEAST_BAR:
        return head + tail
    return head + bar_and(tail, *fraction, room, screen.glyphs)


def _overall(progress: Sequence[Progress], screen: Screen) -> Line:
    return fit([(text, "bold") for text in overall_facts(progress)], screen.width)


def overall_facts(progress: Sequence[Progress]) -> list[str]:
    """The totals of all downloads, the most important first: files, bytes, rate, remaining time."""
    done = sum(one.phase is Phase.DONE for one in progress)
    failed = sum(one.phase in {Phase.FAILED, Phase.CANCELLED} for one in progress)
    stored = sum(one.bytes_stored for one in progress)
    bytes_per_second = sum(one.bytes_per_second for one in progress if one.phase not in FINAL_PHASES)
    facts = [f"{done} of {len(progress)} done" + (f", {failed} failed" if failed else "")]
    going = [one for one in progress if one.phase not in FINAL_PHASES]
    if not going:
        return [*facts, format.size(stored)] if stored else facts
    lengths = [one.length for one in progress if one.length is not None]
    if len(lengths) < len(progress):
        return [*facts, format.size(stored), format.rate(bytes_per_second)] if stored else facts
    missing = sum((one.length or 0) - one.bytes_stored for one in going)
    facts += [format.size_of(stored, sum(lengths)), format.rate(bytes_per_second)]
    left = format.eta(missing / bytes_per_second) if bytes_per_second > 0 and missing > 0 else ""
    return [*facts, left] if left else facts


# Fitting ----------------------------------------------------------------------------------------------------


def fit(pieces: Sequence[Piece], width: int) -> Line:
    """As many of the pieces, from the first, as fit with gaps; no number is truncated."""
    line: Line = []
    for text, style in pieces:
        gap = _GAP if line else ""
        if _width(line) + len(gap) + format.cell_width(text) > width:
            break
        line += [(gap, ""), (text, style)] if gap else [(text, style)]
    return line


def _clipped(line: Line, width: int) -> Line:
    """The line's first columns, for screens too narrow even for the shortest line.

    Trailing blanks are removed: a terminal that becomes narrower would wrap them into a row of their own.
    """
    line = list(line)
    while line and line[-1][0].endswith(" "):
        text, style = line.pop()
        line += [(text.rstrip(" "), style)] if text.strip(" ") else []
    clipped: Line = []
    for text, style in line:
        clipped.append((format.shorten(text, max(0, width - _width(clipped)), ""), style))
    return clipped if _width(line) > width else line


def _width(line: Line) -> int:
    return sum(format.cell_width(text) for text, _ in line)


def _text(text: str, screen: Screen, width: int) -> str:
    return format.shorten(screen.glyphs.text(format.printable(text)), width, screen.glyphs.ellipsis)
