"""What a range is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.testing.faults import SIZE
from tests.testing.wire import fetch

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


def test_ranges_are_ignored_from_some_request_on(origin: Origin, file: File) -> None:
    origin.script("ignore-range:request=2-")
    assert fetch(file.url, span=(5, 9)).status == 206
    reply = fetch(file.url, span=(5, 9))
    assert (reply.status, reply.body) == (200, file.read())
    assert "content-range" not in reply.headers


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("content-range:start=1", f"bytes 11-19/{SIZE}"),
        ("content-range:stop=5", f"bytes 10-24/{SIZE}"),
        ("content-range:total=-1", f"bytes 10-19/{SIZE - 1}"),
        ("content-range:unknown_total=yes", "bytes 10-19/*"),
        ("content-range:unit=items", f"items 10-19/{SIZE}"),
        ("content-range:text=nonsense", "nonsense"),
    ],
)
def test_a_content_range_lies(origin: Origin, file: File, rule: str, value: str) -> None:
    origin.script(rule)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"], reply.body) == (206, value, file.read(10, 20))


def test_a_content_range_is_missing(origin: Origin, file: File) -> None:
    origin.script("no-content-range")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.body) == (206, file.read(10, 20))
    assert "content-range" not in reply.headers


def test_labels_are_right_and_bytes_shifted(origin: Origin, file: File) -> None:
    origin.script("shift:by=3")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.headers["content-range"], reply.body) == (f"bytes 10-19/{SIZE}", file.read(13, 23))
    tail = fetch(file.url, span=(SIZE - 10, SIZE))
    assert len(tail.body) == 10


@pytest.mark.parametrize(
    ("rule", "label", "stop"),
    [
        ("shorter:limit=4", "10-13", 14),
        ("shorter:limit=4,labels=false", "10-19", 14),
        ("longer:by=5", "10-24", 25),
        ("longer:by=5,labels=false", "10-19", 25),
    ],
)
def test_a_part_has_another_length(origin: Origin, file: File, rule: str, label: str, stop: int) -> None:
    origin.script(rule)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes {label}/{SIZE}")
    assert reply.body == file.read(10, stop)
    assert int(reply.headers["content-length"]) == stop - 10


def test_a_slice_with_200_and_the_whole_file_with_206(origin: Origin, file: File) -> None:
    origin.script("slice-200:request=1", "whole-206:request=2")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"]) == (200, f"bytes 10-19/{SIZE}")
    assert reply.body == file.read(10, 20)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes 0-{SIZE - 1}/{SIZE}")
    assert reply.body == file.read()


def test_one_range_comes_as_multipart(origin: Origin, file: File) -> None:
    origin.script("multipart")
    reply = fetch(file.url, span=(10, 20))
    assert reply.status == 206
    assert reply.headers["content-type"].startswith("multipart/byteranges")
    assert "content-range" not in reply.headers
    assert file.read(10, 20) in reply.body
    assert f"Content-Range: bytes 10-19/{SIZE}".encode() in reply.body


@pytest.mark.parametrize(("total", "value"), [("known", f"bytes */{SIZE}"), ("absent", None), ("1234", "bytes */1234")])
def test_ranges_are_unsatisfiable(origin: Origin, file: File, total: str, value: str | None) -> None:
    origin.script(f"unsatisfiable:total={total}")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers.get("content-range")) == (416, value)
    assert fetch(file.url).status == 200
