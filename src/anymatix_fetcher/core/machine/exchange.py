"""One request in progress, as the machine sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.segments import Flow
from anymatix_fetcher.core.pace.meter import Meter
from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.values.http import Refused, Request, ResponseHead
    from anymatix_fetcher.core.values.messages import ExchangeId, Identity

SILENCE_SECONDS = 20.0
"""A connection without bytes for this long is replaced."""
FLOOR_SECONDS = 30.0
FLOOR_BYTES = 32_768
"""The minimum per :data:`FLOOR_SECONDS`, which detects connections that trickle without being silent."""


FLOW_WINDOW_SECONDS = 1.5
"""The interval over which a connection's rate is averaged; short, so that a trickle is detected soon."""


class Purpose(Enum):
    """The purpose of an exchange's bytes."""

    FILL = auto()
    """To be stored."""
    COMPARE = auto()
    """To be compared with recorded blocks."""
    PEEK = auto()
    """To be examined, because its header fields mark it as unwanted."""


class ExchangeState(Enum):
    """The state of an exchange."""

    ASKED = auto()
    HELD = auto()
    """Its head is accepted, but the part file isn't open, or blocks have to be compared first."""
    FLOWING = auto()


@dataclass(slots=True)
class Exchange:
    """One request and the progress of its response.

    ``start`` and ``stop`` delimit the bytes that it brings; ``stop`` is ``None`` until the end is known.
    ``from_origin`` tells that it follows redirects from the resource's own URL, so that its response settles the
    target. ``hops`` counts the redirects so far, and ``led_by`` is the request that was redirected here. A request
    on the way to the target may have no Range although a span is wanted. ``in_company`` tells that other requests
    were in flight when it was sent, and ``beside`` how many bodies of its place were in transfer then. ``mirror``
    is the place that it was sent to, ``None`` for the first one. ``narrowed`` tells that it brings less than was
    requested. ``doubt`` is the refusal that its header fields suggest.

    ``open_ended`` tells that its head doesn't state the body's end, which has to be awaited; ``fresh`` are the bytes
    that only it has brought meanwhile. ``answer`` is the identity that its response states, which has to be confirmed
    by comparing stored blocks with its body. ``is_spent`` tells that the comparison that it was sent for has ended.
    """

    id: ExchangeId
    request: Request
    purpose: Purpose
    start: int
    stop: int | None
    started_at: float
    from_origin: bool
    hops: int = 0
    in_company: bool = False
    beside: int = 0
    state: ExchangeState = ExchangeState.ASKED
    head: ResponseHead | None = None
    position: int = 0
    last_byte_at: float = 0.0
    meter: Meter | None = None
    flowing_since: float = 0.0
    mirror: Mirror | None = None
    floor_at: float = 0.0
    floor_position: int = 0
    narrowed: bool = False
    doubt: Refused | None = None
    led_by: Request | None = None
    open_ended: bool = False
    answer: Identity | None = None
    is_spent: bool = False
    fresh: SpanSet = SpanSet()  # noqa: RUF009 - frozen, so sharing it is safe

    def __post_init__(self) -> None:
        self.position = self.floor_position = self.start
        self.last_byte_at = self.started_at

    @property
    def rest(self) -> Span:
        """The bytes that are still to come, as far as known."""
        return Span(self.position, max(self.position, self.stop if self.stop is not None else self.position))

    @property
    def wanted(self) -> Span | None:
        """The span that it brings; ``None`` for the whole with an unknown end."""
        return None if self.stop is None else Span(self.start, self.stop)

    @property
    def asked(self) -> Span:
        """The whole span that it brings, as far as known."""
        return Span(self.start, max(self.start, self.stop if self.stop is not None else self.start))

    @property
    def has_all(self) -> bool:
        """Whether it has brought its whole span."""
        return self.stop is not None and self.position >= self.stop

    @property
    def has_to_be_seen(self) -> bool:
        """Whether its end has to be awaited even if the file is complete."""
        return self.flowing and (self.open_ended or self.answer is not None) and not self.narrowed

    @property
    def flowing(self) -> bool:
        """Whether its body is in transfer."""
        return self.state is ExchangeState.FLOWING

    def answered(self, head: ResponseHead, now: float) -> None:
        """Takes the head of its response."""
        self.head = head
        self.last_byte_at = now

    def brings(self, start: int, stop: int | None, *, open_ended: bool = False) -> None:
        """Sets the span of its body according to its head; ``open_ended`` if that doesn't state the end."""
        self.start = self.position = start
        self.stop, self.open_ended = stop, open_ended

    def show_beginning(self, doubt: Refused | None, stop: int) -> None:
        """Lets its body be examined up to ``stop``, because of ``doubt``."""
        self.purpose, self.doubt = Purpose.PEEK, doubt
        self.start, self.stop = 0, stop

    def fill_instead(self) -> None:
        """Stores its bytes, which were requested for a comparison."""
        self.purpose = Purpose.FILL

    def says_to_be(self, answer: Identity) -> None:
        """Sets the identity that its response states, which its body has to confirm."""
        self.answer = answer

    def hold(self) -> None:
        """Lets its body wait, because the head is accepted but storing isn't possible yet."""
        self.state = ExchangeState.HELD

    def reconsider(self) -> None:
        """Lets its accepted head be judged again."""
        self.state = ExchangeState.ASKED

    def narrow(self, stop: int) -> None:
        """Lowers its stop, because other exchanges bring the rest."""
        self.stop, self.narrowed = stop, True

    def spend(self) -> None:
        """Marks the comparison that it was sent for as ended."""
        self.is_spent = True

    def belongs_to_first(self) -> None:
        """Assigns it to the first place, which its mirror has become."""
        self.mirror = None

    def note_fresh(self, spans: SpanSet) -> None:
        """Adds bytes that only it has brought."""
        self.fresh |= spans

    def let_flow(self, now: float) -> None:
        """Lets its body flow."""
        self.state = ExchangeState.FLOWING
        self.last_byte_at = self.floor_at = self.flowing_since = now
        self.meter = Meter(now, FLOW_WINDOW_SECONDS)

    def advance(self, stop: int, now: float) -> None:
        """Records that the bytes up to ``stop`` are stored."""
        if self.meter is not None:
            self.meter.add(stop - self.position, now)
        self.position = stop
        self.last_byte_at = now

    def rate(self, now: float) -> float:
        """Its rate in bytes per second."""
        return self.meter.rate(now) if self.meter is not None else 0.0

    def flow(self, now: float) -> Flow:
        """Its state for the scheduler."""
        age = now - self.flowing_since if self.flowing else 0.0
        return Flow(self.id, self.rest, self.rate(now), age, now - self.last_byte_at, self.narrowed)

    def is_stuck(self, now: float) -> bool:
        """Whether it has to be replaced, because it is silent for too long or trickles."""
        if self.state is ExchangeState.HELD:
            return False
        if now - self.last_byte_at >= SILENCE_SECONDS:
            return True
        if self.flowing and now - self.floor_at >= FLOOR_SECONDS:
            dripping = self.position - self.floor_position < FLOOR_BYTES
            self.floor_at, self.floor_position = now, self.position
            return dripping
        return False

    def excuse(self, seconds: float) -> None:
        """Excludes a time in which the rate limit held its body back."""
        if self.flowing:
            self.last_byte_at += seconds
            self.floor_at += seconds

    def skip(self, seconds: float) -> None:
        """Excludes a gap in which the process didn't run."""
        self.started_at += seconds
        self.last_byte_at += seconds
        self.floor_at += seconds
        self.flowing_since += seconds
        if self.meter is not None:
            self.meter.skip(seconds)
