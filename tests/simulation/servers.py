"""The kinds of simulated servers: how each identifies a representation, serves ranges, and fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.failures import Failure
    from anymatix_fetcher.core.values.http import ResponseHead
    from tests.simulation.faults import Fault


class Tag(Enum):
    """What a host says of a representation's identity."""

    STRONG = auto()
    WEAK = auto()
    MALFORMED = auto()
    NONE = auto()


class Ranges(Enum):
    """What a host does with a range."""

    SERVED = auto()
    LIMITED = auto()
    """Served, but never more than a few blocks at a time."""
    IGNORED = auto()
    CHUNKED = auto()
    """Ignored, and the length isn't stated."""
    LOST_LATER = auto()
    """Served at first, ignored later."""
    WITHOUT_TOTAL = auto()


class IfRange(Enum):
    """What a host does with If-Range."""

    HONOURED = auto()
    IGNORED = auto()
    MISTAKEN = auto()
    """Always answered with the whole file."""


class Ending(Enum):
    """Servers that can only end one way."""

    NONE = auto()
    MISSING = auto()
    DENIED = auto()
    LOGIN_PAGE = auto()
    REDIRECT_LOOP = auto()
    DOWNGRADE = auto()
    CUT_SHORT = auto()
    """Ranges are ignored, and the whole always breaks off at the same place."""


@dataclass
class Host:
    """One server."""

    name: str
    latency: float
    rate: float
    tag: Tag
    modified: bool
    ranges: Ranges
    if_range: IfRange
    limit: int
    limit_answer: Fault
    states_digest: bool


@dataclass
class Answer:
    """What comes back: nothing at all, a failure, or a head and perhaps a body that lies at ``offset`` of the file."""

    delay: float
    failure: Failure | None = None
    head: ResponseHead | None = None
    excerpt: str = ""
    body: memoryview = field(default_factory=lambda: memoryview(b""))
    offset: int = 0
    rate: float = 1e6
    breaks_at: int | None = None
    stalls_at: int | None = None
    states_length: bool = True
