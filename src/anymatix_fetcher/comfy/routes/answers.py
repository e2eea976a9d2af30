"""Answers of our routes: JSON, and errors in ComfyUI's own form: ``{"error": {"code", "message", "details"}}``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedError(Exception):
    """What was asked for isn't done.

    Args:
        status: Of the answer.
        code: A word for programs.
        message: For people.
        hint: What to do about it; may be empty.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def answer(body: object, status: int = 200) -> web.Response:
    """A body in JSON; what is asked for again and again is kept by nothing on the way."""
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


def failure(error: RefusedError) -> web.Response:
    """An error; ``kind`` and ``hint`` are what our own page reads."""
    details = {"hint": error.hint} if error.hint else {}
    body = {"code": error.code, "kind": error.code, "message": error.message, "hint": error.hint, "details": details}
    return answer({"error": body}, error.status)


async def body_of(request: web.Request, required: Mapping[str, type] | None = None) -> dict[str, object]:
    """The object that a request brings.

    Args:
        request: The request.
        required: Fields that it has to have, with their types.

    Raises:
        RefusedError: It brings none, or a field is missing or of another type.
    """
    try:
        found = json.loads(await request.text() or "{}")
    except (ValueError, RecursionError, LookupError):
        raise RefusedError(400, "INVALID_BODY", "the body isn't JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "INVALID_BODY", "the body isn't an object")
    for name, kind in (required or {}).items():
        if not isinstance(found.get(name), kind) or not found[name]:
            raise RefusedError(400, "INVALID_BODY", f"{name!r} is missing in the body, or isn't what it has to be")
    return found
