from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import (
    MAX_LENGTH,
    ContentRange,
    Headers,
    HttpDate,
    Request,
    ResponseHead,
    parse_date,
    range_header,
)
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.core.values.validators import Validator

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
SECOND_EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"
field_text = st.text(alphabet=st.characters(max_codepoint=255), max_size=60)
field_like = st.text(alphabet='bytes =,;:/*-"0123456789WGMTrtSunNov\t', max_size=40)
any_text = field_text | field_like | st.text(max_size=60)

# Headers --------------------------------------------------------------------------------------------------


def test_names_of_fields_compare_without_case_and_several_values_are_joined() -> None:
    headers = Headers((("Via", "a"), ("VIA", "b"), ("Date", "d")))
    assert headers.get("via") == "a, b"
    assert headers.all("via") == ["a", "b"]
    assert headers.get("Age") is None


def test_one_look_tells_whether_any_of_several_fields_is_there() -> None:
    headers = Headers.of(Repr_Digest="sha-256=:abc=:")
    assert headers.has_any(frozenset({"digest", "repr-digest"}))
    assert not headers.has_any(frozenset({"digest", "link"}))


@given(st.text(min_size=8, max_size=40))
def test_the_repr_of_headers_tells_names_and_no_values(secret: str) -> None:
    headers = Headers((("Authorization", f"Bearer {secret}"),))
    assert repr(headers) == "Headers(Authorization)"
    request = Request(Url.parse("https://h/x"), headers=headers)
    assert "Bearer" not in repr(request)


# Ranges ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 0-9/100", ContentRange(Span(0, 10), 100)),
        ("bytes 0-0/1", ContentRange(Span(0, 1), 1)),
        ("BYTES 0-9/100", ContentRange(Span(0, 10), 100)),
        (" bytes\t 0-9/100 ", ContentRange(Span(0, 10), 100)),
        ("bytes 0-9/*", ContentRange(Span(0, 10), None)),
        ("bytes */100", ContentRange(None, 100)),
        ("bytes */0", ContentRange(None, 0)),
        ("bytes 5368709110-5368709119/5368709120", ContentRange(Span(5368709110, 5368709120), 5368709120)),
        (f"bytes 0-0/{MAX_LENGTH}", ContentRange(Span(0, 1), MAX_LENGTH)),
    ],
)
def test_a_content_range_is_read_into_half_open_spans(text: str, expected: ContentRange) -> None:
    assert ContentRange.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "bytes",
        "bytes 9-0/100",
        "bytes 0-99/99",
        "bytes 0-100/100",
        "bytes=0-9/100",
        "bytes 0-9",
        "bytes 0 - 9/100",
        "bytes 0-9 / 100",
        "bytes -9/100",
        "bytes 0-/100",
        "bytes +0-9/100",
        "bytes 0x0-0x9/100",
        "items 0-9/100",
        "bytes 0-9/100, bytes 0-9/100",
        f"bytes 0-0/{MAX_LENGTH + 1}",
        f"bytes 0-{MAX_LENGTH}/*",
        "bytes 0-9999999999999999999/*",
        "bytes 0-99999999999999999999999/*",
        "byte\u017f 0-9/100",
        "bytes \u0660-\u0669/100",
    ],
)
def test_a_content_range_that_contradicts_itself_or_overflows_is_none_at_all(text: str | None) -> None:
    assert ContentRange.parse(text) is None


@given(any_text)
def test_whatever_a_content_range_says_its_span_can_be_counted_and_lies_within_the_total(text: str) -> None:
    found = ContentRange.parse(text)
    if found is not None and found.span is not None:
        assert 0 < len(found.span) <= MAX_LENGTH
        assert found.total is None or found.span.stop <= found.total


@given(st.integers(0, MAX_LENGTH - 1), st.integers(1, 2**40), st.integers(0, 2**40) | st.none())
def test_asking_and_labelling_mean_the_same_bytes(start: int, count: int, beyond: int | None) -> None:
    stop = min(start + count, MAX_LENGTH)
    asked = range_header(Span(start, stop)).removeprefix("bytes=")
    total = None if beyond is None else min(stop + beyond, MAX_LENGTH)
    assert ContentRange.parse(f"bytes {asked}/{'*' if total is None else total}") == ContentRange(
        Span(start, stop), total
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [("bytes 0-9/10", False), ("bytes 0-8/10", True), ("bytes 1-9/10", True), ("bytes 0-9/*", True)],
)
def test_a_label_is_of_a_part_unless_it_states_the_whole(text: str, part: bool) -> None:  # noqa: FBT001 - a table's column
    found = ContentRange.parse(text)
    assert found is not None
    assert found.is_part is part


