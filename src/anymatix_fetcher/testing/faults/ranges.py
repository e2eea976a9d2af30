"""Faults in the responses to range requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_positive

_LABELS = Parameter(Kind.CHOICE, "whether Content-Range states the sent or the requested range")


@dataclass(frozen=True, slots=True)
class IgnoreRange:
    """A request for a range is answered with 200 and the whole file."""

    example: ClassVar[str] = "ignore-range:request=5-"


@dataclass(frozen=True, slots=True)
class Slice200:
    """A request for a range is answered with 200, a Content-Range and the slice."""

    example: ClassVar[str] = "slice-200:ranged=yes"


@dataclass(frozen=True, slots=True)
class Whole206:
    """A request for a range is answered with 206, labelled and filled with the whole file."""

    example: ClassVar[str] = "whole-206:request=1"


@dataclass(frozen=True, slots=True)
class Multipart:
    """A single range is answered as multipart/byteranges."""

    example: ClassVar[str] = "multipart:request=2"


@dataclass(frozen=True, slots=True)
class Shorter:
    """A 206 contains at most ``limit`` bytes, whatever was requested."""

    example: ClassVar[str] = "shorter:limit=64KiB"
    limit: Annotated[int, Parameter(Kind.SIZE, "the largest number of bytes")]
    labels: Annotated[Literal["honest", "false"], _LABELS] = "honest"

    def __post_init__(self) -> None:
        require_positive(limit=self.limit)


@dataclass(frozen=True, slots=True)
class Longer:
    """A 206 contains more bytes than requested, up to the end of the file."""

    example: ClassVar[str] = "longer:by=1000,labels=false"
    by: Annotated[int, Parameter(Kind.SIZE, "the number of additional bytes")]
    labels: Annotated[Literal["honest", "false"], _LABELS] = "honest"

    def __post_init__(self) -> None:
        require_positive(by=self.by)


@dataclass(frozen=True, slots=True)
class Shift:
    """A 206 has the right Content-Range, but bytes from another place in the file."""

    example: ClassVar[str] = "shift:by=1,starts=1M-2M"
    by: Annotated[int, Parameter(Kind.SIZE, "the distance to that place; may be negative")] = 1


@dataclass(frozen=True, slots=True)
class WrongContentRange:
    """The Content-Range of a 206 is wrong, but the bytes are the requested ones."""

    example: ClassVar[str] = "content-range:start=1,request=2"
    start: Annotated[int, Parameter(Kind.SIZE, "added to the first position")] = 0
    stop: Annotated[int, Parameter(Kind.SIZE, "added to the last position")] = 0
    total: Annotated[int, Parameter(Kind.SIZE, "added to the complete length")] = 0
    unknown_total: Annotated[Literal["yes", "no"], Parameter(Kind.CHOICE, "'*'*' for the complete length")] = "no"
    unit: Annotated[str, Parameter(Kind.TEXT, "the unit")] = "bytes"
    text: Annotated[str | None, Parameter(Kind.TEXT, "replaces the whole value")] = None


@dataclass(frozen=True, slots=True)
class NoContentRange:
    """A 206 has no Content-Range."""

    example: ClassVar[str] = "no-content-range:request=2"


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """Any range is answered with 416."""

    example: ClassVar[str] = "unsatisfiable:request=3"
    total: Annotated[str, Parameter(Kind.TEXT, "'known', 'absent' for no Content-Range, or a wrong length")] = "known"


RangeFault = (
    IgnoreRange
    | Slice200
    | Whole206
    | Multipart
    | Shorter
    | Longer
    | Shift
    | WrongContentRange
    | NoContentRange
    | Unsatisfiable
)
