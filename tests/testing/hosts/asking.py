"""One plain question to a stand-in, by the standard library's client, which follows no redirects."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: the fields by lower-case name; several of one name are joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers["location"]

    def json(self) -> Any:  # noqa: ANN401 - JSON has no better type
        return json.loads(self.body)


@dataclass(slots=True)
class Clock:
    """A clock that a test sets."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def ask(url: str, method: str = "GET", /, **headers: str) -> Reply:
    """The answer to one request on a connection of its own; header names are given with underscores."""
    return _exchange(url, method, None, {name.replace("_", "-"): value for name, value in headers.items()})


def post(url: str, body: bytes) -> Reply:
    """The answer to a question with a body."""
    return _exchange(url, "POST", body, {"Content-Type": "application/json"})


def _exchange(url: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    fields = {"User-Agent": "anyfetch-test/1.0", "Accept-Encoding": "identity", **headers}
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, fields)
        response = connection.getresponse()
        received: dict[str, str] = {}
        for name, value in response.getheaders():
            received[name.lower()] = ", ".join(filter(None, (received.get(name.lower()), value)))
        return Reply(response.status, received, response.read())
    finally:
        connection.close()


def query_of(url: str) -> dict[str, str]:
    """The query's fields, unescaped."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
