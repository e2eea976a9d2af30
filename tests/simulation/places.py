"""Places of one file, drawn at random: each a line, a server's manners, and a fate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from math import exp, log
from random import Random

from anymatix_fetcher.core.pace.controller import Pace
from tests.simulation.lines import NEVER, STEP_SECONDS, Line, Transfer

MIB = 1 << 20
SHORTEST_FILE = 48 * MIB
LONGEST_FILE = 20_000 * MIB
TELLING_SECONDS = 8.0
LONGEST_SECONDS = 60.0
"""What a place brings by itself is looked at for so long."""


class Fate(Enum):
    """What becomes of a place."""

    SOUND = auto()
    DIES = auto()
    """At some moment it resets every connection, and accepts none any more."""
    FALLS_SILENT = auto()
    """At some moment it sends nothing any more."""
    REFUSES = auto()
    """It answers every request with a status."""
    SPOILS = auto()
    """One block in so many has a wrong byte, always the same one."""
    DIFFERS = auto()
    """It has another representation: other bytes from some block on, or another length."""


@dataclass(frozen=True, slots=True)
class SimulatedPlace:
    """One place.

    Args:
        line: The way to it, and how many connections it bears.
        fate: What becomes of it.
        ends_at: When it dies or falls silent, in seconds.
        status: What it answers where it refuses: every request, or those above the line's limit.
        retry_after: The seconds that such an answer asks to wait; ``None`` where it doesn't say.
        spoils_one_in: So many blocks, and one of them is wrong.
        differs_from: The first byte that differs, where it has another representation.
        longer_by: So many bytes more than the file has.
    """

    line: Line
    fate: Fate = Fate.SOUND
    ends_at: float = NEVER
    status: int = 429
    retry_after: int | None = None
    spoils_one_in: int = 0
    differs_from: int | None = None
    longer_by: int = 0

    @property
    def brings_right_bytes(self) -> bool:
        """Whether the file can be had from it, as far as it brings anything."""
        return self.fate not in {Fate.REFUSES, Fate.SPOILS, Fate.DIFFERS}

    def spoils(self, block: int, number: int) -> bool:
        """Whether its ``block`` is wrong; ``number`` is the place's own, so that two don't spoil the same ones."""
        return (
            self.spoils_one_in > 0 and (block * 2_654_435_761 + number * 40_503 + 7) % 65_537 % self.spoils_one_in == 0
        )

    def alive(self, now: float) -> bool:
        """Whether it still brings bytes."""
        return now < self.ends_at


@dataclass(frozen=True, slots=True)
class SimulatedPool:
    """Several places of one file, and what is known of it.

    Args:
        places: The first one is the one that was named.
        length: Bytes of the file.
        has_digest: Whether its digest is known.
        maximum: How many connections the user allows.
        fixed: The one number of connections for the user that wants it so.
        seed: Decides all the rest.
    """

    places: tuple[SimulatedPlace, ...]
    length: int
    has_digest: bool = True
    maximum: int = 32
    fixed: int | None = None
    seed: int = 0

    @classmethod
    def drawn(cls, seed: int) -> SimulatedPool:
        """Two or three places of which everything is drawn at random, the same for the same seed."""
        random = Random(f"places {seed}")
        count = random.choice((2, 2, 3))
        seconds = random.uniform(6, 20)
        base = exp(random.uniform(log(2e7), log(4e8)))
        places = [_drawn_place(random, base, seconds) for _ in range(count)]
        if not any(place.fate is Fate.SOUND for place in places):
            keeper = random.randrange(count)
            places[keeper] = SimulatedPlace(places[keeper].line)
        curves = [alone(place) for place in places if place.brings_right_bytes]
        carried = sum(curve[min(int(seconds / STEP_SECONDS), len(curve) - 1)] for curve in curves)
        return cls(tuple(places), int(min(max(carried, SHORTEST_FILE), LONGEST_FILE)), seed=seed)


def alone(place: SimulatedPlace, maximum: int = 32, fixed: int | None = None) -> list[float]:
    """What the place brings by itself, in bytes, up to the end of each step of virtual time."""
    transfer, totals = Transfer(place.line, Pace(maximum, fixed=fixed)), [0.0]
    stop = 0.0 if place.fate is Fate.REFUSES else min(LONGEST_SECONDS, place.ends_at)
    while transfer.now < stop:
        transfer.step()
        totals.append(transfer.total)
    return totals


def _drawn_place(random: Random, base: float, seconds: float) -> SimulatedPlace:
    """A place that brings at most ``base`` bytes a second, and a tenth of that at least, unless it is worse."""
    line = Line.drawn(random.randrange(1 << 30))
    scale = base * exp(random.uniform(log(0.1), 0.0)) / line.capacity
    line = replace(
        line,
        capacity=line.capacity * scale,
        cap=line.cap if line.cap > line.capacity else line.cap * scale,
        loss_rate=None if line.loss_rate is None else line.loss_rate * scale,
        burst=random.uniform(0, 1),  # a connection that is opened anew again and again must not bring more for that
    )
    fate = random.choices(list(Fate), (10, 2, 2, 2, 2, 0))[0]
    place = SimulatedPlace(
        line, fate, status=random.choice((429, 503, 403)), retry_after=random.choice((None, None, 1, 5))
    )
    match fate:
        case Fate.DIES | Fate.FALLS_SILENT:
            return replace(place, ends_at=random.uniform(0.1, 0.7) * seconds)
        case Fate.REFUSES:
            return replace(place, status=random.choice((403, 404, 429, 503)))
        case Fate.SPOILS:
            return replace(place, spoils_one_in=random.choice((1, 5, 20)))
        case _:
            return place


def differing(seed: int) -> SimulatedPool:
    """Places without a digest, some of which have another representation."""
    random = Random(f"differing {seed}")
    pool = SimulatedPool.drawn(seed)
    places = [pool.places[0], *(_differing(random, place, pool.length) for place in pool.places[1:])]
    if random.random() < 1 / 2:  # the first one can't go on, so that others have to take its part
        fate = random.choice((Fate.DIES, Fate.FALLS_SILENT))
        places[0] = replace(places[0], fate=fate, ends_at=random.uniform(0.1, TELLING_SECONDS), spoils_one_in=0)
    return replace(pool, places=tuple(places), has_digest=False)


def _differing(random: Random, place: SimulatedPlace, length: int) -> SimulatedPlace:
    if random.random() < 1 / 3:
        return place
    differs_from = random.choice((0, random.randrange(length), length))
    longer_by = random.choice((0, 0, 1, MIB)) if differs_from < length else random.choice((1, MIB))
    return replace(
        place, fate=Fate.DIFFERS, spoils_one_in=0, ends_at=NEVER, differs_from=differs_from, longer_by=longer_by
    )
