from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.serve.schema import InvalidValueError, check

if TYPE_CHECKING:
    from anymatix_fetcher.serve.schema import Schema

GOOD: list[tuple[object, Schema]] = [
    (1, {"type": "integer", "minimum": 1, "maximum": 1}),
    (1, {"type": "number"}),
    (None, {"type": ["string", "null"]}),
    ("a", {"type": ["string", "null"], "enum": ["a", None]}),
    ("", {"type": "string", "pattern": "^a*$"}),
    ([1, 2], {"type": "array", "items": {"type": "integer"}, "maxItems": 2}),
    ({"a": 1, "b": 2}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
    ("\U0001f600", {"type": "string", "maxLength": 1}),
]
BAD: list[tuple[object, Schema, str]] = [
    (True, {"type": "integer"}, "type integer"),
    (1, {"type": "boolean"}, "type boolean"),
    (1.0, {"type": "integer"}, "type integer"),
    (0, {"type": "number", "exclusiveMinimum": 0}, "above 0"),
    (2, {"type": "number", "maximum": 1}, "above 1"),
    (0, {"type": "number", "minimum": 1}, "below 1"),
    ("b", {"enum": ["a", None]}, "one of a, None"),
    ("", {"type": "string", "minLength": 1}, "empty"),
    ("ab", {"type": "string", "maxLength": 1}, "longer"),
    ("a\n", {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]*$"}, "match"),
    ("\ud800", {"type": "string"}, "unpaired surrogate"),
    ([], {"type": "array", "minItems": 1}, "few"),
    ([1, 2], {"type": "array", "maxItems": 1}, "more than 1"),
    ([1, "a"], {"type": "array", "items": {"type": "integer"}}, r"it\[1\]"),
    ({"b": 1}, {"type": "object", "properties": {"a": {}}, "additionalProperties": False}, "no field 'b'"),
    ({}, {"type": "object", "required": ["a"]}, "'a' is missing"),
    ({"a": "x"}, {"type": "object", "properties": {"a": {"type": "integer"}}}, "a has to be"),
]


@pytest.mark.parametrize(("value", "schema"), GOOD)
def test_what_is_as_described_is_taken(value: object, schema: Schema) -> None:
    check(value, schema, "it")


@pytest.mark.parametrize(("value", "schema", "reason"), BAD)
def test_what_is_not_is_named(value: object, schema: Schema, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        check(value, schema, "it")
