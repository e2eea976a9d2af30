"""Rows of text in columns, for people; on a terminal columns give way so that no line wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_GAP = "  "
_ENOUGH, _LEAST, _NOTE, _MOST = 32, 20, 16, 64
"""Columns of the terminal: with so many a name can be told from others, with fewer than these it can't, and with so
many a note says something. Where there is no terminal, so many line up most names."""


def table(
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    optional: Sequence[int] = (),
    width: int | None = None,
    name: int = 0,
) -> list[str]:
    """The rows as lines.

    Args:
        rows: Texts; what a terminal would obey in them is replaced. The last column has notes.
        right: Columns that are aligned at the right.
        optional: Columns that are left out where there is no room, the first of these first.
        width: Columns of the terminal; any number where that isn't given: then a long name moves its own row only.
        name: The column that has names.
    """
    cells = [[format.printable(text) for text in row] for row in rows]
    widths = [max(map(format.cell_width, column)) for column in zip(*cells, strict=True)]
    kept = [number for number, found in enumerate(widths) if found]
    if width is None and widths:
        widths[name] = min(widths[name], _MOST)
    elif kept and width is not None:
        _fit(widths, kept, optional, width, name)
        cells = [[format.shorten(text, room) for text, room in zip(row, widths, strict=True)] for row in cells]
    return [_line(row, widths, kept, right) for row in cells]


def _fit(widths: list[int], kept: list[int], optional: Sequence[int], width: int, named: int) -> None:
    """Makes the columns so narrow, and so few, that they fit: what is optional goes first, then names and notes."""
    last = kept[-1] if kept[-1] == len(widths) - 1 else None

    def left(name: int, note: int) -> int:
        """What is left of the terminal beside a name and a note of these widths."""
        taken = {**dict(enumerate(widths)), named: name, **({} if last is None else {last: note})}
        return width - sum(taken[number] for number in kept) - len(_GAP) * (len(kept) - 1)

    for number in optional:
        if left(min(widths[named], _ENOUGH), min(widths[-1], _NOTE)) < 0 and number in kept:
            kept.remove(number)
    name, note = min(widths[named], _ENOUGH), widths[-1]
    if last not in {None, named}:
        widths[-1] = max(min(note, _NOTE), min(note, note + left(name, note)), 0)
    widths[named] = max(min(widths[named], _LEAST), min(widths[named], left(0, widths[-1])))
    lacking = -left(widths[named], widths[-1])
    if lacking > 0 and last is not None:
        widths[-1] = max(0, widths[-1] - lacking)


def _line(row: Sequence[str], widths: Sequence[int], kept: Sequence[int], right: Collection[int]) -> str:
    fitted = []
    for number in kept:
        text = row[number]
        padding = " " * (widths[number] - format.cell_width(text))
        fitted.append(padding + text if number in right else text + padding)
    return _GAP.join(fitted).rstrip()
