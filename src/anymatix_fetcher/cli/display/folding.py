"""Folds lines of help texts to the terminal's width."""

from __future__ import annotations

import re
import textwrap

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
"""A shell word, as far as the examples need it."""
_JOINING = {"|", "&&", "<", ">", "echo", "jq", "anyfetch"}
_GOES_ON = " \\"
_FURTHER = "    "


def folded_command(command: str, room: int) -> list[str]:
    """A shell command in lines of ``room`` columns that can be pasted as they are."""
    lines: list[str] = []
    line = ""
    pieces = _pieces(_WORD.findall(command))
    for number, piece in enumerate(pieces):
        end = len(_GOES_ON) if number + 1 < len(pieces) else 0
        if line.strip() and len(line) + 1 + len(piece) + end > room:
            lines.append(line + _GOES_ON)
            line = f"{_FURTHER}{piece}"
        else:
            line = f"{line} {piece}" if line else piece
    return [*lines, line]


def _pieces(words: list[str]) -> list[str]:
    """The words, with each option joined to its value, and an operator to the command that it follows."""
    pieces: list[str] = []
    for word in words:
        if pieces and (pieces[-1].rpartition(" ")[2].startswith("-") or pieces[-1] in _JOINING):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def folded_text(text: str, room: int) -> list[str]:
    """Text in lines of ``room`` columns; continuation lines are indented."""
    indent = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text.lstrip(),
        max(room, len(indent) + len(_FURTHER) + 1),
        initial_indent=indent,
        subsequent_indent=f"{indent}{_FURTHER}",
        break_on_hyphens=False,
        break_long_words=False,
    )
