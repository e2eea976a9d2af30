"""Other files, validators and bits than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testing.faults import SIZE
from tests.testing.wire import fetch

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


def test_a_file_changes_and_if_range_is_honoured(origin: Origin, file: File) -> None:
    assert file.etag is not None
    origin.script("changed:request=2-")
    assert fetch(file.url, span=(0, 100), If_Range=file.etag).status == 206
    reply = fetch(file.url, span=(0, 100), If_Range=file.etag)
    assert (reply.status, len(reply.body)) == (200, SIZE)
    assert reply.headers["etag"] != file.etag
    assert reply.body != file.read()
    assert fetch(file.url, span=(0, 100), If_Range=reply.headers["etag"]).body == reply.body[:100]


def test_a_file_changes_and_if_range_is_ignored(origin: Origin, file: File) -> None:
    assert file.etag is not None
    origin.script("changed:if_range=ignored")
    reply = fetch(file.url, span=(0, 100), If_Range=file.etag)
    assert reply.status == 206
    assert reply.headers["etag"] != file.etag
    assert reply.body != file.read(0, 100)


def test_only_the_tag_or_only_the_bytes_change(origin: Origin, file: File) -> None:
    origin.script("changed:content=same,request=1", "changed:etag=same,request=2")
    reply = fetch(file.url)
    assert reply.body == file.read()
    assert reply.headers["etag"] != file.etag
    reply = fetch(file.url)
    assert reply.body != file.read()
    assert reply.headers["etag"] == file.etag


def test_a_file_grows_or_shrinks(origin: Origin, file: File) -> None:
    origin.script("grow:by=1000,request=1", "grow:by=-1000,request=2")
    longer, shorter = fetch(file.url), fetch(file.url)
    assert (len(longer.body), longer.body[:SIZE]) == (SIZE + 1000, file.read())
    assert shorter.body == file.read(0, SIZE - 1000)
    assert longer.headers["etag"] == file.etag


def test_validators_are_weak_malformed_or_missing(origin: Origin, file: File) -> None:
    for index, rule in enumerate(
        ("etag=weak", "etag=malformed", "etag=none", 'etag="mine"', "last_modified=none", "last_modified=now")
    ):
        origin.script(f"validators:{rule},request={index + 1}")
    weak, malformed, none, mine, dateless, now = (fetch(file.url, span=(0, 1)).headers for _ in range(6))
    assert weak["etag"].startswith('W/"')
    assert '"' not in malformed["etag"]
    assert "etag" not in none
    assert "last-modified" in none
    assert mine["etag"] == '"mine"'
    assert "last-modified" not in dateless
    assert dateless["etag"] == file.etag
    assert now["last-modified"] == now["date"]


def test_bits_are_turned_in_every_response_or_in_the_first_ones(origin: Origin, file: File) -> None:
    origin.script("flip:offsets=5000+2500000,times=2")
    expected = bytearray(file.read())
    expected[5000] ^= 1
    expected[2_500_000] ^= 1
    assert fetch(file.url, span=(0, 10)).body == file.read(0, 10)
    assert fetch(file.url).body == bytes(expected)
    assert fetch(file.url, span=(4990, 5010)).body == bytes(expected[4990:5010])
    assert fetch(file.url).body == file.read()
