"""Results and errors as JSON, in the one form that all faces have: the command, the queue and its server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import (
    AccessDeniedError,
    DestinationLockedError,
    DownloadCancelled,
    IntegrityError,
    InternalError,
    NetworkError,
    NotFoundError,
    ReferenceSyntaxError,
    StorageError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from anymatix_fetcher.engine.facts import Result
    from anymatix_fetcher.errors import FetchError

_EXIT_CODES: tuple[tuple[type[FetchError], int], ...] = (
    (ReferenceSyntaxError, 2),
    (NotFoundError, 3),
    (AccessDeniedError, 4),
    (NetworkError, 5),
    (IntegrityError, 6),
    (StorageError, 7),
    (DestinationLockedError, 8),
    (DownloadCancelled, 130),
    (InternalError, 1),
)


def exit_code_of(error: FetchError) -> int:
    """What the command exits with for this error; 1, a bug, for one of no known kind."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1)


def error_object(error: FetchError) -> dict[str, object]:
    """The JSON form of an error."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "exit_code": exit_code_of(error),
    }


def result_object(result: Result, error: dict[str, object] | None) -> dict[str, object]:
    """The JSON form of a result.

    Args:
        result: What became of one file.
        error: The JSON form of its error; ``None`` where it has none.
    """
    return {
        "reference": result.reference,
        "status": result.status.value,
        "path": None if result.path is None else str(result.path.absolute()),
        "size": result.size,
        "sha256": result.sha256,
        "verified": result.verified,
        "verified_at": None if result.verified_at is None else timestamp(result.verified_at),
        "bytes_downloaded": result.bytes_downloaded,
        "bytes_resumed": result.bytes_resumed,
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
        "origin_requests": result.origin_requests,
        "renewals": result.renewals,
        "connections_peak": result.connections_peak,
        "engine": result.engine,
        "http_version": result.http_version,
        "error": error,
    }


def timestamp(moment: datetime) -> str:
    """The moment as RFC 3339 has it, in UTC and whole seconds: ``2026-11-30T20:31:13Z``."""
    from datetime import UTC  # noqa: PLC0415 - costs start-up time, needed when something has ended

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp_of(seconds: float) -> str:
    """The same of seconds since 1970."""
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    return timestamp(datetime.fromtimestamp(seconds, UTC))
