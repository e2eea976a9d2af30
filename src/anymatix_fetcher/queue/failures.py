"""Converts errors to the form that jobs store, and says whether a retry may succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DestinationLockedError, DiskFullError, NetworkError
from anymatix_fetcher.queue.jobs import JobError
from anymatix_fetcher.verbs.reporting import exit_code_of

if TYPE_CHECKING:
    from anymatix_fetcher.errors import FetchError

_WORTH_ANOTHER = (NetworkError, DestinationLockedError, DiskFullError)
"""Errors that may pass without a change by the user."""


def error_of(error: FetchError) -> JobError:
    """The error as a job stores it."""
    worth_another = isinstance(error, _WORTH_ANOTHER)
    return JobError(type(error).__name__, error.message, error.hint, exit_code_of(error), worth_another)


ADDRESS_IS_GONE = JobError(
    "ReferenceSyntaxError",
    "the URL came with a signature, a token or header fields, which are never stored",
    "Give the URL again. The partial file was kept and is continued.",
    2,
)
"""The error of a job with a URL that could not be stored and was lost with the process."""
