"""Lines on which a controller can be tried in virtual time: a path, a server's manners, and weather.

What is modelled, for it is what a count of connections depends on:

* a round trip; a new connection's handshakes; its slow start from ten packets, doubling each round trip (RFC 6928);
* a cap for each connection, and one for the sum;
* loss: a connection's window bursts and then decays towards what loss allows it, ``(1 + burst / seconds ** 1.5)`` of
  the last, which fits what was measured with cubic at 100 ms and 0.05 % loss within a fifth;
* servers that punish: the sum collapses above a count; each further connection costs part of the sum; extra
  connections are refused or reset, some time after they were begun and while others are still opening;
* noise that is correlated in time, and weather: the line itself halves for ten seconds, or others leave it.

Connections that were opened together behave alike, so they are counted, not kept one by one: that makes a thousand
lines cheap. What isn't modelled is a connection's share of the sum: the controller sees the sum only.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, exp2, inf, log, sqrt
from random import Random
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS, PaceSettings

if TYPE_CHECKING:
    from collections.abc import Callable

INITIAL_WINDOW = 14_600
FIXED_COUNTS = (1, 4, 8, 16, 32)
STEP_SECONDS = 0.05
NOISE_SECONDS = 0.1
"""How long one value of the noise lasts."""
NOISE_MEMORY = exp(-NOISE_SECONDS / 0.5)
"""What each value keeps of the one before: half a second later two thirds are forgotten."""
REPEATED_SHARE = 0.2
"""In so many of these times all that waited behind lost packets comes."""
RETRY_SECONDS = 1.0
"""After a refusal nobody is asked for so long."""
NEVER = 1e9


@dataclass(frozen=True, slots=True)
class Weather:
    """The line's own changes: its capacity is multiplied by ``factor`` between two moments, in seconds."""

    start: float
    stop: float
    factor: float


@dataclass(frozen=True, slots=True)
class Line:
    """A path and the server at its end. Rates are in bytes a second.

    Args:
        round_trip: Seconds.
        capacity: What all connections together get.
        seconds: How long a file lasts with the best of the fixed counts.
        handshakes: Round trips from the beginning of a connection to its first byte.
        cap: What one connection gets at most.
        collapse_above: More connections than this get ``collapse_share`` of the capacity together.
        starvation: The part of the capacity that each further connection costs.
        loss_rate: What loss leaves one connection in the long run.
        burst: How many times that it has more after its first second.
        limit: How many connections the server lets in.
        refusal_round_trips: When those above the limit learn of it.
        lingering: For how many seconds a server with a limit still counts a connection that was dropped.
        noise: The standard deviation of the noise.
        held: The part of what arrives that waits behind a lost packet, until that has been repeated.
        weather: What the line does by itself.
        seed: Of the noise.
    """

    round_trip: float
    capacity: float
    seconds: float
    handshakes: int = 2
    cap: float = NEVER * NEVER
    collapse_above: int = 1 << 30
    collapse_share: float = 0.1
    starvation: float = 0.0
    loss_rate: float | None = None
    burst: float = 9.0
    limit: int = 1 << 30
    refusal_round_trips: int = 1
    lingering: float = 0.0
    noise: float = 0.0
    held: float = 0.0
    weather: tuple[Weather, ...] = ()
    seed: int = 0

    @classmethod
    def drawn(cls, seed: int) -> Line:
        """A line of which everything is drawn at random, the same for the same seed."""
        random = Random(seed)
        seconds = random.uniform(6, 10) if random.random() < 1 / 5 else random.uniform(10, 40)
        capacity = _spread(random, 2e6, 1e9)
        round_trip = _spread(random, 0.001, 0.2)
        return cls(
            round_trip=round_trip,
            capacity=capacity,
            seconds=seconds,
            handshakes=random.choice((2, 3)),
            cap=random.choice((NEVER * NEVER, capacity / _spread(random, 1, 50))),
            collapse_above=random.randint(1, 24) if random.random() < 0.2 else 1 << 30,
            collapse_share=random.uniform(0.05, 0.5),
            starvation=random.choice((0.0, 0.0, 0.0, random.uniform(0.01, 0.1))),
            loss_rate=capacity / _spread(random, 1, 60) if random.random() < 0.25 else None,
            burst=random.uniform(3, 10),
            limit=random.randint(1, 16) if random.random() < 0.2 else 1 << 30,
            refusal_round_trips=random.choice((1, 2, 4)),
            noise=random.choice((0.0, 0.03, 0.1, 0.2)),
            weather=_some_weather(random, seconds) if random.random() < 0.4 else (),
            seed=seed,
            lingering=random.choice((0.0, 0.0, 0.5, 1.0)),
        )

    def one(self, age: float) -> float:
        """What a connection could bring at an age, in seconds since its first byte."""
        rate = min(self.cap, INITIAL_WINDOW / self.round_trip * exp2(min(age / self.round_trip, 40.0)))
        if self.loss_rate is not None:
            seconds = age + 0.05
            rate = min(rate, self.loss_rate * (1 + self.burst / (seconds * sqrt(seconds))))
        return rate

    def shared(self, connections: int, now: float) -> float:
        """What so many connections get together at most."""
        rate = self.capacity * max(0.05, 1 - self.starvation * (connections - 1))
        if connections > self.collapse_above:
            rate *= self.collapse_share
        for change in self.weather:
            if change.start <= now < change.stop:
                rate *= change.factor
        return rate

    def noises(self, seconds: float) -> list[float]:
        """What the sum is multiplied by in each tenth of a second."""
        random, value, values = Random(self.seed), 0.0, []
        fresh = self.noise * (1 - NOISE_MEMORY**2) ** 0.5
        for _ in range(int(seconds / NOISE_SECONDS) + 2):
            value = value * NOISE_MEMORY + random.gauss(0, fresh)
            values.append(min(1.5, max(0.3, 1 + value)))
        return self._in_bursts(values) if self.held else values

    def _in_bursts(self, values: list[float]) -> list[float]:
        random, waiting, bursts = Random(self.seed), 0.0, []
        for value in values:
            waiting += value
            bursts.append(waiting if random.random() < REPEATED_SHARE else (1 - self.held) * value)
            waiting -= bursts[-1]
        return bursts


