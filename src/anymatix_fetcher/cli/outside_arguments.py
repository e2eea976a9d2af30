"""What an argument says that stands in a file or comes from standard input: ``@FILE`` or ``@-``, as curl has it.

Every user of a machine sees the arguments of its processes, so a token or a signed address is better not one of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

MARK = "@"
STANDARD_INPUT = "@-"
MOST_BYTES = 1 << 20


def given_line(argument: str) -> str:
    """The argument, or the one line that it leads to.

    Raises:
        ValueError: What it leads to can't be read, or isn't one line; nothing of its text is told.
    """
    if not argument.startswith(MARK):
        return argument
    lines = _lines(argument)
    if len(lines) != 1:
        raise ValueError(f"{argument!r} has {len(lines)} lines; expected one, with the address alone")
    return lines[0]


def given_lines(argument: str) -> list[str]:
    """The argument, or the lines that it leads to.

    Raises:
        ValueError: What it leads to can't be read, or has no line.
    """
    if not argument.startswith(MARK):
        return [argument]
    lines = _lines(argument)
    if not lines:
        raise ValueError(f"{argument!r} has no line")
    return lines


def _lines(argument: str) -> list[str]:
    """The lines of the file that say something; those that begin with ``#`` don't."""
    try:
        if argument == STANDARD_INPUT:
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(argument[len(MARK) :]).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{argument!r} can't be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{argument!r} isn't text in UTF-8") from None
    if len(data) > MOST_BYTES:
        raise ValueError(f"{argument!r} is longer than {MOST_BYTES >> 20} MiB")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
