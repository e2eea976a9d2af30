"""Validates values by JSON Schema, as far as the API's description uses it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Schema: TypeAlias = Mapping[str, object]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_SHOWN_CHARACTERS = 60


class InvalidValueError(ValueError):
    """A value doesn't match its schema; the message names the value."""


def check(value: object, schema: Schema, name: str) -> None:
    """Validates ``value`` against ``schema``.

    Args:
        value: A value from ``json.loads``.
        schema: A schema of the supported keywords.
        name: The value's name, for the message.

    Raises:
        InvalidValueError: The value doesn't match.
    """
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(kinds, list) and not any(_is(value, kind) for kind in kinds):
        raise InvalidValueError(f"{name} has to be of the type {' or '.join(kinds)}")
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        raise InvalidValueError(f"{name} has to be one of {', '.join(map(str, allowed))}")
    if isinstance(value, str):
        _check_text(value, schema, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, schema, name)
    elif isinstance(value, list):
        _check_list(value, schema, name)
    elif isinstance(value, dict):
        _check_object(value, schema, name)


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])


def _number(schema: Schema, keyword: str) -> float | None:
    limit = schema.get(keyword)
    return limit if isinstance(limit, int | float) else None


def _check_text(value: str, schema: Schema, name: str) -> None:
    least, most, pattern = _number(schema, "minLength"), _number(schema, "maxLength"), schema.get("pattern")
    if least is not None and len(value) < least:
        raise InvalidValueError(f"{name} is empty" if least == 1 else f"{name} is too short")
    if most is not None and len(value) > most:
        raise InvalidValueError(f"{name} is longer than {most} characters")
    # Python's "$" also matches before a final line feed, JSON Schema's doesn't.
    if isinstance(pattern, str) and not re.search(re.sub(r"\$\Z", r"\\Z", pattern), value):
        raise InvalidValueError(f"{name} has to match {pattern}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidValueError(f"{name} isn't valid text: it contains an unpaired surrogate")


def _check_number(value: float, schema: Schema, name: str) -> None:
    least, most, above = (_number(schema, keyword) for keyword in ("minimum", "maximum", "exclusiveMinimum"))
    if least is not None and value < least:
        raise InvalidValueError(f"{name} is below {least}")
    if above is not None and value <= above:
        raise InvalidValueError(f"{name} has to be above {above}")
    if most is not None and value > most:
        raise InvalidValueError(f"{name} is above {most}")


def _check_list(value: list[object], schema: Schema, name: str) -> None:
    least, most, items = _number(schema, "minItems"), _number(schema, "maxItems"), schema.get("items")
    if least is not None and len(value) < least:
        raise InvalidValueError(f"{name} has too few items")
    if most is not None and len(value) > most:
        raise InvalidValueError(f"{name} has more than {most} items")
    if isinstance(items, dict):
        for number, item in enumerate(value):
            check(item, items, f"{name}[{number}]")


def _check_object(value: dict[str, object], schema: Schema, name: str) -> None:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise TypeError("a schema's properties are an object, and what it requires is a list")
    for key in required:
        if key not in value:
            raise InvalidValueError(f"{key!r} is missing in {name}")
    for key, item in value.items():
        if key in properties:
            check(item, properties[key], key)
        elif schema.get("additionalProperties") is False:
            known = ", ".join(properties)
            raise InvalidValueError(f"{name} has no field {key[:_SHOWN_CHARACTERS]!r}; it has {known}")