def _spread(random: Random, low: float, high: float) -> float:
    """A number whose logarithm is evenly distributed: rates and delays are."""
    return exp(random.uniform(log(low), log(high)))


def _some_weather(random: Random, seconds: float) -> tuple[Weather, ...]:
    """Ten seconds of it in mid-transfer, in files that last long enough to have a middle."""
    if seconds < 15:
        return ()
    start = random.uniform(1, seconds - 12)
    return (Weather(start, start + 10, random.choice((0.5, 0.5, 0.3, 2.0))),)


@dataclass(slots=True)
class _Batch:
    """Connections that were begun together."""

    count: int
    flows_at: float
    refused_at: float = NEVER
    answer_seconds: float = 0.0
    """How long the answers took, until the pace has been told."""


class Transfer:
    """A file's way over a line: what the machine does with the pace's count, in steps of virtual time."""

    def __init__(self, line: Line, pace: Pace, size: float = inf) -> None:
        self.now = 0.0
        self.size = size
        self.total = 0.0
        self.refusals = 0
        self.peak = 1
        self._line = line
        self._pace = pace
        self._noises = line.noises(4 * line.seconds)
        self._batches = [_Batch(1, first := line.handshakes * line.round_trip, answer_seconds=first)]
        self._ahead = self._foreseen = 0
        self._ahead_at = NEVER
        self._reused = False
        self._lingering: list[tuple[float, int]] = []
        self._not_before = 0.0

    @property
    def flowing(self) -> int:
        """How many bodies are under way."""
        return sum(batch.count for batch in self._batches if batch.flows_at <= self.now)

    def step(self) -> None:
        """Goes on by one step."""
        self.now += STEP_SECONDS
        line, now, flowing, could = self._line, self.now, 0, 0.0
        for batch in self._batches:
            if batch.flows_at <= now:
                flowing += batch.count
                could += batch.count * line.one(now - batch.flows_at)
        noise = self._noises[min(int(now / NOISE_SECONDS), len(self._noises) - 1)]
        self.total += min(could, line.shared(flowing, now)) * noise * STEP_SECONDS if flowing else 0.0
        self.peak = max(self.peak, flowing)
        self._tell_answers()
        self._refuse()
        if flowing:
            self._pace.observe(int(self.total), flowing, now, rest=self.size - self.total)
            self._adjust(self._pace.connections)
            self._look_ahead()

    def _tell_answers(self) -> None:
        for batch in self._batches:
            if batch.answer_seconds and batch.flows_at <= self.now:
                self._pace.answered(batch.answer_seconds)
                batch.answer_seconds = 0.0
        if not self._reused and self.now > 4:
            self._reused = True  # the first segments are done, and further ones need no handshake
            self._pace.answered(self._line.round_trip)

    def _refuse(self) -> None:
        for batch in [batch for batch in self._batches if batch.refused_at <= self.now]:
            for _ in range(batch.count):
                batch.count -= 1
                self.refusals += 1
                self._not_before = self.now + RETRY_SECONDS
                self._pace.refused(sum(other.count for other in self._batches), self.now)
            self._batches.remove(batch)

    def _adjust(self, wanted: int) -> None:
        surplus = sum(batch.count for batch in self._batches) - wanted
        while surplus > 0:
            youngest = self._batches[-1]
            dropped = min(surplus, youngest.count)
            youngest.count -= dropped
            if self._line.lingering and youngest.refused_at == NEVER:
                self._lingering.append((self.now + self._line.lingering, dropped))
            surplus -= dropped
            if not youngest.count:
                self._batches.pop()
        if surplus < 0 and self.now >= self._not_before:
            self._open(-surplus)

    def _look_ahead(self) -> None:
        """Those of the climb's next step shake hands while this one is under way."""
        foreseen = self._pace.foreseen(self.now)
        if foreseen > max(self._foreseen, self._pace.connections):
            self._foreseen = foreseen
            self._ahead, self._ahead_at = foreseen - self._pace.connections, self.now + self._line.round_trip

    def _open(self, count: int) -> None:
        line = self._line
        let_in = sum(batch.count for batch in self._batches if batch.refused_at == NEVER)
        let_in += sum(dropped for until, dropped in self._lingering if until > self.now)
        welcome = min(count, max(0, line.limit - let_in))
        ahead = min(welcome, self._ahead) if self._ahead_at <= self.now else 0
        self._ahead -= ahead
        for several, handshakes in ((ahead, line.handshakes - 1), (welcome - ahead, line.handshakes)):
            seconds = handshakes * line.round_trip
            if several:
                self._batches.append(_Batch(several, self.now + seconds, answer_seconds=seconds))
        if count > welcome:
            refused_at = self.now + line.refusal_round_trips * line.round_trip
            self._batches.append(_Batch(count - welcome, NEVER, refused_at))


