"""Header lines as a response's head."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.http import ResponseHead
from anymatix_fetcher.transports.base import MAX_HEAD_BYTES
from anymatix_fetcher.transports.heads import MAX_INTERIM_RESPONSES, HeadReader, HeadRefusedError, excerpt_of


def _read(text: bytes) -> ResponseHead | None:
    reader = HeadReader()
    for line in text.splitlines(keepends=True):
        reader.feed(line)
    return reader.head


@pytest.mark.parametrize(
    ("line", "version", "status"),
    [
        (b"HTTP/1.1 200 OK", "1.1", 200),
        (b"HTTP/1.0 404 Not here", "1.0", 404),
        (b"HTTP/2 206 ", "2", 206),
        (b"HTTP/3 503", "3", 503),
    ],
)
def test_the_status_line_gives_version_and_status(line: bytes, version: str, status: int) -> None:
    head = _read(line + b"\r\n\r\n")
    assert head is not None
    assert (head.http_version, head.status) == (version, status)


def test_fields_keep_their_order_and_bytes() -> None:
    head = _read(b'HTTP/1.1 200 OK\r\nETag:  "caf\xe9" \r\nX-A: 1\r\nx-a:2\r\nX-Empty:\r\n\r\n')
    assert head is not None
    assert list(head.headers) == [("ETag", '"caf\xe9"'), ("X-A", "1"), ("x-a", "2"), ("X-Empty", "")]


def test_a_folded_field_is_one_line() -> None:
    head = _read(b"HTTP/1.1 200 OK\r\nX-Long: one\r\n\ttwo\r\n  three\r\n\r\n")
    assert head is not None
    assert head.headers.get("X-Long") == "one two three"


def test_an_incomplete_head_is_none() -> None:
    assert _read(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n") is None


def test_interim_responses_leave_no_trace() -> None:
    head = _read(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n"
    )
    assert head == _read(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n")


def test_trailers_change_nothing() -> None:
    text = b"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n"
    assert _read(text + b"X-Trailer: 1\r\n\r\n") == _read(text)


@pytest.mark.parametrize(
    "text",
    [
        b"ICY 200 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 200 OK\r\n folded first\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * MAX_HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MAX_INTERIM_RESPONSES + 1),
    ],
)
def test_what_is_no_head_is_refused(text: bytes) -> None:
    with pytest.raises(HeadRefusedError):
        _read(text)


def test_an_excerpt_shows_text_and_hides_what_cannot_be_seen() -> None:
    assert excerpt_of(ResponseHead(404), b"a\tb\nc\x00\x1b\x7f\xff\xe2\x80\xaed") == "a\tb\nc\ufffdd"
