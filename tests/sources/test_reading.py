from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError, NotFoundError, RetriesExhaustedError, UnexpectedAnswerError
from anymatix_fetcher.sources.reading import RemoteFile
from tests.sources.talk import Reply, talk, urls

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.errors import FetchError

CONTENT = bytes(range(256)) * 4
ORIGIN = "https://h.example/m.bin"
TARGET = "https://cdn.example/m?sig=1"
SECRET = Headers.of(Authorization="Bearer SECRET")


def served(request: Request) -> Reply:
    span = request.span
    assert span is not None
    stop = min(span.stop, len(CONTENT))
    fields = {"Content-Range": f"bytes {span.start}-{stop - 1}/{len(CONTENT)}", "ETag": '"v1"'}
    return Reply(CONTENT[span.start : stop], 206, fields)


def test_a_piece_is_read_where_the_redirects_lead_and_the_next_one_there_at_once() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> Reply:
        if request.url.reveal() == ORIGIN:
            return Reply(b"", 302, {"Location": TARGET, "Date": "Wed, 25 Nov 2026 12:00:00 GMT"})
        return served(request)

    file = RemoteFile(Resource(Url.parse(ORIGIN), headers=SECRET))
    assert talk(file.read(Span(10, 20)), reply, asked) == CONTENT[10:20]
    assert talk(file.read(Span(1000, 2000)), reply, asked) == CONTENT[1000:]
    assert urls(asked) == [ORIGIN, TARGET, TARGET]
    assert [request.headers.get("Authorization") for request in asked] == ["Bearer SECRET", None, None]
    assert (file.length, file.ranged, file.target) == (len(CONTENT), True, Url.parse(TARGET))
    assert file.target_given_at == 1795608000.0


def test_an_address_that_has_expired_is_walked_to_once_more() -> None:
    targets = iter([TARGET, "https://cdn.example/m?sig=2"])

    def reply(request: Request) -> Reply:
        if request.url.reveal() == ORIGIN:
            return Reply(b"", 302, {"Location": next(targets)})
        return served(request) if request.url.reveal() == good else Reply("expired", 403)

    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    good = TARGET
    talk(file.open(), reply)
    good = "https://cdn.example/m?sig=2"
    assert talk(file.read(Span(0, 5)), reply) == CONTENT[:5]


def test_a_refusal_is_an_error_that_says_why() -> None:
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    with pytest.raises(AccessDeniedError):
        talk(file.open(), {ORIGIN: Reply("no", 401)})


def test_a_server_without_ranges_can_still_show_the_beginning() -> None:
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    whole = {ORIGIN: Reply(CONTENT, 200, {"Content-Length": str(len(CONTENT))})}
    assert talk(file.read(Span(0, 7)), whole) == CONTENT[:7]
    assert not file.ranged
    with pytest.raises(UnexpectedAnswerError):
        talk(file.read(Span(7, 9)), whole)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 501])
def test_where_ranges_are_refused_the_beginning_is_read_without(status: int) -> None:
    asked: list[Request] = []

    def reply(request: Request) -> Reply:
        if request.span is not None:
            return Reply("no ranges", status)
        assert request.most is not None
        return Reply(CONTENT[: request.most], 200, {"Content-Length": str(len(CONTENT))})

    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    assert talk(file.read(Span(0, 7)), reply, asked) == CONTENT[:7]
    assert (file.length, file.ranged) == (len(CONTENT), False)
    assert talk(file.read(Span(3, 9)), reply, asked) == CONTENT[3:9]
    assert [request.most for request in asked] == [None, 7, 9]


def test_what_is_refused_without_a_range_too_costs_one_request_more() -> None:
    asked: list[Request] = []
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    with pytest.raises(AccessDeniedError):
        talk(file.open(), lambda _: Reply("no", 403), asked)
    assert len(asked) == 2


OUTAGE: dict[str, Callable[[], Reply | FetchError]] = {
    "an error": lambda: Reply("no", 502),
    "a lost connection": lambda: RetriesExhaustedError("connection lost"),
}


@pytest.mark.parametrize("outage", OUTAGE)
def test_a_range_that_isnt_answered_again_and_again_is_left_out(outage: str) -> None:
    asked: list[Request] = []
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    whole = Reply(CONTENT, 200, {"Content-Length": str(len(CONTENT))})
    assert talk(file.open(), lambda one: OUTAGE[outage]() if one.span is not None else whole, asked) == CONTENT[:1]
    assert [(request.span, request.tries) for request in asked] == [(Span(0, 1), 3), (None, 1)]


@pytest.mark.parametrize("outage", OUTAGE)
def test_where_that_comes_to_nothing_too_it_is_an_outage_and_is_waited_for_as_long_as_any(outage: str) -> None:
    asked: list[Request] = []
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    with pytest.raises(RetriesExhaustedError):
        talk(file.open(), lambda _: OUTAGE[outage](), asked)
    assert [(request.span, request.tries) for request in asked] == [(Span(0, 1), 3), (None, 1), (Span(0, 1), None)]


def test_a_server_that_refuses_each_kind_of_request_in_its_own_way_is_left_soon() -> None:
    asked: list[Request] = []
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    with pytest.raises(NotFoundError):
        talk(file.open(), lambda one: Reply("no", 404 if one.span is not None else 500), asked)
    assert len(asked) == 3


def test_an_empty_file_has_nothing_to_read() -> None:
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    assert talk(file.open(), {ORIGIN: Reply(b"", 416, {"Content-Range": "bytes */0"})}) == b""
    assert file.length == 0


def test_it_is_told_what_the_answers_state() -> None:
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    fields = {"Content-Range": "bytes 0-0/5", "Repr-Digest": "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"}
    talk(file.open(), {ORIGIN: Reply(b"x", 206, fields)})
    assert file.digests == (Digest.parse("md5:d41d8cd98f00b204e9800998ecf8427e"),)


def test_redirects_without_an_end_are_given_up() -> None:
    file = RemoteFile(Resource(Url.parse(ORIGIN)))
    with pytest.raises(UnexpectedAnswerError, match="redirects more than"):
        talk(file.open(), {ORIGIN: Reply(b"", 302, {"Location": ORIGIN})})
