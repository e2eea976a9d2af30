"""The exit codes of the command line. The library itself knows none of them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from anymatix_fetcher.verbs.reporting import exit_code_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.errors import FetchError

DONE = 0
BUG = 1
USAGE = 2
NOT_FOUND = 3
ACCESS_DENIED = 4
NETWORK = 5
INTEGRITY = 6
STORAGE = 7
LOCKED = 8
INTERRUPTED = 130
TERMINATED = 143

MEANINGS = (
    ("0", "done: every file is there and complete"),
    ("1", "a bug in anyfetch"),
    ("2", "usage error: an option or a reference is invalid"),
    ("3", "not found, or gone"),
    ("4", "access denied: a token, a licence or a permission is missing"),
    ("5", "network or protocol error, after retries; a redirect refused for safety"),
    ("6", "integrity error: wrong digest, changed content, not a model, or a harmful one"),
    ("7", "storage error: disk full, not writable, or the destination exists"),
    ("8", "another process holds the destination"),
    ("130, 143", "interrupted, terminated; the partial download is kept"),
)
"""The exit codes and their meanings, for the help text."""


def exit_code_for_all(errors: Iterable[FetchError | None]) -> int:
    """The code of the first failure, in the order of the references; ``None`` stands for a success."""
    return next((exit_code_of(error) for error in errors if error is not None), DONE)


def exit_code_for_signal(number: int) -> int:
    """130 for a signal from the keyboard (Ctrl-C, or Ctrl-Break on Windows), 143 for any other."""
    keyboard = {signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGINT)}
    return INTERRUPTED if number in keyboard else TERMINATED
