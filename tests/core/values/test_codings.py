from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.codings import UndecodableError, beginning, decoded

TEXT = b'{"files": [1, 2, 3]}' * 50
MOST = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


CODED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT, mtime=0),
    "deflate": zlib.compress(TEXT),
    "deflate ": raw_deflate(TEXT),
    "": TEXT,
    "identity": TEXT,
    "gzip, identity": gzip.compress(TEXT, mtime=0),
    "deflate, gzip": gzip.compress(zlib.compress(TEXT), mtime=0),
}


@pytest.mark.parametrize("coding", CODED)
def test_what_is_coded_is_read(coding: str) -> None:
    assert decoded(CODED[coding], coding, most=MOST) == TEXT
    assert TEXT.startswith(beginning(CODED[coding][:-5], coding, most=100))


def test_all_members_count_and_padding_doesnt() -> None:
    assert (
        decoded(gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0) + b"\0" * 9, "gzip", most=MOST)
        == b"onetwo"
    )
    assert decoded(b"", "gzip", most=MOST) == b""


@pytest.mark.parametrize(
    ("data", "coding", "reason"),
    [
        (TEXT, "br", "by br"),
        (TEXT, "gzip", "can't be read"),
        (TEXT, "deflate", "can't be read"),
        (gzip.compress(TEXT, mtime=0)[:-4], "gzip", "breaks off"),
        (zlib.compress(TEXT)[:-1], "deflate", "breaks off"),
        (gzip.compress(b"\0" * (MOST + 1), mtime=0), "gzip", "too long"),
        (gzip.compress(b"\0" * MOST, mtime=0) + gzip.compress(b"\0", mtime=0), "gzip", "too long"),
        (gzip.compress(gzip.compress(b"\0" * (64 << 20), mtime=0), mtime=0), "gzip, gzip", "too long"),
        (gzip.compress(TEXT, mtime=0), "gzip, gzip, gzip, gzip", "again and again"),
    ],
)
def test_what_cant_be_read_is_said(data: bytes, coding: str, reason: str) -> None:
    with pytest.raises(UndecodableError, match=reason):
        decoded(data, coding, most=MOST)


def test_the_whole_of_what_is_allowed_is_read() -> None:
    assert len(decoded(gzip.compress(b"\0" * MOST, mtime=0), "gzip", most=MOST)) == MOST


def test_of_a_beginning_no_more_is_made_than_wanted() -> None:
    assert len(beginning(gzip.compress(b"\0" * (64 << 20), mtime=0)[:4096], "gzip", most=4096)) == 4096
    assert beginning(b"plain", "gzip", most=4096) == b"plain"


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_whatever_comes_ends_in_bytes_or_in_a_reason(data: bytes, coding: str) -> None:
    assert len(beginning(data, coding, most=100)) <= max(100, len(data))
    with suppress(UndecodableError):
        assert len(decoded(data, coding, most=100)) <= 100