# Dates and waiting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 -0000"],
)
def test_every_form_of_a_date_is_universal_time_wherever_this_machine_is(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    if hasattr(time, "tzset"):
        time.tzset()
    try:
        assert parse_date(text) == HttpDate(784111777)
    finally:
        monkeypatch.undo()
        if hasattr(time, "tzset"):
            time.tzset()


@pytest.mark.parametrize(
    "text", [None, "", "0", "-1", "tomorrow", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 99999"]
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert parse_date(text) is None


@given(any_text | st.from_regex(r"\A[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} -?\d+ \d+:\d+:\d+ .{0,9}\Z"))
def test_no_text_makes_the_reading_of_a_date_raise(text: str) -> None:
    found = parse_date(text)
    assert found is None or isinstance(found, float)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": " 120 "}, 120.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "9" * 30}, 1e30),
        ({"retry_after": DATE, "date": SECOND_EARLIER}, 1.0),
        ({"retry_after": SECOND_EARLIER, "date": DATE}, 0.0),
        ({"retry_after": "Fri, 01 Jan 2099 00:00:00 GMT", "date": DATE}, 3286797023.0),
        ({"retry_after": DATE}, None),
        ({"retry_after": DATE, "date": "nonsense"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "1.5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "\u0665"}, None),
        ({"retry_after": "0\x1f"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_servers_own_clock(
    fields: dict[str, str], seconds: float | None
) -> None:
    assert ResponseHead(429, Headers.of(**fields)).retry_after_seconds() == seconds


@given(any_text, any_text)
@example("0\x1f", "")
def test_no_retry_after_asks_for_a_negative_wait(text: str, date: str) -> None:
    seconds = ResponseHead(503, Headers.of(retry_after=text, date=date)).retry_after_seconds()
    assert seconds is None or seconds >= 0


# Heads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "length"),
    [
        (("10",), 10),
        (("10", "10"), 10),
        (("10, 10",), 10),
        (("0",), 0),
        ((str(MAX_LENGTH),), MAX_LENGTH),
        (("10", "11"), None),
        (("10, 11",), None),
        (("+10",), None),
        (("-1",), None),
        (("0x10",), None),
        (("",), None),
        ((str(MAX_LENGTH + 1),), None),
        (("1" + "0" * 30,), None),
        (("\u0661\u0660",), None),
        (("10\x1f",), None),
        ((), None),
    ],
)
def test_a_length_counts_only_where_all_values_agree_and_are_plain_digits(
    values: tuple[str, ...], length: int | None
) -> None:
    assert ResponseHead(200, Headers(tuple(("Content-Length", value) for value in values))).content_length == length


def test_a_media_type_and_a_coding_are_read_without_case_and_parameters() -> None:
    head = ResponseHead(200, Headers.of(content_type="Text/HTML; charset=utf-8", content_encoding=" GZip "))
    assert head.media_type == "text/html"
    assert head.content_coding == "gzip"
    assert ResponseHead(200, Headers.of(content_encoding="Identity")).content_coding == ""
    assert ResponseHead(200).media_type == ""


@given(
    st.lists(st.tuples(st.sampled_from(["Content-Length", "Content-Range", "ETag", "Date", "Retry-After"]), any_text))
)
def test_no_head_makes_its_readers_raise(fields: list[tuple[str, str]]) -> None:
    head = ResponseHead(200, Headers(tuple(fields)))
    length = head.content_length
    assert length is None or 0 <= length <= MAX_LENGTH
    assert Validator.of(head.headers).contradicts(Validator.of(head.headers)) is False
    assert (head.content_range is None) == (ContentRange.parse(head.headers.get("content-range")) is None)


def test_the_range_goes_first_and_only_where_a_span_is_asked_for() -> None:
    url, headers = Url.parse("https://h/x"), Headers.of(if_range='"a"')
    assert list(Request(url, Span(5, 10), headers).wire_headers) == [("Range", "bytes=5-9"), ("if-range", '"a"')]
    assert list(Request(url, None, headers).wire_headers) == [("if-range", '"a"')]
