"""Faults in the end of a response or of its connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import AT_OFFSET, Kind, Parameter, require_non_negative

_AFTER = Parameter(Kind.SIZE, "after this many bytes of the body; without it, before the head")


@dataclass(frozen=True, slots=True)
class BreakOff:
    """The base of responses that break off in different ways."""

    how: ClassVar[Literal["silence", "reset", "truncate"]]
    after: Annotated[int | None, _AFTER] = None
    offset: Annotated[int | None, AT_OFFSET] = None

    def __post_init__(self) -> None:
        require_non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Silence(BreakOff):
    """Sending stops, and the connection stays open."""

    example: ClassVar[str] = "silence:after=300000,request=2"
    how = "silence"


@dataclass(frozen=True, slots=True)
class Reset(BreakOff):
    """The connection is reset (RST); the client may lose data that it hasn't read yet."""

    example: ClassVar[str] = "reset:after=300000,request=2"
    how = "reset"


@dataclass(frozen=True, slots=True)
class Truncate(BreakOff):
    """The connection is closed cleanly (FIN; over TLS without close_notify) before all was sent."""

    example: ClassVar[str] = "truncate:after=1M,times=3"
    how = "truncate"


@dataclass(frozen=True, slots=True)
class Close:
    """The connection closes after a complete response, announced or not."""

    example: ClassVar[str] = "close:announced=no"
    announced: Annotated[Literal["yes", "no"], Parameter(Kind.CHOICE, "whether the head announces it")] = "yes"


EndingFault = Silence | Reset | Truncate | Close
