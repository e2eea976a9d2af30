"""JSON responses of the pack's routes; errors have ComfyUI's form: ``{"error": {"code", "message", "details"}}``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedError(Exception):
    """A refused request.

    Args:
        status: The HTTP status.
        code: The error code for programs.
        message: What happened.
        hint: What the user can do about it; may be empty.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def answer(body: object, status: int = 200) -> web.Response:
    """A JSON response that is not cached."""
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


def failure(error: RefusedError) -> web.Response:
    """An error response; the panel reads ``kind`` and ``hint``."""
    details = {"hint": error.hint} if error.hint else {}
    body = {"code": error.code, "kind": error.code, "message": error.message, "hint": error.hint, "details": details}
    return answer({"error": body}, error.status)


async def body_of(request: web.Request, required: Mapping[str, type] | None = None) -> dict[str, object]:
    """The JSON object in a request's body.

    Args:
        request: The request.
        required: The required fields and their types.

    Raises:
        RefusedError: The body isn't an object, or a field is missing or of another type.
    """
    try:
        found = json.loads(await request.text() or "{}")
    except (ValueError, RecursionError, LookupError):
        raise RefusedError(400, "INVALID_BODY", "the body isn't JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "INVALID_BODY", "the body isn't an object")
    for name, kind in (required or {}).items():
        if not isinstance(found.get(name), kind) or not found[name]:
            raise RefusedError(400, "INVALID_BODY", f"the field {name!r} is missing, empty, or of the wrong type")
    return found
