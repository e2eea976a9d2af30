"""The part of the queue's API that the panel may use, at ``/anymatix/api/v1/...``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from anymatix_fetcher.comfy.routes.answers import RefusedError, answer, body_of
from anymatix_fetcher.comfy.routes.downloads import refused

if TYPE_CHECKING:
    from anymatix_fetcher.comfy.routes.downloads import Downloads

_JOB = r"/jobs/[0-9a-f]{16}"
_ALLOWED = {
    "GET": re.compile(rf"/jobs|{_JOB}|{_JOB}/blocks|/status|/settings|/models(/[a-z]+)?"),
    "POST": re.compile(rf"/jobs|{_JOB}/retry|/resolve|/workflow|/models(/[a-z]+)?"),
    "PATCH": re.compile(rf"{_JOB}|/settings"),
    "DELETE": re.compile(rf"{_JOB}|/models(/[a-z]+)?"),
}
_OF_JOBS = frozenset(
    {"references", "type", "output", "digests", "mirrors", "priority", "paused", "connections", "author"}
)
"""The fields of a new job that a page may set; it may choose a type but not a folder."""
_LEAD_ON = frozenset({"/resolve", "/workflow"})
"""The paths with bodies that name servers to be asked."""
AUTO = "auto"


class Panel:
    """The route's handlers.

    Args:
        downloads: Checks and starts downloads.
    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    async def ask(self, request: web.Request) -> web.Response:
        """Forwards a request to the child process."""
        path = "/" + request.match_info["path"]
        if not _ALLOWED[request.method].fullmatch(path):
            raise RefusedError(404, "NOT_FOUND", "there is no such route")
        body = await body_of(request) if request.method in ("POST", "PATCH") else None
        if (request.method, path) == ("POST", "/jobs"):
            return answer({"jobs": await self._add(body or {})}, 201)
        if body is not None:
            await self._check(path, body)
        if path in _LEAD_ON and body is not None:
            body["public_only"] = self._downloads.public_only
        if path.endswith("/retry"):
            body = None
        query = f"?{request.query_string}" if request.query_string else ""
        answered = await self._downloads.ask(request.method, path + query, body)
        if answered.status >= 400:  # noqa: PLR2004 - HTTP's
            raise refused(answered)
        if answered.body is None:
            return web.Response(status=204)
        return answer(answered.body, answered.status)

    async def _add(self, body: dict[str, object]) -> list[dict[str, object]]:
        unknown = sorted(set(body) - _OF_JOBS)
        if unknown:
            raise RefusedError(400, "INVALID_BODY", f"{unknown[0][:60]!r} is not a field that a page may set")
        wanted = {"type": AUTO, **{name: value for name, value in body.items() if value is not None}}
        kind, output = str(wanted["type"]), wanted.get("output")
        categories = self._downloads.categories
        if kind in categories.names():
            del wanted["type"]
            if isinstance(output, str) and output:
                placed = categories.placed(kind, output)
                wanted |= {"directory": str(placed.root), "output": placed.name}
            else:
                wanted["directory"] = str(categories.first_root(kind))
        return await self._downloads.add(wanted)

    async def _check(self, path: str, body: dict[str, object]) -> None:
        """Checks that references lead to public servers, even if they are only resolved."""
        reference = body.get("reference")
        if isinstance(reference, str):
            await self._downloads.check_public([reference])
        if path == "/workflow":
            await self._downloads.check_public(_addresses(body.get("workflow")))


def _addresses(value: object) -> list[str]:
    """All URLs in a workflow, since their servers may be asked for sizes."""
    match value:
        case str():
            return [value] if value.lower().startswith(("http://", "https://")) else []
        case dict():
            return [address for one in value.values() for address in _addresses(one)]
        case list():
            return [address for one in value for address in _addresses(one)]
        case _:
            return []
