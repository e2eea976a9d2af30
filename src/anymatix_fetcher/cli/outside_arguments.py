"""Arguments read from a file or from standard input: ``@FILE`` or ``@-``, as in curl.

Every user of a machine can see the arguments of its processes, so tokens and signed URLs are better kept out of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

MARK = "@"
STANDARD_INPUT = "@-"
MOST_BYTES = 1 << 20


def given_line(argument: str) -> str:
    """The argument, or the single line of the file that it names.

    Raises:
        ValueError: The file can't be read, or hasn't exactly one line; its text isn't repeated.
    """
    if not argument.startswith(MARK):
        return argument
    lines = _lines(argument)
    if len(lines) != 1:
        raise ValueError(f"{argument!r} has {len(lines)} lines; expected a single line with the URL")
    return lines[0]


def given_lines(argument: str) -> list[str]:
    """The argument, or the lines of the file that it names.

    Raises:
        ValueError: The file can't be read, or has no line.
    """
    if not argument.startswith(MARK):
        return [argument]
    lines = _lines(argument)
    if not lines:
        raise ValueError(f"{argument!r} is empty")
    return lines


def _lines(argument: str) -> list[str]:
    """The lines of the file, without blank ones and comments (``#``)."""
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
