"""The server's log, one JSON object per line. A request is logged without its query, header and body."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractAccessLogger

from anymatix_fetcher.verbs.reporting import timestamp_of

if TYPE_CHECKING:
    from aiohttp import web

ACCESS_LOGGER = "anymatix_fetcher.serve.access"
_MOST_SHOWN = 200


class AccessLogger(AbstractAccessLogger):
    """Logs the method, path and status of each request."""

    @property
    def enabled(self) -> bool:
        """Whether requests are logged."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Logs one request; ``time`` is its duration in seconds."""
        said = {
            "from": request.remote,
            "method": request.method[:16],
            "path": request.path[:_MOST_SHOWN],
            "status": response.status,
            "bytes": response.body_length,
            "milliseconds": round(time * 1000, 1),
        }
        self.logger.info("%(method)s %(path)s %(status)d", said, extra={"request": said})


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a JSON object."""
        at: dict[str, object] = {"at": timestamp_of(record.created), "level": record.levelname.lower()}
        request = getattr(record, "request", None)
        if isinstance(request, dict):
            return json.dumps({**at, **request})
        return json.dumps({**at, "message": super().format(record)})
