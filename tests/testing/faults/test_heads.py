"""Odd fields and odd heads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.testing.wire import fetch

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


def test_headers_are_added_and_left_out(origin: Origin) -> None:
    file = origin.add("/h.bin", size=100, headers={"X-Size": "{size}"})
    origin.script(
        "header:name=X-Linked-Etag,value={sha256}",
        "header:name=Repr-Digest,value=sha-256=:{sha256_base64}:",
        "header:name=X-Tag,value={etag}",
        "no-header:name=Accept-Ranges",
        "no-header:name=Date",
    )
    headers = fetch(file.url).headers
    assert headers["x-size"] == "100"
    assert headers["x-linked-etag"] == file.sha256()
    assert headers["repr-digest"].startswith("sha-256=:")
    assert headers["x-tag"] == file.etag
    assert "accept-ranges" not in headers
    assert "date" not in headers


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("filename=../../evil.sh", 'attachment; filename="../../evil.sh"'),
        ("filename=a é,form=extended", "attachment; filename*=UTF-8''a%20%C3%A9"),
        ("filename=a b,form=both", "attachment; filename=\"a b\"; filename*=UTF-8''a%20b"),
    ],
)
def test_a_disposition_names_the_file(origin: Origin, file: File, rule: str, value: str) -> None:
    origin.script(f"disposition:{rule}")
    assert fetch(file.url, span=(0, 1)).headers["content-disposition"] == value


def test_rate_limits_are_told(origin: Origin, file: File) -> None:
    for index, form in enumerate(("structured", "separate", "x")):
        origin.script(f"rate-limit:remaining=3,reset=30,form={form},request={index + 1}")
    structured, separate, x = (fetch(file.url, span=(0, 1)).headers for _ in range(3))
    assert structured["ratelimit"] == '"default";r=3;t=30'
    assert structured["ratelimit-policy"] == '"default";q=100;w=60'
    assert (separate["ratelimit-remaining"], separate["ratelimit-reset"]) == ("3", "30")
    assert int(x["x-ratelimit-reset"]) > time.time()


def test_a_head_is_huge(origin: Origin, file: File) -> None:
    origin.script("big-head:size=1M,fields=10")
    headers = fetch(file.url, span=(0, 1)).headers
    assert sum(len(value) for name, value in headers.items() if name.startswith("x-padding")) == 1_000_000


def test_interim_responses_come_first(origin: Origin, file: File) -> None:
    origin.script("interim:count=3", "interim:code=100")
    reply = fetch(file.url, span=(0, 5))
    assert (reply.interim, reply.status, reply.body) == ((103, 103, 103, 100), 206, file.read(0, 5))
