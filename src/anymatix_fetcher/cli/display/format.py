"""Formats numbers for people. Sizes are decimal (1 MB = 1,000,000 bytes), as bandwidths and disks are sold.

Options that take a size or a rate follow curl, wget and aria2 instead: ``1M`` is 1,048,576 bytes.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP = 1000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LONGEST_ETA_DAYS = 99
RATE_WIDTH = len("99.9 MB/s")
"""The columns that a rate takes at most."""
TIME_LEFT_WIDTH = len("59 min 55 s left")
"""The columns that a remaining time takes at most."""
ETA_WIDTH = len("about 59 min 55 s left")
"""The columns that an :func:`eta` takes at most."""


def size(count: float) -> str:
    """Bytes with three significant digits: ``999 B``, ``1.23 MB``, ``45.6 GB``."""
    value = float(count)
    for unit in _UNITS:
        text = _three_digits(value) if unit != "B" else f"{value:.0f}"
        # Rounding may carry a value into the next unit: 999,999 bytes are 1.00 MB, not 1000 kB.
        if float(text) < _STEP or unit == _UNITS[-1]:
            return f"{text} {unit}"
        value /= _STEP
    raise AssertionError("the last unit takes everything")


def exact_size(count: int) -> str:
    """``1.23 MB (1,234,567 bytes)``; below 1 kB only the bytes."""
    return f"{size(count)} ({count:,} bytes)" if count >= _STEP else plural(count, "byte")


def size_of(part: int, whole: int) -> str:
    """A part of a whole, with a common unit written once: ``2.92 of 6.94 GB``."""
    first, second = size(part), size(whole)
    number, _, unit = first.partition(" ")
    return f"{number} of {second}" if second.endswith(f" {unit}") else f"{first} of {second}"


def rate(bytes_per_second: float) -> str:
    """``96.3 MB/s``."""
    return f"{size(bytes_per_second)}/s"


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 05 s``, ``1 h 05 min``, ``2 d 03 h``: two units at most."""
    if seconds < 9.95:  # noqa: PLR2004 - above this, a tenth rounds to "10 s"
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    minutes = round(seconds / _MINUTE)
    if minutes < _DAY // _MINUTE:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / _HOUR)
    return f"{hours // 24} d {hours % 24:02} h"


def moment(seconds: float) -> str:
    """A time in seconds since 1970: ``2026-11-25 12:00:00 UTC``."""
    from datetime import UTC, datetime  # noqa: PLC0415 - costs start-up time, needed by few runs

    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def eta(seconds: float | None) -> str:
    """``about 42 s left``; empty if unknown. At most :data:`ETA_WIDTH` columns."""
    left = time_left(seconds)
    return f"about {left}" if left else ""


def time_left(seconds: float | None) -> str:
    """``42 s left``; empty if unknown. Coarser than a duration, because it is an estimate."""
    if seconds is None or seconds >= _LONGEST_ETA_DAYS * _DAY:
        return ""
    if seconds < 1:
        return "1 s left"
    if seconds < _MINUTE:
        return f"{round(seconds)} s left"
    return f"{duration(round(seconds / 5) * 5 if seconds < _HOUR else seconds)} left"


def percentage(part: int, whole: int) -> str:
    """``42 %``, rounded down: 100 % means every byte."""
    return f"{100 if whole == 0 else min(100, part * 100 // whole)} %"


def plural(count: int, noun: str) -> str:
    """``1 connection``, ``8 connections``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    """``text`` on one line, with control characters replaced: servers choose names and messages."""
    return "".join(character if _is_printable(character) else "\ufffd" for character in text)


def cell_width(text: str) -> int:
    """The columns of a terminal that ``text`` takes (Unicode Standard Annex 11, East Asian Width)."""
    return sum(map(_cells, text))


def shorten(text: str, width: int, ellipsis: str = "\u2026") -> str:
    """``text`` in at most ``width`` columns, cut in the middle: a model name's ends carry most information.

    Without an ellipsis the text is cut at its end.
    """
    if cell_width(text) <= width:
        return text
    if not ellipsis:
        return _front(text, width)
    room = width - cell_width(ellipsis)
    if room < 2:  # noqa: PLR2004 - with no character left on each side the ellipsis says nothing
        return _front(text, width)
    tail = _front(text[::-1], room // 2)[::-1]
    return _front(text, room - cell_width(tail)) + ellipsis + tail


def _three_digits(value: float) -> str:
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0  # noqa: PLR2004 - where rounding adds a digit
    return f"{value:.{decimals}f}"


def _is_printable(character: str) -> bool:
    # "Cf" includes the bidirectional controls that make an .exe look like a .txt.
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _front(text: str, width: int) -> str:
    kept, taken = [], 0
    for character in text:
        taken += _cells(character)
        if taken > width:
            break
        kept.append(character)
    return "".join(kept)


def timestamp(when: datetime) -> str:
    """A time in UTC in the format of RFC 3339, to the second: ``2026-11-25T12:00:00Z``."""
    return f"{when:%Y-%m-%dT%H:%M:%S}Z"
