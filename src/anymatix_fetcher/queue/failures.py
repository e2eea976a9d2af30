"""What a failure means for a job: whether trying again can help, and how the user is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DestinationLockedError, DiskFullError, NetworkError
from anymatix_fetcher.queue.jobs import JobError
from anymatix_fetcher.verbs.reporting import exit_code_of

if TYPE_CHECKING:
    from anymatix_fetcher.errors import FetchError

_WORTH_ANOTHER = (NetworkError, DestinationLockedError, DiskFullError)
"""Trouble that passes by itself, sooner or later."""


def error_of(error: FetchError) -> JobError:
    """The error as a job keeps it."""
    worth_another = isinstance(error, _WORTH_ANOTHER)
    return JobError(type(error).__name__, error.message, error.hint, exit_code_of(error), worth_another)


ADDRESS_IS_GONE = JobError(
    "ReferenceSyntaxError",
    "the address carried a signature, a token or header fields, which are never written down",
    "Give the address again: what has arrived is kept, and gone on with.",
    2,
)
"""Of a job whose address was lost with the process that knew it."""
