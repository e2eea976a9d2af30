"""What the process tells its caller: one number for each kind of ending. The library itself knows none of them."""

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
    ("0", "done: every file is there and whole"),
    ("1", "a bug in anyfetch"),
    ("2", "wrong usage: an option or a reference can't be read"),
    ("3", "not found, or gone"),
    ("4", "access denied: a token, a licence or a permission is missing"),
    ("5", "network or protocol trouble, after retries; a redirect refused for safety"),
    ("6", "integrity: wrong digest, changed content, not a model, or one that does harm"),
    ("7", "local storage: disk full, not writable, or something is at the destination"),
    ("8", "another process holds the destination"),
    ("130, 143", "interrupted, terminated; what has arrived is kept"),
)
"""The codes in words, as the help shows them."""


def exit_code_for_all(errors: Iterable[FetchError | None]) -> int:
    """The code of the first failure, in the order of the references; ``None`` stands for a success."""
    return next((exit_code_of(error) for error in errors if error is not None), DONE)


def exit_code_for_signal(number: int) -> int:
    """130 for what a keyboard sends (Ctrl-C, on Windows Ctrl-Break too), 143 for every other request to end."""
    keyboard = {signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGINT)}
    return INTERRUPTED if number in keyboard else TERMINATED
