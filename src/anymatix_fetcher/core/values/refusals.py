"""The reasons for refusing a response's body."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from anymatix_fetcher.core.values.http import Headers


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


@dataclass(frozen=True, slots=True)
class Refused:
    """The response's body is refused.

    ``sentence`` says what the server did, without secrets; ``length`` is the complete length in a 416; ``headers`` and
    ``excerpt`` are the response's own, which may contain secrets.
    """

    kind: Refusal
    sentence: str
    status: int
    retry_after_seconds: float | None = None
    length: int | None = None
    headers: Headers = field(default_factory=Headers, repr=False)
    excerpt: str = field(default="", repr=False)
