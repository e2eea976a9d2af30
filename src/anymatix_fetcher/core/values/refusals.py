"""The reasons for refusing a response's body."""

from __future__ import annotations

from enum import Enum, auto


class Refusal(Enum):
    """Why a response's body is refused."""

    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    GONE = auto()
    BAD_REQUEST = auto()
    THROTTLED = auto()
    UNAVAILABLE = auto()
    UNSATISFIABLE = auto()
    RANGE_IGNORED = auto()
    MISLABELLED = auto()
    ENCODED = auto()
    CHANGED = auto()
    NOT_A_MODEL = auto()
    UNSAFE_REDIRECT = auto()
    UNEXPECTED = auto()
