"""Annotations of rule parameters: how each is parsed from text, and what it means.

A parameter of a fault or a condition of a match is a field annotated with a `Parameter`, which `rules` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The syntax of a parameter."""

    SIZE = "bytes"
    RATE = "bytes/s"
    SECONDS = "seconds"
    COUNT = "number"
    SHARE = "0..1"
    TEXT = "text"
    CHOICE = "choice"
    SPAN = "start-stop"
    ORDINAL = "n, n- or m-n"
    OFFSETS = "offsets joined by +"
    YES_NO = "yes|no"


@dataclass(frozen=True, slots=True)
class Parameter:
    """The syntax and the meaning of a parameter."""

    kind: Kind
    meaning: str


AT_OFFSET = Parameter(Kind.SIZE, "at this offset in the file")
"""The ``offset`` of faults that occur at an offset."""


def require_non_negative(**values: float | None) -> None:
    """Checks values that are passed by name.

    Raises:
        ValueError: If one is negative; the message begins with its name.
    """
    for name, value in values.items():
        if value is not None and value < 0:
            raise ValueError(f"{name}: {value} is negative")


def require_positive(**values: float | None) -> None:
    """Checks values that are passed by name.

    Raises:
        ValueError: If one isn't above zero; the message begins with its name.
    """
    for name, value in values.items():
        if value is not None and value <= 0:
            raise ValueError(f"{name}: {value} is not above zero")