def finished(line: Line, pace: Pace, size: float, watch: Callable[[Transfer], None] | None = None) -> Transfer:
    """The transfer of ``size`` bytes, at its end, or given up after many times what it should last."""
    transfer = Transfer(line, pace, size)
    while transfer.total < size and transfer.now < 20 * line.seconds:
        transfer.step()
        if watch is not None:
            watch(transfer)
    return transfer


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a free pace did against the best of the fixed counts. ``ratio`` is 1 where it took as long."""

    ratio: float
    best_count: int
    size: float
    refusals: int
    peak: int


def compared(line: Line, maximum: int = 32, settings: PaceSettings = DEFAULT_SETTINGS) -> Comparison:
    """The free pace against the fixed counts: the file is what the best of them fetches in the line's seconds."""
    by_count = {count: steady(line, count) for count in FIXED_COUNTS}
    best = max(by_count, key=by_count.__getitem__)
    size = by_count[best]
    transfer = finished(line, Pace(maximum, settings=settings), size)
    return Comparison(line.seconds / transfer.now, best, size, transfer.refusals, transfer.peak)


def steady(line: Line, count: int) -> float:
    """The bytes that a fixed count brings in the line's seconds: the same steps, with nothing left to decide."""
    first = line.handshakes * line.round_trip
    others = 2 * first + STEP_SECONDS  # they begin when the first head has shown that the server does ranges
    extra = min(count, line.limit) - 1
    noises, total, now = line.noises(line.seconds), 0.0, 0.0
    while now < line.seconds:
        now += STEP_SECONDS
        flowing = (now >= first) + extra * (now >= others)
        if flowing:
            could = line.one(now - first) + (extra * line.one(now - others) if now >= others else 0.0)
            total += min(could, line.shared(flowing, now)) * noises[int(now / NOISE_SECONDS)] * STEP_SECONDS
    return total
