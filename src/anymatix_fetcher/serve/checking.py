"""Validates requests against the API's description before an operation runs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.serve import openapi
from anymatix_fetcher.serve.schema import InvalidValueError, check

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import web

    from anymatix_fetcher.serve.openapi import Operation

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Operate = Callable[["Asked"], Awaitable[web.StreamResponse]]

QUICK_LENGTH = 20_000
"""Longer bodies are read on another thread: others are answered meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A validated request.

    Args:
        identity: The job's id in the path; empty if the path has none.
        query: The query parameters.
        body: The parsed JSON body.
    """

    identity: str
    query: Mapping[str, Any]
    body: Any = None


def checked(operation: Operation, operate: Operate) -> Handler:
    """A route's handler, which validates the request and calls ``operate``."""

    async def handle(request: web.Request) -> web.StreamResponse:
        query, body = _query(request, operation), None
        if operation.body_schema is not None:
            body = await _body(request, operation.body_schema)
        return await operate(Asked(request.match_info.get("id", ""), query, body))

    return handle


def _check(value: object, schema: dict[str, object], name: str) -> None:
    try:
        check(value, schema, name)
    except InvalidValueError as error:
        raise ReferenceSyntaxError(str(error), hint=f"See the description at {openapi.BASE}/openapi.json.") from None


def _query(request: web.Request, operation: Operation) -> dict[str, object]:
    schemas = dict(operation.query)
    found: dict[str, object] = {}
    for name, text in request.query.items():
        schema = schemas.get(name)
        if schema is None or name in found:
            reason = "is given twice in the query" if schema else "is not a query parameter of this operation"
            raise ReferenceSyntaxError(
                f"{name[:60]!r} {reason}", hint=f"Query parameters: {', '.join(schemas) or 'none'}."
            )
        is_number = schema["type"] == "integer" and text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004
        found[name] = int(text) if is_number else text
        _check(found[name], schema, name)
    return found


async def _body(request: web.Request, schema: dict[str, object]) -> object:
    try:
        text = await request.text()
    except (ValueError, LookupError):
        raise _not_json() from None
    return await asyncio.to_thread(_parsed, text, schema) if len(text) > QUICK_LENGTH else _parsed(text, schema)


def _parsed(text: str, schema: dict[str, object]) -> object:
    try:
        body = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _not_json() from None
    _check(body, schema, "the body")
    return body


def _not_json() -> ReferenceSyntaxError:
    return ReferenceSyntaxError("the body isn't JSON", hint="Send a JSON object in UTF-8.")


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
