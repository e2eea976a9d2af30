"""One request under way, as the machine sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.segments import Flow
from anymatix_fetcher.core.pace.meter import Meter
from anymatix_fetcher.core.values.spans import Span, SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.mirror import Mirror
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.messages import ExchangeId, Identity
    from anymatix_fetcher.core.values.refusals import Refused

SILENCE_SECONDS = 20.0
"""A connection that brings nothing for so long is replaced."""
FLOOR_SECONDS = 30.0
FLOOR_BYTES = 32_768
"""So much at least must come in every :data:`FLOOR_SECONDS`: a drip is never silent, and never done."""


FLOW_WINDOW_SECONDS = 1.5
"""Over how long one connection's rate is taken: short, so that a trickle shows soon."""


class Purpose(Enum):
    """What an exchange's bytes are for."""

    FILL = auto()
    """To be stored."""
    COMPARE = auto()
    """To be compared with recorded blocks."""
    PEEK = auto()
    """To be looked at: its label speaks against it."""


class ExchangeState(Enum):
    """How far an exchange has come."""

    ASKED = auto()
    HELD = auto()
    """Its head is accepted, but the part file isn't open yet."""
    FLOWING = auto()


@dataclass(slots=True)
class Exchange:
    """One request and how far its answer has come.

    ``span`` is what it is to bring; its stop is ``None`` where the server hasn't stated the end. ``from_origin`` tells
    that it walks from the resource's own address, so that its answer settles where the bytes are; ``hops`` counts the
    redirects that led here; ``in_company`` tells that it wasn't the only one when it was asked; ``mirror`` is the place
    that it was sent to, where that isn't the first one; ``narrowed`` tells that it brings less than it was asked for;
    ``led_by`` is the request whose redirect led here; ``doubt`` is what its label says against it. A request on its way
    to the bytes may carry no Range although a span is wanted.

    ``open_ended`` tells that its head hasn't stated where the body ends: that it ends where the file does has to be
    seen, and ``fresh`` is what it has brought until then that wasn't here. ``answer`` is what it says to be of, where
    what is here has to be compared on its way before that is believed; ``is_spent`` tells that the comparison is
    concluded that it was begun for.
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
        """What is still to come, as far as it is known."""
        return Span(self.position, max(self.position, self.stop if self.stop is not None else self.position))

    @property
    def wanted(self) -> Span | None:
        """What it is to bring; ``None`` for the whole, to an end that isn't known."""
        return None if self.stop is None else Span(self.start, self.stop)

    @property
    def asked(self) -> Span:
        """All that it was to bring, as far as it is known."""
        return Span(self.start, max(self.start, self.stop if self.stop is not None else self.start))

    @property
    def has_all(self) -> bool:
        """Whether it has brought everything that it was to bring."""
        return self.stop is not None and self.position >= self.stop

    @property
    def has_to_be_seen(self) -> bool:
        """Whether its end says something that isn't known from the file's being complete."""
        return self.flowing and (self.open_ended or self.answer is not None) and not self.narrowed

    @property
    def flowing(self) -> bool:
        """Whether its body is being stored."""
        return self.state is ExchangeState.FLOWING

    def answered(self, head: ResponseHead, now: float) -> None:
        """The head of its response came."""
        self.head = head
        self.last_byte_at = now

    def brings(self, start: int, stop: int | None, *, open_ended: bool = False) -> None:
        """What its body brings, by its head; ``open_ended`` where that hasn't stated the end."""
        self.start = self.position = start
        self.stop, self.open_ended = stop, open_ended

    def show_beginning(self, doubt: Refused | None, stop: int) -> None:
        """Its body is looked at as far as ``stop``: ``doubt`` is what its label says against it."""
        self.purpose, self.doubt = Purpose.PEEK, doubt
        self.start, self.stop = 0, stop

    def fill_instead(self) -> None:
        """Its bytes were asked for to be compared, and are stored."""
        self.purpose = Purpose.FILL

    def says_to_be(self, answer: Identity) -> None:
        """What is here is compared on its way before this is believed."""
        self.answer = answer

    def hold(self) -> None:
        """Its head is accepted, and its body waits."""
        self.state = ExchangeState.HELD

    def reconsider(self) -> None:
        """Its head, which was accepted, is judged again."""
        self.state = ExchangeState.ASKED

    def narrow(self, stop: int) -> None:
        """It brings less than it was asked for: others bring the rest."""
        self.stop, self.narrowed = stop, True

    def spend(self) -> None:
        """The comparison is concluded that it was begun for."""
        self.is_spent = True

    def belongs_to_first(self) -> None:
        """The place that it was sent to is the first one from now on."""
        self.mirror = None

    def note_fresh(self, spans: SpanSet) -> None:
        """It brought ``spans``, which weren't here."""
        self.fresh |= spans

    def let_flow(self, now: float) -> None:
        """The body may come."""
        self.state = ExchangeState.FLOWING
        self.last_byte_at = self.floor_at = self.flowing_since = now
        self.meter = Meter(now, FLOW_WINDOW_SECONDS)

    def advance(self, stop: int, now: float) -> None:
        """Bytes up to ``stop`` are stored."""
        if self.meter is not None:
            self.meter.add(stop - self.position, now)
        self.position = stop
        self.last_byte_at = now

    def rate(self, now: float) -> float:
        """Bytes a second that it brings."""
        return self.meter.rate(now) if self.meter is not None else 0.0

    def flow(self, now: float) -> Flow:
        """What the scheduler needs to know."""
        age = now - self.flowing_since if self.flowing else 0.0
        return Flow(self.id, self.rest, self.rate(now), age, now - self.last_byte_at, self.narrowed)

    def is_stuck(self, now: float) -> bool:
        """Whether it has to be replaced: silent for too long, or dripping below the floor."""
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
        """Its body was held back by our own limit: that it was silent or slow isn't its fault."""
        if self.flowing:
            self.last_byte_at += seconds
            self.floor_at += seconds

    def skip(self, seconds: float) -> None:
        """Excludes a gap in which the process didn't run: the peer isn't to blame for it."""
        self.started_at += seconds
        self.last_byte_at += seconds
        self.floor_at += seconds
        self.flowing_since += seconds
        if self.meter is not None:
            self.meter.skip(seconds)
