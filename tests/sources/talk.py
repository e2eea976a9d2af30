"""Talks with a source by hand: feeds its generator the answers that a test gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.sources.base import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.sources.base import Resolving

T = TypeVar("T")


class Reply:
    """What a host says: a status, fields, and a body (bytes, text, or anything for JSON)."""

    def __init__(self, body: object = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.head = ResponseHead(status, Headers(tuple((headers or {}).items())))
        self.body = raw


def resolved(resolving: Resolving) -> tuple[Resource, ...]:
    """What a source that asks nothing returns."""
    return talk(resolving, {})


def talk(
    resolving: Generator[Request, Answer, T],
    replies: Mapping[str, Reply | FetchError] | Callable[[Request], Reply | FetchError],
    asked: list[Request] | None = None,
) -> T:
    """What the source returns when its questions are answered so; ``asked`` takes them.

    ``replies`` is keyed by the whole URL, or a function of the request. A ``FetchError`` is thrown into the source, as
    for a network that failed.
    """
    requests: list[Request] = [] if asked is None else asked
    try:
        request = next(resolving)
        while True:
            requests.append(request)
            reply = replies(request) if callable(replies) else replies[request.url.reveal()]
            if isinstance(reply, Reply):
                request = resolving.send(Answer(request.url, reply.head, reply.body))
            else:
                request = resolving.throw(reply)
    except StopIteration as end:
        outcome: T = end.value
        return outcome


def urls(asked: Sequence[Request]) -> list[str]:
    """The URLs that were asked, in order."""
    return [request.url.reveal() for request in asked]
