"""What a request asks of a file: ranges and preconditions, as RFC 9110 has them."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.serve.ranges import asked, content_range

TAG = '"abc"'


@pytest.mark.parametrize(
    ("field", "status", "span"),
    [
        ("bytes=0-9", 206, Span(0, 10)),
        ("bytes=90-", 206, Span(90, 100)),
        ("bytes=90-1000", 206, Span(90, 100)),
        ("bytes=-10", 206, Span(90, 100)),
        ("bytes=-1000", 206, Span(0, 100)),
        ("Bytes = 5-5", 206, Span(5, 6)),
        ("bytes=0-" + "9" * 5000, 206, Span(0, 100)),
        ("bytes=100-", 416, Span(100, 100)),
        ("bytes=" + "9" * 5000 + "-", 416, Span(100, 100)),
        ("bytes=-0", 416, Span(100, 100)),
        ("bytes=9-0", 200, Span(0, 100)),
        ("bytes=-", 200, Span(0, 100)),
        ("bytes=0-1,5-6", 200, Span(0, 100)),
        ("lines=0-1", 200, Span(0, 100)),
        ("bytes=a-b", 200, Span(0, 100)),
    ],
)
def test_a_range_is_cut_to_the_file_refused_or_ignored(field: str, status: int, span: Span) -> None:
    found = asked("GET", {"Range": field}, tag=TAG, length=100)
    assert (found.status, found.span) == (status, span)
    assert asked("HEAD", {"Range": field}, tag=TAG, length=100).status == 200


def test_an_empty_file_has_no_range() -> None:
    assert asked("GET", {"Range": "bytes=0-"}, tag=TAG, length=0).status == 416
    assert content_range(Span(0, 0), 0) == "bytes */0"
    assert content_range(Span(2, 5), 9) == "bytes 2-4/9"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": TAG}, 304),
        ({"If-None-Match": f'"x", W/{TAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 206),
        ({"If-Match": TAG}, 206),
        ({"If-Match": "*"}, 206),
        ({"If-Match": f"W/{TAG}"}, 412),
        ({"If-Match": '"x"', "If-None-Match": TAG}, 412),
        ({"If-Range": TAG}, 206),
        ({"If-Range": f"W/{TAG}"}, 200),
        ({"If-Range": "Mon, 30 Nov 2026 00:00:00 GMT"}, 200),
    ],
)
def test_preconditions_go_before_the_range(headers: dict[str, str], status: int) -> None:
    assert asked("GET", {"Range": "bytes=1-2", **headers}, tag=TAG, length=100).status == status
