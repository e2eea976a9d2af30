"""Rows of text in columns. On a terminal the columns shrink so that no line wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_GAP = "  "
_ENOUGH, _LEAST, _NOTE, _MOST = 32, 20, 16, 64
"""Column widths: enough to distinguish most names, the least useful width of a name and of a note, and the width that
aligns most names where there is no terminal."""


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
        rows: The cells. Control characters are replaced. The last column holds notes.
        right: Columns that are right-aligned.
        optional: Columns that are dropped if there is no room, the first of these first.
        width: The terminal's columns; ``None`` for no limit: then a long name shifts only its own row.
        name: The column that holds names.
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
    """Drops and narrows columns until they fit: first optional ones, then names and notes."""
    last = kept[-1] if kept[-1] == len(widths) - 1 else None

    def left(name: int, note: int) -> int:
        """The columns that are left beside a name and a note of these widths."""
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
