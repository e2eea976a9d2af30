"""Lines of help texts, folded where the terminal is narrower."""

from __future__ import annotations

import re
import textwrap

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
"""What a shell takes for a word, as far as examples go."""
_JOINING = {"|", "&&", "<", ">", "echo", "jq", "anyfetch"}
_GOES_ON = " \\"
_FURTHER = "    "


def folded_command(command: str, room: int) -> list[str]:
    """A shell's command in lines of ``room`` columns, as far as its words allow, to be pasted as they are."""
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
    """The words; an option stays with what follows it, and so does what joins two commands."""
    pieces: list[str] = []
    for word in words:
        if pieces and (pieces[-1].rpartition(" ")[2].startswith("-") or pieces[-1] in _JOINING):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def folded_text(text: str, room: int) -> list[str]:
    """Text in lines of ``room`` columns; those after the first are indented further."""
    indent = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text.lstrip(),
        max(room, len(indent) + len(_FURTHER) + 1),
        initial_indent=indent,
        subsequent_indent=f"{indent}{_FURTHER}",
        break_on_hyphens=False,
        break_long_words=False,
    )
