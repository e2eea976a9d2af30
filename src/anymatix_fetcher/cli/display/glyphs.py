"""The characters of the live display: block elements if the terminal can show them, else ASCII."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display.blockmap import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A character set. ``cells`` has a one-column character for each kind of cell, distinguishable without colour."""

    bar_done: str
    bar_rest: str
    ellipsis: str
    cells: Mapping[Cell, str]
    ascii_only: bool

    def text(self, text: str) -> str:
        """``text`` in this character set."""
        return text.encode("ascii", "replace").decode("ascii") if self.ascii_only else text


BLOCKS = Glyphs(
    bar_done="\u2501",
    bar_rest="\u2500",
    ellipsis="\u2026",
    cells={
        Cell.MISSING: "\u00b7",
        Cell.IN_FLIGHT: "\u2591",
        Cell.PARTLY: "\u2592",
        Cell.DONE: "\u2593",
        Cell.VERIFIED: "\u2588",
    },
    ascii_only=False,
)

ASCII = Glyphs(
    bar_done="#",
    bar_rest=".",
    ellipsis="..",
    cells={Cell.MISSING: ".", Cell.IN_FLIGHT: ">", Cell.PARTLY: "-", Cell.DONE: "=", Cell.VERIFIED: "#"},
    ascii_only=True,
)


def glyphs_for(encoding: str | None, environment: Mapping[str, str], platform: str) -> Glyphs:
    """The character set for a terminal with this ``encoding``. On POSIX the locale variables must name UTF-8 as well.

    Under ``LANG=C`` Python enables its UTF-8 mode (PEP 538 and 540), so the encoding of its streams alone would send
    block elements to an ASCII terminal. That mode also sets ``LC_CTYPE=C.UTF-8``; then ``LANG`` decides.
    """
    try:
        "".join([BLOCKS.bar_done, BLOCKS.bar_rest, BLOCKS.ellipsis, *BLOCKS.cells.values()]).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    if platform == "win32":
        return BLOCKS
    chosen = environment.get("LC_CTYPE", "")
    names = [environment.get("LC_ALL"), chosen if chosen != "C.UTF-8" else "", environment.get("LANG"), chosen]
    locale = next((name for name in names if name), "C")
    return BLOCKS if "utf" in locale.lower() else ASCII
