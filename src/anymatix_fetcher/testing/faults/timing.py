"""Faults in timing: limited rates, trickles and delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import AT_OFFSET, Kind, Parameter, require_non_negative, require_positive

_BODY_AFTER = Parameter(Kind.SIZE, "after this many bytes of the body")


@dataclass(frozen=True, slots=True)
class Throttle:
    """The rate is limited, for each connection or for all together."""

    example: ClassVar[str] = "throttle:rate=10M"
    rate: Annotated[float, Parameter(Kind.RATE, "the limit")]
    scope: Annotated[Literal["connection", "total"], Parameter(Kind.CHOICE, "what shares the rate")] = "connection"

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)


@dataclass(frozen=True, slots=True)
class Trickle:
    """The body slows down to a trickle, from the start or from a given point on."""

    example: ClassVar[str] = "trickle:rate=100,after=1M,request=2"
    rate: Annotated[float, Parameter(Kind.RATE, "the remaining rate")]
    after: Annotated[int | None, _BODY_AFTER] = None
    offset: Annotated[int | None, AT_OFFSET] = None

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        require_non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Collapse:
    """The total rate of all connections falls to a fraction if too many transfers run."""

    example: ClassVar[str] = "collapse:rate=50M,above=4,share=0.2"
    rate: Annotated[float, Parameter(Kind.RATE, "the total rate before the collapse")]
    above: Annotated[int, Parameter(Kind.COUNT, "the number of transfers without collapse")]
    share: Annotated[float, Parameter(Kind.SHARE, "the remaining share of the total rate")] = 0.25

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, share=self.share)
        require_non_negative(above=self.above)


@dataclass(frozen=True, slots=True)
class Delay:
    """The head of the response is delayed."""

    example: ClassVar[str] = "delay:seconds=0.2"
    seconds: Annotated[float, Parameter(Kind.SECONDS, "the delay")]

    def __post_init__(self) -> None:
        require_non_negative(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class SlowHead:
    """The head of the response is sent slowly."""

    example: ClassVar[str] = "slow-head:rate=20"
    rate: Annotated[float, Parameter(Kind.RATE, "the rate of the head")]

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)


TimingFault = Throttle | Trickle | Collapse | Delay | SlowHead
