"""How slowly a response comes: rates, trickles and delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import AT_OFFSET, Kind, Parameter, require_non_negative, require_positive

_BODY_AFTER = Parameter(Kind.SIZE, "after this many bytes of the body")


@dataclass(frozen=True, slots=True)
class Throttle:
    """Bytes leave at a limited rate, for each connection or for all of them together."""

    example: ClassVar[str] = "throttle:rate=10M"
    rate: Annotated[float, Parameter(Kind.RATE, "the limit")]
    scope: Annotated[Literal["connection", "total"], Parameter(Kind.CHOICE, "what shares the rate")] = "connection"

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)


@dataclass(frozen=True, slots=True)
class Trickle:
    """The body slows down to a trickle, at once or from some point on."""

    example: ClassVar[str] = "trickle:rate=100,after=1M,request=2"
    rate: Annotated[float, Parameter(Kind.RATE, "what is left")]
    after: Annotated[int | None, _BODY_AFTER] = None
    offset: Annotated[int | None, AT_OFFSET] = None

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        require_non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Collapse:
    """The sum over all connections falls to a fraction once too many transfers run."""

    example: ClassVar[str] = "collapse:rate=50M,above=4,share=0.2"
    rate: Annotated[float, Parameter(Kind.RATE, "the sum while all is well")]
    above: Annotated[int, Parameter(Kind.COUNT, "how many transfers are borne")]
    share: Annotated[float, Parameter(Kind.SHARE, "what is left of the sum beyond")] = 0.25

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, share=self.share)
        require_non_negative(above=self.above)


@dataclass(frozen=True, slots=True)
class Delay:
    """The head of the response comes late."""

    example: ClassVar[str] = "delay:seconds=0.2"
    seconds: Annotated[float, Parameter(Kind.SECONDS, "how late")]

    def __post_init__(self) -> None:
        require_non_negative(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class SlowHead:
    """The head of the response itself trickles."""

    example: ClassVar[str] = "slow-head:rate=20"
    rate: Annotated[float, Parameter(Kind.RATE, "how fast the head is sent")]

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)


TimingFault = Throttle | Trickle | Collapse | Delay | SlowHead
