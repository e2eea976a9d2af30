from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.validators import EntityTag, Validator

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
SECOND_EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"


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
