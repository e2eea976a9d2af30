from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import (
    MAX_LENGTH,
    ContentRange,
    EntityTag,
    Headers,
    HttpDate,
    RateLimit,
    Request,
    ResponseHead,
    Validator,
    parse_date,
    range_header,
)
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url

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


# Validators -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"abc"', EntityTag("abc")),
        ('W/"abc"', EntityTag("abc", weak=True)),
        ('"a,b"', EntityTag("a,b")),
        ('"abc-2"', EntityTag("abc-2")),
        ('"\u00fc"', EntityTag("\u00fc")),
        ('""', EntityTag("", weak=True)),
        ("range1000", EntityTag("range1000", weak=True)),
        ('w/"abc"', EntityTag('w/"abc"', weak=True)),
        ('"a"b"', EntityTag('"a"b"', weak=True)),
        ('"a", "b"', EntityTag('"a", "b"', weak=True)),
        (None, None),
        ("", None),
        ("  ", None),
        ('"' + "x" * 8192 + '"', None),
    ],
)
def test_a_tag_that_breaks_the_rules_can_contradict_but_never_prove(
    text: str | None, expected: EntityTag | None
) -> None:
    assert EntityTag.parse(text) == expected
    if expected is not None and expected.weak:
        assert Validator(expected).if_range is None


@given(st.text(alphabet=st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=50), st.booleans())
def test_a_tag_survives_the_way_over_the_wire(opaque: str, weak: bool) -> None:  # noqa: FBT001 - drawn
    tag = EntityTag(opaque, weak=weak or not opaque)
    assert EntityTag.parse(str(tag)) == tag


@pytest.mark.parametrize(
    ("fields", "if_range"),
    [
        ({"etag": '"a"'}, '"a"'),
        ({"etag": 'W/"a"'}, None),
        ({"etag": '"a"', "last_modified": SECOND_EARLIER, "date": DATE}, '"a"'),
        ({"etag": 'W/"a"', "last_modified": SECOND_EARLIER, "date": DATE}, None),
        ({"etag": "malformed", "last_modified": SECOND_EARLIER, "date": DATE}, None),
        ({"last_modified": SECOND_EARLIER, "date": DATE}, SECOND_EARLIER),
        ({"last_modified": DATE, "date": DATE}, None),
        ({"last_modified": SECOND_EARLIER}, None),
        ({"last_modified": "yesterday", "date": DATE}, None),
        ({}, None),
    ],
)
def test_only_strong_validators_go_into_if_range(fields: dict[str, str], if_range: str | None) -> None:
    validator = Validator.of(Headers.of(**fields))
    assert validator.if_range == if_range
    assert validator.proves_same(validator) == (if_range is not None)


@pytest.mark.parametrize(
    ("one", "other", "contradicts"),
    [
        ({"etag": '"a"'}, {"etag": '"a"'}, False),
        ({"etag": '"a"'}, {"etag": '"b"'}, True),
        ({"etag": 'W/"a"'}, {"etag": 'W/"b"'}, True),
        ({"etag": "a"}, {"etag": "b"}, True),
        ({"etag": '"a-gzip"'}, {"etag": '"a"'}, True),
        ({"etag": '"a"', "last_modified": DATE}, {"etag": '"a"', "last_modified": SECOND_EARLIER}, False),
        ({"etag": '"a"', "last_modified": DATE}, {"last_modified": SECOND_EARLIER}, True),
        ({"last_modified": DATE}, {"last_modified": DATE}, False),
        ({"last_modified": DATE}, {}, False),
        ({"etag": '"a"'}, {"last_modified": DATE}, False),
        ({}, {}, False),
    ],
)
def test_what_only_one_side_says_contradicts_nothing(
    one: dict[str, str],
    other: dict[str, str],
    contradicts: bool,  # noqa: FBT001 - a table's column
) -> None:
    first, second = Validator.of(Headers.of(**one)), Validator.of(Headers.of(**other))
    assert first.contradicts(second) is contradicts
    assert second.contradicts(first) is contradicts


tags = st.sampled_from([None, '"a"', '"b"', 'W/"a"', "a", '""'])
dates = st.sampled_from([None, DATE, SECOND_EARLIER, "nonsense"])


@st.composite
def validators(draw: st.DrawFn) -> Validator:
    fields = [("ETag", draw(tags)), ("Last-Modified", draw(dates)), ("Date", draw(dates))]
    return Validator.of(Headers(tuple((name, value) for name, value in fields if value is not None)))


@given(validators(), validators())
def test_what_proves_sameness_never_contradicts_it(one: Validator, other: Validator) -> None:
    assert one.contradicts(other) == other.contradicts(one)
    assert not one.contradicts(one)
    assert not (one.proves_same(other) and one.contradicts(other))


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


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"RateLimit": '"resolvers";r=0;t=55'}, RateLimit(0, 55.0)),
        ({"RateLimit": '"api";r=489;t=189'}, RateLimit(489, 189.0)),
        ({"RateLimit": 'default; r=7 ; t="3"'}, RateLimit(7, 3.0)),
        ({"RateLimit": '"a";r=9;t=10, "b";r=0;t=7;pk=:dHJpYWw=:, "c";r=0;t=60'}, RateLimit(0, 60.0)),
        ({"RateLimit": '"odd, name;r=5";r=0;t=8'}, RateLimit(0, 8.0)),
        ({"RateLimit": "limit=100, remaining=0, reset=55"}, RateLimit(0, 55.0)),
        ({"RateLimit": "limit=100,remaining=3,reset=5"}, RateLimit(3, 5.0)),
        ({"RateLimit": '"a";t=5'}, RateLimit(None, 5.0)),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, RateLimit(0, 30.0)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000000"}, RateLimit(0, None)),
        ({"RateLimit": '"a";r=-1;t=-5'}, None),
        ({"RateLimit": "nonsense"}, None),
        ({"RateLimit": ""}, None),
        ({}, None),
    ],
)
def test_the_tightest_of_the_stated_quotas_counts(fields: dict[str, str], expected: RateLimit | None) -> None:
    assert RateLimit.parse(Headers(tuple(fields.items()))) == expected


@given(any_text | st.text(alphabet='"a;r=0t,5 \\', max_size=60))
def test_no_text_makes_the_reading_of_a_quota_raise(text: str) -> None:
    found = RateLimit.parse(Headers.of(ratelimit=text))
    assert found is None or (found.remaining or 0) >= 0


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
    assert head.validator.contradicts(head.validator) is False
    assert (head.content_range is None) == (ContentRange.parse(head.headers.get("content-range")) is None)


def test_the_range_goes_first_and_only_where_a_span_is_asked_for() -> None:
    url, headers = Url.parse("https://h/x"), Headers.of(if_range='"a"')
    assert list(Request(url, Span(5, 10), headers).wire_headers) == [("Range", "bytes=5-9"), ("if-range", '"a"')]
    assert list(Request(url, None, headers).wire_headers) == [("if-range", '"a"')]
