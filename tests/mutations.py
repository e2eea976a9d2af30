"""Documents as strangers write them: sound ones in which a field holds something else, or is missing."""

from __future__ import annotations

import copy
import json
from typing import Any

import tomli_w
from hypothesis import strategies as st

VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 7, 2**31, 2**63, 2**64, 10**300, 0.5, -0.0, 1e308, float("inf"), float("nan")),
    *("", " ", "x", "x" * 70_000, "\ud800", "\0", "\x1b[31m", "\u202e", "../x", "/etc/passwd", "C:\\x", "a/b", "\n"),
    *("http://", "https://h.example/a b", "https://[::1", "file:///x", "https://u:p@h.example:0/", "9" * 4000, "1e400"),
    *("sha256:", "ab" * 32, "zz" * 32, [], {}, [[]], [None], {"": None}, [{}] * 50, {"x": {"y": [{"z": 1}]}}),
)
NESTED: Any = "deep"
for _ in range(200):
    NESTED = [NESTED]


def places(document: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """The ways to every value in the document; the empty one leads to the whole."""
    found: list[tuple[Any, ...]] = [()]
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        found += [(key, *way) for way in places(value)]
    return found


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:  # noqa: ANN401 - as above
    """The document with up to three of its values replaced, taken out or said twice."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(places(document)))
        if not way:
            return draw(st.sampled_from((*VALUES, NESTED)))
        holder = document
        for key in way[:-1]:
            holder = holder[key]
        kind = draw(st.integers(0, 3))
        if kind == 0:
            del holder[way[-1]]
        elif kind == 1 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[way[-1]]))
        else:
            holder[way[-1]] = copy.deepcopy(draw(st.sampled_from((*VALUES, NESTED))))
    return document


def as_bytes(document: Any) -> bytes:  # noqa: ANN401 - as above
    """The JSON of it, lone surrogates as escapes, infinities as Python and ComfyUI write them."""
    return json.dumps(document).encode()


def as_toml(document: object) -> bytes:
    """The TOML of it; empty where TOML can't say it."""
    try:
        return tomli_w.dumps(document).encode() if isinstance(document, dict) else b""
    except (TypeError, ValueError, RecursionError):
        return b""
