"""Rows of text in columns, for people; on a terminal the first column gives way so that no line wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.cli import format  # noqa: A004 - the module is called what it is about

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_GAP = "  "
_LEAST_NAME = 20


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), width: int | None = None) -> list[str]:
    """The rows as lines.

    Args:
        rows: Texts; what a terminal would obey in them is replaced.
        right: Columns that are aligned at the right.
        width: Columns of the terminal; any number where that isn't given.
    """
    cells = [[format.printable(text) for text in row] for row in rows]
    widths = [max(map(format.cell_width, column)) for column in zip(*cells, strict=True)]
    if width is not None and widths:
        others = sum(widths[1:]) + len(_GAP) * (len(widths) - 1)
        widths[0] = min(widths[0], max(_LEAST_NAME, width - others))
    return [_line(row, widths, right) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    fitted = []
    for number, (text, width) in enumerate(zip(row, widths, strict=True)):
        text = format.shorten(text, width)  # noqa: PLW2901 - only the first column can be too long
        padding = " " * (width - format.cell_width(text))
        fitted.append(padding + text if number in right else text + padding)
    return _GAP.join(fitted).rstrip()
