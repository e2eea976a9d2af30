"""Creates an origin from JSON with files, signed files and rules, so that a bug report can include its server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from anymatix_fetcher.testing.content import Form
from anymatix_fetcher.testing.origin import Origin
from anymatix_fetcher.testing.rules import build_rule, parse_rule, parse_size
from anymatix_fetcher.testing.signing import SignedForm

_TOP = ("seed", "host", "port", "target_port", "files", "signed", "rules")
_FILE: dict[str, type | tuple[type, ...]] = {
    "path": str,
    "size": (int, str),
    "text": str,
    "content_id": str,
    "form": str,
    "etag": (str, type(None)),
    "last_modified": (str, type(None)),
    "content_type": str,
    "headers": Mapping,
}
_SIGNED: dict[str, type | tuple[type, ...]] = {
    **_FILE,
    "ttl_seconds": (int, float),
    "bytes_per_second": (int, float, str),
    "signed_form": str,
    "expired_code": int,
    "redirect_code": int,
}
_CHOICES = {"form": get_args(Form), "signed_form": get_args(SignedForm)}


def load(spec: Mapping[str, Any]) -> Origin:
    """Creates the origin of a description, without starting it.

    Keys, all optional: ``seed``, ``host``, ``port``, ``target_port``; ``files``, a list of objects with ``path``,
    ``size`` or ``text``, and the other arguments of `Origin.add`; ``signed``, one such object or a list of them with
    the arguments of `Origin.sign`; ``rules``, a list of texts, or of objects with ``do``, the fault's parameters and
    ``when``, an object of conditions.

    Raises:
        ValueError: If a key is unknown or a value makes no sense; the message begins with its place.
    """
    _known("", spec, _TOP)
    settings = {}
    for key, kind in (("seed", int), ("host", str), ("port", int), ("target_port", int)):
        if key in spec:
            settings[key] = _typed(key, spec[key], kind)
    origin = Origin(**settings)
    for place, entry in _objects(spec, "files"):
        _located(place, origin.add, _arguments(place, entry, _FILE))
    for place, entry in _objects(spec, "signed"):
        arguments = _arguments(place, entry, _SIGNED)
        if "ttl_seconds" not in arguments:
            raise ValueError(f"{place}.ttl_seconds: missing")
        if "bytes_per_second" in arguments:
            arguments["bytes_per_second"] = _size(f"{place}.bytes_per_second", arguments["bytes_per_second"])
        _located(place, origin.sign, arguments)
    for place, rule in _items(spec, "rules"):
        origin.script(_located(place, _rule, {"rule": rule}))
    return origin


def _rule(rule: object) -> Any:  # noqa: ANN401 - passed on by _located
    if isinstance(rule, str):
        return parse_rule(rule)
    if not isinstance(rule, Mapping):
        raise ValueError(f"{rule!r} is neither a string nor an object")  # noqa: TRY004 - a wrong description
    if not isinstance(rule.get("do"), str):
        raise ValueError("do: missing, or not a string")  # noqa: TRY004 - a wrong description
    when = rule.get("when", {})
    if not isinstance(when, Mapping):
        raise ValueError("when: not an object")  # noqa: TRY004 - a wrong description
    parameters = {key: value for key, value in rule.items() if key not in ("do", "when")}
    return build_rule(rule["do"], parameters, when)


def _arguments(place: str, entry: object, kinds: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{place}: not an object")  # noqa: TRY004 - a wrong description
    _known(f"{place}.", entry, tuple(kinds))
    if "path" not in entry:
        raise ValueError(f"{place}.path: missing")
    found: dict[str, Any] = {}
    for key, value in entry.items():
        checked = _typed(f"{place}.{key}", value, kinds[key])
        if key in _CHOICES and checked not in _CHOICES[key]:
            raise ValueError(f"{place}.{key}: {checked!r} is not one of {', '.join(_CHOICES[key])}")
        if key == "size":
            checked = _size(f"{place}.size", checked)
        if key == "etag" and checked is None:
            checked = "none"
        found["data" if key == "text" else key] = checked.encode() if key == "text" else checked
    return found


def _size(place: str, value: int | str) -> int:
    try:
        return parse_size(value)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _known(prefix: str, entry: Mapping[str, object], known: Sequence[str]) -> None:
    for key in entry:
        if key not in known:
            raise ValueError(f"{prefix}{key}: unknown; known are {', '.join(known)}")


def _typed(place: str, value: Any, kinds: type | tuple[type, ...]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ValueError(f"{place}: {value!r} is of the wrong type")  # noqa: TRY004 - a wrong description
    return value


def _items(spec: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    given = spec.get(key, [])
    if not isinstance(given, list | tuple):
        raise ValueError(f"{key}: not a list")  # noqa: TRY004 - a wrong description
    return [(f"{key}[{index}]", entry) for index, entry in enumerate(given)]


def _objects(spec: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    if isinstance(spec.get(key), Mapping):
        return [(key, spec[key])]
    return _items(spec, key)


def _located(place: str, make: Any, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - any of three makers
    """The result of ``make``; the place in the description is added to its error."""
    try:
        return make(**arguments)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
