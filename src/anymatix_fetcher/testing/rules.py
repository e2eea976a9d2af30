r"""Parses rules from text and JSON, based on the types of the faults.

``reset:after=300000,request=2`` names a fault, followed by its parameters and conditions in any order. A comma inside a
value needs no escape unless ``word=`` follows it; then it is written ``\,``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from anymatix_fetcher.testing.faults import FAULTS, AnyFault
from anymatix_fetcher.testing.parameters import Kind, Parameter
from anymatix_fetcher.testing.script import Match, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIZE = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:([kmgt]?)(i?)b?)", re.IGNORECASE)
_SEPARATOR = re.compile(r"(?<!\\),(?=\s*[a-z_]+=)")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_WORDS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@dataclass(frozen=True, slots=True)
class Entry:
    """A parameter of a rule.

    Attributes:
        name: Its name.
        kind: Its syntax.
        meaning: Its meaning, for the help text.
        choices: The possible values of a choice.
        required: Whether it must be given.
        default: The default value.
    """

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...]
    required: bool
    default: object


def parse_size(value: int | str) -> int:
    """The number of bytes in ``300000``, ``64KiB``, ``10M`` or ``2GB``; units without ``i`` are powers of 1000.

    Raises:
        ValueError: If ``value`` is not a size.
    """
    return int(_number(value))


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is not a size such as 300000, 64KiB or 2GB")
    thousand = 1024.0 if found[3] else 1000.0
    return float(found[1]) * math.pow(thousand, _POWERS[found[2].lower()])


def entries(subject: type[AnyFault | Match]) -> tuple[Entry, ...]:
    """The parameters of a fault, or the conditions of a match, in their order."""
    hints = get_type_hints(subject, include_extras=True)
    found: list[Entry] = []
    for one in fields(subject):
        hint = hints[one.name]
        parameter = next(extra for extra in hint.__metadata__ if isinstance(extra, Parameter))
        required = one.default is MISSING
        default = None if required else one.default
        found.append(Entry(one.name, parameter.kind, parameter.meaning, _choices(hint), required, default))
    return tuple(found)


def _choices(hint: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type hint has no better type
    for part in get_args(hint):
        if get_origin(part) is Literal:
            return get_args(part)
        if nested := _choices(part):
            return nested
    return ()


def _read(entry: Entry, value: object) -> object:
    """The value of a parameter from its text or its JSON."""
    try:
        return _READERS[entry.kind](entry, value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{entry.name}: {error}") from None


def _read_choice(entry: Entry, value: object) -> str:
    word = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    if word not in entry.choices:
        raise ValueError(f"{word!r} is not one of {', '.join(entry.choices)}")
    return word


def _read_yes_no(_entry: Entry, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in _WORDS:
        raise ValueError(f"{value!r} is neither yes nor no")
    return _WORDS[str(value).lower()]


def _read_size(_entry: Entry, value: object) -> int:
    return int(_number(value))


def _read_rate(_entry: Entry, value: object) -> float:
    text = str(value).lower().removesuffix("/s")
    return _number(text if isinstance(value, str) else value)


def _read_number(_entry: Entry, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _read_count(_entry: Entry, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{value!r} is not a whole number")
    return int(value)


def _read_text(_entry: Entry, value: object) -> str:
    if isinstance(value, Mapping | list | None):
        raise TypeError(f"{value!r} is not a string")
    return str(value)


def _read_ordinal(_entry: Entry, value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else str(value)


def _read_span(_entry: Entry, value: object) -> tuple[int, int]:
    ends = value if isinstance(value, list | tuple) else str(value).split("-")
    if len(ends) != 2:  # noqa: PLR2004 - a start and a stop
        raise ValueError(f"{value!r} is not a span such as 1M-2M")
    return int(_number(ends[0])), int(_number(ends[1]))


def _read_offsets(_entry: Entry, value: object) -> tuple[int, ...]:
    offsets = value if isinstance(value, list | tuple) else str(value).split("+")
    return tuple(int(_number(offset)) for offset in offsets)


_READERS = {
    Kind.SIZE: _read_size,
    Kind.RATE: _read_rate,
    Kind.SECONDS: _read_number,
    Kind.COUNT: _read_count,
    Kind.SHARE: _read_number,
    Kind.TEXT: _read_text,
    Kind.CHOICE: _read_choice,
    Kind.SPAN: _read_span,
    Kind.ORDINAL: _read_ordinal,
    Kind.OFFSETS: _read_offsets,
    Kind.YES_NO: _read_yes_no,
}


def build_rule(name: str, parameters: Mapping[str, object], conditions: Mapping[str, object]) -> Rule:
    """The rule with this fault, its parameters and its conditions.

    Raises:
        ValueError: If something is unknown, missing or invalid; the message names it.
    """
    if name not in FAULTS:
        raise ValueError(f"{name!r} is not a rule; known are {', '.join(FAULTS)}")
    kind = FAULTS[name]
    try:
        fault: AnyFault = kind(**_arguments(kind, parameters))
        return Rule(fault, Match(**_arguments(Match, conditions)))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _arguments(subject: type[AnyFault | Match], given: Mapping[str, object]) -> dict[str, Any]:
    table = {entry.name: entry for entry in entries(subject)}
    for name in given:
        if name not in table:
            known = ", ".join(table) or "none"
            raise ValueError(f"{name!r} is unknown here; known are {known}")
    for entry in table.values():
        if entry.required and entry.name not in given:
            raise ValueError(f"{entry.name} is missing: {entry.meaning}")
    return {name: _read(table[name], value) for name, value in given.items()}


def parse_rule(text: str) -> Rule:
    """Parses a rule such as ``reset:after=300000,request=2``.

    Raises:
        ValueError: If the text is invalid; the message names the rule and the wrong key.
    """
    name, colon, rest = text.strip().partition(":")
    conditions = {entry.name for entry in entries(Match)}
    known = {entry.name for entry in entries(FAULTS[name])} if name in FAULTS else set()
    parameters: dict[str, object] = {}
    when: dict[str, object] = {}
    for part in _SEPARATOR.split(rest) if colon else ():
        key, equals, value = part.strip().partition("=")
        if not equals:
            raise ValueError(f"{name}: {part!r} is not of the form key=value")
        if name in FAULTS and key not in known | conditions:
            raise ValueError(
                f"{name}: {key!r} is unknown; known are {', '.join(sorted(known) or ['no parameters'])}, "
                f"and the conditions {', '.join(sorted(conditions))}"
            )
        # A parameter has precedence over a condition of the same name.
        (parameters if key in known else when)[key] = value.replace("\\,", ",")
    return build_rule(name, parameters, when)


def as_rules(faults: Iterable[AnyFault | Rule | str], when: Match) -> list[Rule]:
    """The rules for faults with the match ``when``, for rules, and for their texts.

    Raises:
        ValueError: If a text is not a rule, or the match doesn't fit a fault.
    """
    return [
        parse_rule(fault) if isinstance(fault, str) else fault if isinstance(fault, Rule) else Rule(fault, when)
        for fault in faults
    ]


def rules_help() -> str:
    """The help text: every rule with its meaning, parameters and an example, then the conditions."""
    lines = ["Rules (RULE:key=value,...):", ""]
    for name, kind in FAULTS.items():
        lines.append(f"  {name}")
        lines.append(f"      {_first_line(kind)}")
        lines += [f"      {_entry_line(entry)}" for entry in entries(kind)]
        lines += [f"      e.g. {kind.example}", ""]
    lines += ["Conditions of any rule (all must hold; without any it always applies):", ""]
    lines += [f"  {_entry_line(entry)}" for entry in entries(Match)]
    lines += ["", "Sizes: 300000, 64KiB, 10M, 2GB (K, M, G are powers of 1000; Ki, Mi, Gi of 1024)."]
    return "\n".join(lines) + "\n"


def _first_line(kind: type[AnyFault]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _entry_line(entry: Entry) -> str:
    said = "|".join(entry.choices) if entry.choices else entry.kind.value
    default = ""
    if entry.required:
        default = " (required)"
    elif entry.default is not None:
        default = f" (default {entry.default})"
    return f"{entry.name}=<{said}>  {entry.meaning}{default}"
