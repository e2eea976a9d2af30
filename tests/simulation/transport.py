"""A transport over scripted servers: time passes only in its ``poll``, and everything that happens is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import ResponseHead
from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, HeadArrived
from anymatix_fetcher.core.values.spans import Span
from tests.simulation.world import BLOCK

if TYPE_CHECKING:
    from random import Random

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.transports.base import Sink, TransportEvent
    from tests.simulation.clock import VirtualClock
    from tests.simulation.oracle import Oracle
    from tests.simulation.servers import Answer
    from tests.simulation.workers import SimulatedWorkers
    from tests.simulation.world import World

WATCHED = 0
"""The number of the download that is looked at, the first one of its session."""
LATE_EVENTS = 0.05
"""How often a dropped exchange reports something all the same."""
NEVER_WAITS = 0.1
"""How often the reader is said to be busy all the time."""


@dataclass
class Flow:
    """One exchange under way."""

    request: Request
    answer: Answer
    sink: Sink | None = None
    start: int = 0
    position: int = 0
    stop: int | None = None


class SimulatedTransport:
    """Implements ``Transport``.

    Args:
        world: Who answers.
        clock: Moved on by ``poll``.
        workers: Do their steps between polls.
        oracle: Sees every request, and every byte that is stored.
        random: Draws sizes and orders.
    """

    name = "simulated"

    def __init__(
        self, world: World, clock: VirtualClock, workers: SimulatedWorkers, oracle: Oracle, random: Random
    ) -> None:
        self._world = world
        self._clock = clock
        self._workers = workers
        self._oracle = oracle
        self._random = random
        self._flows: dict[ExchangeId, Flow] = {}
        self._asked: set[Origin] = set()
        self._due: list[tuple[float, int, ExchangeId]] = []
        self._sequence = 0
        self._events: list[TransportEvent] = []
        self._woken = False
        self.waited_seconds = 0.0
        self._never_waits = random.random() < NEVER_WAITS

    # What the driver does ---------------------------------------------------------------------------------

    def start(self, exchange: ExchangeId, request: Request) -> None:
        busy = sum(flow.request.url.host == request.url.host for flow in self._flows.values())
        answer = self._world.answer(request, self._clock.now, busy)
        if exchange.download == WATCHED:
            self._oracle.request(exchange, request, answer)
        self._flows[exchange] = Flow(request, answer)
        self._asked.add(request.url.origin)
        if answer.delay < float("inf"):
            self._schedule(exchange, answer.delay * self._random.uniform(0.5, 1.5))

    def open_ahead(self, origin: Origin, count: int) -> None:
        """Connections aren't simulated; only that what is opened ahead may be, is looked at."""
        assert count > 0
        assert origin in self._asked  # the last body may have ended, and its event be on its way

    def accept(self, exchange: ExchangeId, sink: Sink, start: int, stop: int | None) -> None:
        flow = self._flows.get(exchange)
        if flow is not None:
            flow.sink, flow.start, flow.position, flow.stop = sink, start, start, stop
            self._schedule(exchange, 0.001)

    def narrow(self, exchange: ExchangeId, stop: int) -> None:
        flow = self._flows.get(exchange)
        if flow is None or flow.sink is None:
            return
        flow.stop = stop if flow.stop is None else min(stop, flow.stop)
        if flow.position >= flow.stop:
            self._end(exchange, BodyEnded(exchange))

    def cancel(self, exchange: ExchangeId) -> None:
        flow = self._flows.pop(exchange, None)
        if flow is not None and self._random.random() < LATE_EVENTS:
            span = Span(flow.position, flow.position + 100)
            head = flow.answer.head or ResponseHead(206)
            late: list[TransportEvent] = [
                HeadArrived(exchange, head),
                BodyStored(exchange, span),
                BodyEnded(exchange),
                ExchangeFailed(exchange, Failure(FailureKind.LOST)),
            ]
            self._events.append(self._random.choice(late))

    def break_all(self) -> None:
        """The servers of the file start anew: whatever is under way with them is lost."""
        for exchange, flow in list(self._flows.items()):
            if flow.request.url.host.startswith(("origin", "hop", "cdn")):
                self._end(exchange, ExchangeFailed(exchange, Failure(FailureKind.LOST)))

    def wake(self) -> None:
        self._woken = True

    def close(self) -> None:
        self._flows.clear()

    # Time -------------------------------------------------------------------------------------------------

    def poll(self, timeout_seconds: float) -> list[TransportEvent]:
        for _ in range(self._random.randint(0, 4)):
            if not self._workers.step():
                break
        if not self._woken and not self._events:
            self._wait(self._clock.now + timeout_seconds)
        self._woken = False
        return self._collect()

    def _wait(self, deadline: float) -> None:
        moments = [deadline]
        if self._due:
            moments.append(self._due[0][0] + self._random.choice((0.0, 0.0, 0.02)))
        working = self._workers.next_at
        if working is not None:
            moments.append(max(working, self._clock.now + 0.001))
        began = self._clock.now
        self._clock.advance_to(min(moments))
        self.waited_seconds += 0.0 if self._never_waits else self._clock.now - began
        while self._due and self._due[0][0] <= self._clock.now:
            exchange = heappop(self._due)[2]
            flow = self._flows.get(exchange)
            if flow is not None:
                self._happen(exchange, flow)

    def _schedule(self, exchange: ExchangeId, seconds: float) -> None:
        self._sequence += 1
        heappush(self._due, (self._clock.now + seconds, self._sequence, exchange))

    def _collect(self) -> list[TransportEvent]:
        """What happened: in order for each exchange, in any order among them; progress of one body is one event."""
        found: dict[ExchangeId, list[TransportEvent]] = {}
        for event in self._events:
            events = found.setdefault(event.exchange, [])
            last = events[-1] if events else None
            if isinstance(event, BodyStored) and isinstance(last, BodyStored) and last.span.stop == event.span.start:
                events[-1] = BodyStored(event.exchange, Span(last.span.start, event.span.stop))
            else:
                events.append(event)
        self._events = []
        order = list(found)
        self._random.shuffle(order)
        return [event for exchange in order for event in found[exchange]]

    # Exchanges --------------------------------------------------------------------------------------------

    def _happen(self, exchange: ExchangeId, flow: Flow) -> None:
        if flow.sink is not None:
            self._bring(exchange, flow, flow.sink)
        elif flow.answer.failure is not None:
            self._end(exchange, ExchangeFailed(exchange, flow.answer.failure))
        elif flow.answer.head is not None:
            self._events.append(HeadArrived(exchange, flow.answer.head, flow.answer.excerpt))

    def _bring(self, exchange: ExchangeId, flow: Flow, sink: Sink) -> None:
        """Some more of a body, up to where it breaks, stalls, is cut or ends."""
        answer, done = flow.answer, flow.position - flow.start
        limits = [len(answer.body)]
        if flow.stop is not None:
            limits.append(flow.stop - flow.start)
        if answer.breaks_at is not None:
            limits.append(answer.breaks_at)
        if answer.stalls_at is not None:
            limits.append(answer.stalls_at)
        limit = min(limits)
        piece = answer.body[done : min(limit, done + self._random.choice((1, 700, BLOCK // 2, BLOCK, 2 * BLOCK)))]
        if piece and not self._store(exchange, flow, sink, piece):
            return
        done += len(piece)
        if done < limit:
            self._schedule(exchange, max(0.0005, len(piece) / answer.rate))
        elif flow.stop is not None and done >= flow.stop - flow.start:
            goes_on = done < len(answer.body) and not answer.states_length
            self._end(exchange, BodyEnded(exchange, goes_on=True) if goes_on else BodyEnded(exchange))
        elif answer.breaks_at is not None and done >= answer.breaks_at:
            self._end(exchange, ExchangeFailed(exchange, Failure(FailureKind.LOST)))
        elif answer.stalls_at is None or done < answer.stalls_at:
            self._end(exchange, BodyEnded(exchange))

    def _store(self, exchange: ExchangeId, flow: Flow, sink: Sink, piece: memoryview) -> bool:
        """Gives the sink a piece; what it raises is its exchange's failure, and no other one's."""
        try:
            sink.write(flow.position, piece)
        except OSError as error:
            failure = Failure(FailureKind.STORAGE, error.strerror or "", error.errno)
            self._end(exchange, ExchangeFailed(exchange, failure))
            return False
        except AssertionError:
            raise  # the oracle's
        except Exception as error:  # noqa: BLE001 - as the contract has it
            self._end(exchange, ExchangeFailed(exchange, Failure(FailureKind.BUG, type(error).__name__)))
            return False
        span = Span(flow.position, flow.position + len(piece))
        if exchange.download == WATCHED:
            self._oracle.stored(exchange, span)
        self._events.append(BodyStored(exchange, span))
        flow.position = span.stop
        return True

    def _end(self, exchange: ExchangeId, event: TransportEvent) -> None:
        self._flows.pop(exchange, None)
        self._events.append(event)
