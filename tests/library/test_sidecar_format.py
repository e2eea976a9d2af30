from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.sidecar_format import Provenance, Record, decode, encode
from tests.mutations import as_bytes, mutated

URL = "https://civitai.com/api/download/models/143906"
HEX = "ab" * 32
FULL = Record(
    url=URL,
    file_name=f"dream_{HEX}.safetensors",
    file_size=7000,
    name="dream.safetensors",
    data={"modelId": 1, "images": [{"url": "https://image.civitai.com/x.jpeg"}]},
    sha256=HEX,
    own=Provenance(
        source="civitai:143906",
        identities=("11" * 32,),
        type="checkpoint",
        digests=(Digest("sha256", HEX), Digest("blake3", "ef" * 32)),
        verified="sha256",
        verified_at=1_800_000_000.5,
        mtime_ns=1_800_000_000_123_456_789,
    ),
    rest={"theirs": [1, None, "x"]},
)


def test_a_record_comes_back_as_it_was() -> None:
    assert decode(encode(FULL)) == FULL


def test_the_first_fetchers_fields_stand_where_it_looks_for_them() -> None:
    fields = json.loads(encode(FULL))
    assert list(fields) == ["theirs", "url", "file_name", "file_size", "name", "data", "sha256", "anyfetch"]
    assert (fields["url"], fields["file_name"], fields["file_size"]) == (URL, FULL.file_name, 7000)
    assert (fields["name"], fields["sha256"]) == ("dream.safetensors", HEX)


def test_a_digest_that_is_not_known_is_left_out_as_the_first_fetcher_does() -> None:
    assert "sha256" not in json.loads(encode(replace(FULL, sha256=None)))


@pytest.mark.parametrize("url", [f"{URL}?token=SECRET", "https://u:SECRET@h.example/x", f"{URL}?any=SECRET#SECRET"])
def test_no_secret_is_written_wherever_it_stands(url: str) -> None:
    record = Record(url=url, data={"downloadUrl": url, "files": [{"url": url}]}, own=Provenance(source=url))
    assert b"SECRET" not in encode(record)


def test_it_is_ascii_since_the_first_fetcher_reads_it_in_the_systems_encoding() -> None:
    assert encode(Record(name="\u30e2\u30c7\u30eb.safetensors")).isascii()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"url": NaN', b"{'a': 1}"]
)
def test_what_is_no_record_is_none(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"url": 5, "file_name": [], "file_size": "7", "name": {}, "data": "x", "sha256": 7},
        {"file_size": -1, "sha256": "xyz", "data": None},
        {"file_size": True, "anyfetch": "x"},
        {"anyfetch": {"digests": {"sha256": "short", "nope": HEX, "md5": None}, "identities": [1], "verified_at": "x"}},
        {"anyfetch": {"verified_at": float("inf"), "mtime_ns": 1.5}},
    ],
)
def test_fields_that_make_no_sense_are_missing(fields: dict[str, Any]) -> None:
    record = decode(json.dumps(fields).encode())
    assert record is not None
    assert record.file_size is None
    assert record.digests == ()
    assert record.own in (None, Provenance())


def test_a_number_too_large_for_a_time_is_none() -> None:
    record = decode(b'{"anyfetch": {"verified_at": 1' + b"0" * 400 + b"}}")
    assert record is not None
    assert record.own == Provenance()


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "..", ".", "", "a\\b", "a\0b", "sub/x.pt", "\ud800"])
def test_a_file_name_that_leads_out_of_the_folder_is_none(name: str) -> None:
    record = decode(json.dumps({"file_name": name}).encode())
    assert record is not None
    assert record.file_name is None


@pytest.mark.parametrize("text", ["\ud800", "x\udfff", "a" * 10_000])
def test_a_text_that_no_file_and_no_terminal_takes_is_none(text: str) -> None:
    own = {"source": text, "type": text, "verified": text, "identities": [text]}
    record = decode(json.dumps({"url": text, "name": text, "anyfetch": own}).encode())
    assert record == Record(own=Provenance())


@pytest.mark.parametrize("number", [-1, 10**19, 1e300, -1e300, 253_402_300_800, float("nan"), True, None])
def test_a_number_that_no_file_and_no_calendar_has_is_none(number: float | None) -> None:
    own = {"verified_at": number, "mtime_ns": number if number != 253_402_300_800 else None}
    record = decode(json.dumps({"file_size": number if number != 253_402_300_800 else None, "anyfetch": own}).encode())
    assert record == Record(own=Provenance())


def test_what_is_nested_too_deep_is_not_written_again() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    again = decode(encode(Record(url="https://h/x", data=deep, rest={"other": deep})))
    assert again == Record(url="https://h/x")


def test_its_digests_are_ours_and_the_first_fetchers() -> None:
    assert FULL.digests == (Digest("sha256", HEX), Digest("blake3", "ef" * 32))
    assert replace(FULL, own=None).digests == (Digest("sha256", HEX),)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["url", "file_name", "file_size", "name", "data", "sha256", "anyfetch", "other"]),
)
def test_whatever_a_field_holds_it_is_read_and_written_again(value: object, field: str) -> None:
    record = decode(json.dumps({field: value}).encode())
    assert record is not None
    again = decode(encode(record))
    assert again is not None
    assert (again.file_name, again.file_size, again.sha256) == (record.file_name, record.file_size, record.sha256)


@given(st.binary())
def test_any_bytes_are_a_record_or_none(data: bytes) -> None:
    assert decode(data) is None or isinstance(decode(data), Record)


@given(mutated(json.loads(encode(FULL))))
def test_whatever_any_of_its_fields_holds_it_is_a_record_or_none(document: object) -> None:
    record = decode(as_bytes(document))
    assert record is None or decode(encode(record)) is not None
