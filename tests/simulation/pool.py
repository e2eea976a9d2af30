"""One download from several simulated places: the real machine and paces, in virtual time, without a byte.

``python -m tests.simulation.pool 7`` tells how seed 7 went, ``--seeds 0:200`` sums up many.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.pace.hosts import Hosts
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.urls import Url
from tests.simulation.lines import NEVER, STEP_SECONDS
from tests.simulation.part_model import BLOCK, PartModel
from tests.simulation.place_servers import Body, PlaceServer
from tests.simulation.places import Fate, SimulatedPool, alone, differing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.errors import FetchError

RIGHT, WRONG = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
LONGEST_SECONDS = 900.0


def silent(_line: str) -> None:
    """Says nothing."""


@dataclass(slots=True)
class PoolRun:
    """The download of one pool, until it is over.

    Args:
        pool: The places.
        trace: Takes a line about each thing that happens.

    Attributes:
        now: The time, in seconds from its start.
        error: What it failed with.
        verified: What it was proved by.
        filled: By place, the bytes that came to be stored.
        requests: By place, how many were sent.
        peak: The most exchanges that were under way together.
    """

    pool: SimulatedPool
    trace: Callable[[str], None] = silent
    now: float = 0.0
    error: FetchError | None = None
    verified: str | None = None
    filled: Counter[int] = field(default_factory=Counter)
    requests: Counter[int] = field(default_factory=Counter)
    last_fill_at: dict[int, float] = field(default_factory=dict)
    peak: int = 0
    peaks: Counter[int] = field(default_factory=Counter)
    servers: list[PlaceServer] = field(default_factory=list)
    _hosts: Hosts = field(default_factory=Hosts)
    _due: list[tuple[float, int, m.ExchangeId, Callable[[], m.Event]]] = field(default_factory=list)
    _events: deque[m.Event] = field(default_factory=deque)
    _under_way: dict[m.ExchangeId, PlaceServer] = field(default_factory=dict)
    _sequence: int = 0
    _shares: list[Share] = field(default_factory=list)
    _part: PartModel = field(init=False)
    _machine: Download = field(init=False)
    _verifies: bool = False

    def __post_init__(self) -> None:
        pool = self.pool
        self.servers = [
            PlaceServer(place, number, pool.length + place.longer_by) for number, place in enumerate(pool.places)
        ]
        self._part = PartModel(pool.length, self._wrong_in)
        urls = [self.url(number) for number in range(len(pool.places))]
        resource = Resource(urls[0], mirrors=tuple(urls[1:]), digests=(RIGHT,) if pool.has_digest else ())
        random = Random(pool.seed)
        self._machine = Download(resource, self._join(urls[0].origin), random=random.random, join=self._join)

    @staticmethod
    def url(number: int) -> Url:
        """Where a place has the file."""
        return Url.parse(f"https://place{number}.example/model.bin")

    def _join(self, origin: Origin) -> Share:
        share = self._hosts.host(origin, self.pool.maximum, self.pool.fixed).join()
        self._shares.append(share)
        return share

    def _wrong_in(self, number: int, index: int) -> SpanSet:
        place = self.pool.places[number]
        block = Span(index * BLOCK, min((index + 1) * BLOCK, self.pool.length))
        if place.differs_from is not None:
            return SpanSet.of(Span(max(block.start, place.differs_from), max(block.stop, place.differs_from)))
        if place.spoils(index, number):
            middle = (block.start + block.stop) // 2
            return SpanSet.of(Span(middle, middle + 1))
        return SpanSet()

    # Time -------------------------------------------------------------------------------------------------

    def run(self) -> PoolRun:
        """Goes on until the download is over.

        Raises:
            AssertionError: It doesn't end, or what it says is done isn't right.
        """
        for server in self.servers:
            if server.place.ends_at < NEVER and server.place.fate is Fate.DIES:
                self._schedule(server.place.ends_at, m.ExchangeId(0, 0), partial(self._die, server))
        self._take(m.Begin(storage_is_open=True))
        grid = STEP_SECONDS
        while self.verified is None and self.error is None:
            assert self.now < LONGEST_SECONDS, "it doesn't end"
            self._go_to(min(grid, self._due[0][0] if self._due else inf, self._next_end()))
            if self.now >= grid:
                self._tell_progress()
                self._take(m.Tick())
                grid += STEP_SECONDS
                self._tell_counts()
        if self.verified is not None:
            self._check()
        return self

    def _next_end(self) -> float:
        """When the next body ends, if nothing changes."""
        for server in self.servers:
            server.share(self.now)
        return self.now + min((body.seconds_left for server in self.servers for body in server.flowing()), default=inf)

    def _go_to(self, moment: float) -> None:
        seconds, self.now = max(0.0, moment - self.now), max(moment, self.now)
        done: list[Body] = []
        for server in self.servers:
            for body in server.flowing():
                body.position += body.rate * seconds
                if body.is_done:
                    body.position = float(body.stop)
                    done.append(body)
        for body in done:
            self._end(body)
        while self._due and self._due[0][0] <= self.now and self.verified is None and self.error is None:
            _, _, exchange, happens = heappop(self._due)
            if exchange.number == 0 or exchange in self._under_way:
                self._take(happens())

    def _end(self, body: Body) -> None:
        if body.exchange in self._under_way and body.is_done:
            self._progress(body)
        server = self._under_way.pop(body.exchange, None) if body.is_done else None
        if server is not None:
            server.end(body.exchange, self.now, is_whole=True)
            self._take(m.BodyEnded(body.exchange))

    def _tell_progress(self) -> None:
        for server in self.servers:
            for body in server.flowing():
                if body.exchange in self._under_way:
                    self._progress(body)

    def _tell_counts(self) -> None:
        """Says once a second how many bodies each place sends, and how much in sum."""
        if int(self.now) > int(self.now - STEP_SECONDS):
            flowing = [list(server.flowing()) for server in self.servers]
            rates = [sum(body.rate for body in bodies) / 1e6 for bodies in flowing]
            places = zip(flowing, self.servers, rates, self._shares, strict=True)
            told = (
                f"{len(bodies)} of {len(server.bodies)} flow, {rate:.1f} MB/s, {share.prospects}, {share.granted}"
                for bodies, server, rate, share in places
            )
            self.trace(f"{self.now:8.3f}  == {'; '.join(told)}")

    def _progress(self, body: Body) -> None:
        span = body.untold()
        if not span:
            return
        number = body.server.number
        if body.compares:
            self._part.compare(number, span)
        else:
            self._part.write(number, span)
            self.filled[number] += len(span)
            self.last_fill_at[number] = self.now
        self._take(m.BodyStored(body.exchange, span))

    def _die(self, server: PlaceServer) -> m.Event:
        self.trace(f"{self.now:8.3f}  place {server.number} dies")
        for exchange in list(server.bodies):
            server.end(exchange, self.now, is_whole=False)
            self._under_way.pop(exchange, None)
            self._take(m.ExchangeFailed(exchange, Failure(FailureKind.LOST)))
        server.idle.clear()
        return m.Tick()

    def _schedule(self, moment: float, exchange: m.ExchangeId, happens: Callable[[], m.Event]) -> None:
        self._sequence += 1
        heappush(self._due, (moment, self._sequence, exchange, happens))

    # The machine ------------------------------------------------------------------------------------------

    def _take(self, event: m.Event) -> None:
        """Gives the machine an event, after what the part file has found out, and does what it wants."""
        compared, self._part.compared = self._part.compared, []
        self._events.extend((*compared, event))
        while self._events and not self._machine.is_over:
            happened = self._events.popleft()
            if isinstance(happened, m.HeadArrived | m.ExchangeFailed | m.BlockCompared):
                self.trace(f"{self.now:8.3f}      {happened}"[:160])
            for command in self._machine.receive(happened, self.now):
                self._do(command)
        self.peak = max(self.peak, len(self._under_way))
        for server in self.servers:
            self.peaks[server.number] = max(self.peaks[server.number], len(server.bodies))
        if self._verifies and len(self._part.recorded) == -(-self.pool.length // BLOCK):
            self._verifies = False
            self._take(m.Verified((WRONG if self._part.wrong else RIGHT,) if self.pool.has_digest else ()))

    def _do(self, command: m.Command) -> None:  # noqa: C901, PLR0912 - one branch for each command
        if not isinstance(command, m.AcceptBody | m.SetIdentity):
            self.trace(f"{self.now:8.3f}  -> {command}"[:200])
        match command:
            case m.StartExchange():
                self._start(command)
            case m.AcceptBody(exchange, start, stop, compare):
                assert stop is not None
                self._under_way[exchange].bodies[exchange].accept(start, stop, self.now, compares=compare)
            case m.NarrowBody(exchange, stop):
                self._narrow(exchange, stop)
            case m.CancelExchange(exchange):
                self._cancel(exchange)
            case m.OpenAhead(origin, count):
                self.servers[int(origin.host[5])].open_ahead(count, self.now)
            case m.ForgetBlocks(blocks):
                self._part.forget(blocks)
            case m.ProveBlocks(blocks):
                self._events.append(m.BlocksProved(blocks, SpanSet()))
            case m.Verify():
                self._verifies = True
            case m.Publish():
                self._events.append(m.Published())
            case m.Finish(verified):
                self.verified = verified
            case m.Fail(error):
                self.error = error
            case _:
                pass

    def _start(self, command: m.StartExchange) -> None:
        request, exchange = command.request, command.exchange
        server = self.servers[int(request.url.host[5])]
        self.requests[server.number] += 1
        reply = server.ask(exchange, request.span, self.now, fresh=request.fresh_connection)
        self._under_way[exchange] = server
        if reply.seconds == inf:
            return
        happens = partial(self._answer, exchange, reply.head)
        self._schedule(self.now + reply.seconds, exchange, happens)

    def _answer(self, exchange: m.ExchangeId, head: ResponseHead | None) -> m.Event:
        if head is None:
            self._under_way.pop(exchange, None)
            return m.ExchangeFailed(exchange, Failure(FailureKind.CONNECT))
        return m.HeadArrived(exchange, head)

    def _narrow(self, exchange: m.ExchangeId, stop: int) -> None:
        server = self._under_way.get(exchange)
        body = server.bodies.get(exchange) if server is not None else None
        if body is not None:
            body.stop, body.narrowed = min(body.stop, stop), True

    def _cancel(self, exchange: m.ExchangeId) -> None:
        server = self._under_way.pop(exchange, None)
        if server is not None:
            server.end(exchange, self.now, is_whole=False)

    # The rules --------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """What is said to be done is one representation, whole; with a digest the right one."""
        wrong, count = self._part.wrong, -(-self.pool.length // BLOCK)
        assert len(self._part.recorded) == count, "it is said to be done, and blocks are missing"
        if self.pool.has_digest:
            assert self.verified == "sha256"
            assert not wrong, f"wrong bytes in {len(wrong)} blocks were published"
            return
        versions = {number for entry in wrong.values() for number in entry}
        for number in versions:
            whole = {index: self._wrong_in(number, index) for index in range(count)}
            have = {index: entry.get(number, SpanSet()) for index, entry in wrong.items()}
            assert all(have.get(index, SpanSet()) == spans for index, spans in whole.items()), (
                f"bytes of place {number} were combined with others"
            )


# Measures -------------------------------------------------------------------------------------------------


def ideal_seconds(pool: SimulatedPool) -> float:
    """When the places that are right would have brought the file, each as fast as it does by itself."""
    curves = [alone(place, pool.maximum, pool.fixed) for place in pool.places if place.brings_right_bytes]
    for step in range(1, max(map(len, curves), default=0)):
        if sum(curve[min(step, len(curve) - 1)] for curve in curves) >= pool.length:
            return step * STEP_SECONDS
    return inf


@dataclass(frozen=True, slots=True)
class PoolMeasure:
    """How a pool did.

    Attributes:
        ratio: The time that the sum of all right places alone would need, as a part of the time that it took.
        seconds: What it took.
        lied: The bytes that liars brought to be stored.
        peak: The most exchanges under way together.
        error: What it failed with.
    """

    ratio: float
    seconds: float
    lied: int
    peak: int
    error: FetchError | None


def measured(pool: SimulatedPool, trace: Callable[[str], None] = silent) -> PoolMeasure:
    """Runs a pool."""
    run = PoolRun(pool, trace).run()
    lied = max((run.filled[number] for number, place in enumerate(pool.places) if place.fate is Fate.SPOILS), default=0)
    ratio = ideal_seconds(pool) / run.now if run.error is None else 0.0
    return PoolMeasure(ratio, run.now, lied, run.peak, run.error)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _sum_up(seeds: range, drawn: Callable[[int], SimulatedPool]) -> int:
    began, failures, ratios, lies = time.perf_counter(), 0, [], []
    for seed in seeds:
        try:
            found = measured(drawn(seed))
        except Exception as error:  # noqa: BLE001 - every failure is a finding
            failures += 1
            _tell(f"{seed}: {type(error).__name__}: {str(error)[:150]}")
            continue
        if found.ratio < inf:  # else no place has the right bytes
            ratios.append((found.ratio, seed))
        lies.append((found.lied, seed))
        if found.error is not None:
            _tell(f"{seed}: {found.error!r}")
    ratios.sort()
    lies.sort(reverse=True)
    count = len(ratios)
    mean = sum(ratio for ratio, _ in ratios) / max(1, count)
    if ratios:
        _tell(f"p1 {ratios[count // 100][0]:.3f}  p5 {ratios[count // 20][0]:.3f}  mean {mean:.3f}")
    _tell("worst: " + ", ".join(f"{seed}: {ratio:.2f}" for ratio, seed in ratios[:16]))
    _tell("most lies: " + ", ".join(f"{seed}: {lied / 2**20:.0f} MiB" for lied, seed in lies[:8]))
    _tell(f"{failures} of {len(seeds)} failed in {time.perf_counter() - began:.1f} s")
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 where a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.pool", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="run this one and tell all that happens")
    parser.add_argument("--seeds", metavar="FIRST:STOP", help="run all of these and sum up")
    parser.add_argument("--differing", action="store_true", help="without a digest, with other representations")
    options = parser.parse_args(arguments)
    drawn = differing if options.differing else SimulatedPool.drawn
    if options.seeds is not None:
        first, stop = map(int, options.seeds.split(":"))
        return 1 if _sum_up(range(first, stop), drawn) else 0
    pool = drawn(options.seed)
    for place in pool.places:
        _tell(f"{place}")
    run = PoolRun(pool, _tell).run()
    for number, place in enumerate(pool.places):
        line = place.line
        _tell(
            f"place {number}: {place.fate.name} until {place.ends_at:.1f} s, {line.capacity / 1e6:.1f} MB/s, "
            f"cap {line.cap / 1e6:.1f}, loss {(line.loss_rate or 0) / 1e6:.1f}, {line.round_trip * 1000:.0f} ms, "
            f"limit {line.limit} ({place.status}), collapse above {line.collapse_above}; "
            f"brought {run.filled[number] / 2**20:.0f} MiB by {run.requests[number]} requests, "
            f"{run.peaks[number]} at most, until {run.last_fill_at.get(number, 0.0):.2f} s; "
            f"alone {alone(place)[-1] / 2**20:.0f} MiB"
        )
    _tell(f"{run.now:.2f} s, ideally {ideal_seconds(pool):.2f}; {pool.length / 2**20:.0f} MiB; {run.error!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
