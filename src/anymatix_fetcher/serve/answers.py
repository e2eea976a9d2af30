"""JSON responses; errors are ``{"error": {"kind", "message", "hint"}}`` with a fitting status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from anymatix_fetcher.errors import (
    AccessDeniedError,
    DestinationExistsError,
    DestinationLockedError,
    DownloadCancelled,
    FetchError,
    IntegrityError,
    NetworkError,
    NotFoundError,
    ReferenceSyntaxError,
    StorageError,
)
from anymatix_fetcher.queue.jobs import OutsideError, WrongStateError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUSES: tuple[tuple[type[FetchError], int], ...] = (
    (OutsideError, 403),
    (WrongStateError, 409),
    (DestinationExistsError, 409),
    (DestinationLockedError, 409),
    (ReferenceSyntaxError, 400),
    (NotFoundError, 404),
    (AccessDeniedError, 422),
    (IntegrityError, 422),
    (NetworkError, 422),
    (StorageError, 507),
    (DownloadCancelled, 503),
)
"""The first matching row counts. Failures of other servers are a 422, since 401, 403 and 502 would speak of this
server.
A request is only cancelled when this server ends."""


def status_of(error: FetchError) -> int:
    """The HTTP status for an error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response that is not cached."""
    return written(json.dumps(value), status, headers)


def written(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response that is not cached, from serialised JSON."""
    return web.Response(
        text=text,
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def failure(
    status: int, kind: str, message: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error response."""
    return answer({"error": {"kind": kind, "message": message, "hint": hint}}, status, headers)


def failed(error: FetchError) -> web.Response:
    """The error response for a ``FetchError``."""
    return failure(status_of(error), type(error).__name__, error.message, error.hint)
