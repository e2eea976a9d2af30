from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import ResponseHead
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import UnexpectedAnswerError
from anymatix_fetcher.sources.base import Answer
from anymatix_fetcher.sources.documents import Document

if TYPE_CHECKING:
    from collections.abc import Callable

URL = Url.parse("https://api.example/x?secret=1")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def answer(body: str) -> Answer:
    return Answer(URL, ResponseHead(200), body.encode())


def document(**fields: object) -> Document:
    return Document("api.example", fields)


def test_an_object_is_read_with_types() -> None:
    read = Document.of(answer('{"name": "n", "id": 7, "size": 1.5, "yes": true, "part": {"a": "b"}, "list": [{}]}'))
    assert read.text("name") == "n"
    assert read.number("id") == 7
    assert read.optional_decimal("size") == 1.5
    assert read.is_true("yes")
    assert read.optional_part("part").text("a") == "b"
    assert len(read.items("list")) == 1


@pytest.mark.parametrize("body", ["", "{", "<html>", "[1]", "7", "null", '"x"', "[" * 100_000, "9" * 5000])
def test_what_isnt_an_object_is_unexpected(body: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"api\.example"):
        Document.of(answer(body))


@pytest.mark.parametrize("body", ["{}", "[1]", "null", '[{}, "x"]'])
def test_what_isnt_a_list_of_objects_is_unexpected(body: str) -> None:
    with pytest.raises(UnexpectedAnswerError):
        Document.list_of(answer(body))


@pytest.mark.parametrize("value", [None, 7, "", [], {}, True])
def test_a_required_text_is_text(value: object) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"without a text in 'key'"):
        document(key=value).text("key")
    assert document(key=value).optional_text("key") == ""


@pytest.mark.parametrize("value", [None, True, "7", 7.0, -1, 2**63, [7]])
def test_a_required_number_is_a_whole_one_that_a_file_can_have(value: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        document(key=value).number("key")
    assert document(key=value).optional_number("key") is None


@pytest.mark.parametrize("value", [None, True, "7", -0.5, float("nan"), float("inf"), 2**2000])
def test_a_decimal_is_a_number_that_a_size_can_be(value: object) -> None:
    assert document(key=value).optional_decimal("key") is None


def test_lone_surrogates_dont_get_any_further() -> None:
    read = Document.of(answer(r'{"name": "a\ud800b", "words": ["\udfff"]}'))
    assert read.text("name") == "a?b"
    assert read.optional_texts("words") == ("?",)


def test_texts_come_from_a_list_or_stand_alone() -> None:
    assert document(key=["a", 1, None, "", "b"]).optional_texts("key") == ("a", "b")
    assert document(key="a").optional_texts("key") == ("a",)
    assert document().optional_texts("key") == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A" * 64, Digest("sha256", "a" * 64)),
        ("sha256:" + "b" * 64, Digest("sha256", "b" * 64)),
        ("a" * 63, None),
        ("md5:" + "a" * 32, None),
        (None, None),
        (7, None),
    ],
)
def test_a_digest_is_one_of_its_algorithm(value: object, expected: Digest | None) -> None:
    assert document(key=value).optional_digest("key", "sha256") == expected


@given(ANYTHING)
def test_nothing_that_json_can_say_crashes_a_reader(value: Any) -> None:  # noqa: ANN401 - anything is the point
    readers: list[Callable[[Document], object]] = [
        lambda read: read.text("key"),
        lambda read: read.number("key"),
        lambda read: read.items("key"),
        lambda read: read.optional_text("key").encode(),
        lambda read: read.optional_number("key"),
        lambda read: read.optional_decimal("key"),
        lambda read: read.optional_part("key").optional_part("key"),
        lambda read: "".join(read.optional_texts("key")).encode(),
        lambda read: read.optional_digest("key", "sha256"),
    ]
    for reader in readers:
        try:
            reader(Document.of(answer(json.dumps({"key": value}))))
        except UnexpectedAnswerError as error:
            assert error.hint  # noqa: PT017 - it may be raised, or not
