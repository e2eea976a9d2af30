"""A scenario: everything that a seed decides before the first request goes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from hashlib import sha256
from pathlib import Path
from random import Random

from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.testing import generate
from tests.simulation.faults import UNSTATED, Fault
from tests.simulation.servers import Ending, Host, IfRange, Ranges, Tag
from tests.simulation.world import BLOCK, World

FOLDER = Path("/simulated/models")
SMALLEST_MODEL = 256
"""Bytes of the header that the contents get."""


class Death(Enum):
    """How a life ends, unless it comes to its result before."""

    NONE = auto()
    KILLED = auto()
    POWER_CUT = auto()
    CANCELLED = auto()


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with this download alone, on this machine; the one beside it mustn't notice.

    Args:
        keeps_names: Whether none of its files can be removed or renamed, as in a folder that only takes new ones.
        keeps_litter: Whether none of them can be removed, though they can be renamed.
        closes_badly: Whether closing its part file and its journal tells of an error, as network shares do.
        syncs_folders_badly: Whether the names in its folder can't be written to the disk for certain.
        reads_badly: Whether what is at the destination can't be read.
        sink_breaks_after: After how many pieces its sink raises what only a bug can raise.
    """

    keeps_names: bool = False
    keeps_litter: bool = False
    closes_badly: bool = False
    syncs_folders_badly: bool = False
    reads_badly: bool = False
    sink_breaks_after: int | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything goes wrong at all."""
        return self != Trouble()


@dataclass(frozen=True)
class Meanwhile:
    """What others do while a process runs.

    Args:
        restarts: Whether the servers start anew when they get new content, so that every connection is lost.
        cuts_after_seconds: When somebody cuts the part file; ``None`` for never.
        cuts_to: To which part of its size.
    """

    restarts: bool = False
    cuts_after_seconds: float | None = None
    cuts_to: float = 0.0


@dataclass(frozen=True)
class Life:
    """One process.

    Args:
        death: How it ends.
        after_seconds: When, by the clock; ``None`` for after so many operations on the disk.
        after_operations: When, by what the disk has done.
        changes_content: Whether the server gets new content meanwhile, ``change_after_seconds`` from its start.
        change_after_seconds: As above.
        fills_disk_after: How many operations the disk takes before it is full.
        fails_sync_after: After how many operations a sync fails.
        rots: Whether a bit of the part file has flipped before it starts.
        trouble: What else goes wrong on this machine.
        meanwhile: What others do.
    """

    death: Death
    after_seconds: float | None
    after_operations: int
    changes_content: bool
    change_after_seconds: float
    fills_disk_after: int | None
    fails_sync_after: int | None
    rots: bool
    trouble: Trouble
    meanwhile: Meanwhile = Meanwhile()

    @property
    def hurts_disk(self) -> bool:
        """Whether what was written may be gone or damaged afterwards."""
        is_cut = self.meanwhile.cuts_after_seconds is not None
        return self.death is Death.POWER_CUT or self.rots or is_cut or self.fails_sync_after is not None


@dataclass(frozen=True)
class Scenario:
    """What is downloaded, from whom, how, and what happens meanwhile; ``as_is`` where no content can be a model.

    With a neighbour, another download is beside this one in the first life's session, from a server that is sound.
    """

    world: World
    lives: tuple[Life, ...]
    digest: str | None
    digest_is_right: bool
    named_output: bool
    connections: int | None
    max_connections: int
    engine: Engine
    as_is: bool
    has_neighbour: bool
    states_length: bool


def draw(seed: int) -> Scenario:
    """The scenario of a seed: as it was before there were other places, or servers and people that interfere."""
    drawn = _draw(seed)
    random = Random(f"who interferes with {seed}")
    what = random.random()
    if what < 0.01:
        return _with_other_places(random, drawn)
    if what < 0.14:
        return _with_restarts(random, drawn)
    if what < 0.34:
        return _without_lengths(random, drawn)
    if what < 0.44:
        return replace(drawn, lives=tuple(replace(life, meanwhile=_draw_cut(random)) for life in drawn.lives))
    return drawn


def _with_other_places(random: Random, drawn: Scenario) -> Scenario:
    """A file that is large enough for other places to be asked; what they have may differ from some place on."""
    content = _draw_content(random, random.randint(18 << 20, 20 << 20))
    differs_at = random.choice((len(content), random.randrange(len(content)), random.randrange(2 << 20)))
    other = content[:differs_at] + random.randbytes(len(content) - differs_at)
    host = replace(drawn.world.hosts[0], tag=Tag.NONE, modified=False, states_digest=False, ranges=Ranges.SERVED)
    host = replace(host, limit=100, rate=1e6, latency=0.05)
    world = replace(drawn.world, contents=[content], elsewhere=[other], hosts=[host], hops=0, lifetime=None)
    world = replace(world, fault_rate=0.0, ending=Ending.NONE)
    digest = None if random.random() < 0.7 else sha256(content).hexdigest()
    connections = random.choice((2, 4))
    drawn = replace(drawn, world=world, digest=digest, digest_is_right=True, connections=connections)
    return replace(drawn, lives=(), engine=Engine.AUTO, as_is=False, states_length=False)


def _with_restarts(random: Random, drawn: Scenario) -> Scenario:
    """Servers without validators that get new content of the same length, and lose every connection over that."""
    length = random.randint(1, 40 * BLOCK)
    seconds = length / max(host.rate for host in drawn.world.hosts)
    contents = [_draw_content(random, length) for _ in range(2)]
    tags = (Tag.NONE, Tag.NONE, Tag.WEAK, Tag.STRONG)
    hosts = [replace(host, tag=random.choice(tags), modified=False) for host in drawn.world.hosts]
    world = replace(drawn.world, contents=contents, hosts=hosts, ending=Ending.NONE)
    lives = tuple(
        replace(
            life,
            changes_content=True,
            change_after_seconds=random.uniform(0.0, 1.0 + seconds),
            death=random.choice((Death.NONE, life.death)),
            meanwhile=Meanwhile(restarts=True),
        )
        for life in drawn.lives
    )
    digest = None if random.random() < 0.7 else sha256(contents[0]).hexdigest()
    drawn = replace(drawn, world=world, lives=lives, digest=digest, digest_is_right=True)
    return replace(drawn, as_is=length < SMALLEST_MODEL, states_length=False)


def _without_lengths(random: Random, drawn: Scenario) -> Scenario:
    """Some answers state no length, and end too early or too late; mostly of servers without ranges."""
    faults = [Fault.CUT_UNSTATED, Fault.LONG_UNSTATED, Fault.LONG_UNSTATED, Fault.BROKEN_BODY]
    hosts = [
        replace(host, ranges=random.choice((host.ranges, Ranges.IGNORED, Ranges.IGNORED))) for host in drawn.world.hosts
    ]
    content = _draw_content(random, random.choice((0, 1, random.randint(1, 40 * BLOCK), random.randint(1, 40 * BLOCK))))
    world = replace(drawn.world, contents=[content], hosts=hosts, faults=faults, ending=Ending.NONE)
    world = replace(world, fault_rate=random.choice((0.2, 0.5)))
    lives = tuple(replace(life, changes_content=False) for life in drawn.lives)
    digest = None if random.random() < 0.7 else sha256(content).hexdigest()
    drawn = replace(drawn, world=world, lives=lives, digest=digest, digest_is_right=True, as_is=True)
    return replace(drawn, states_length=random.random() < 0.5)


def _draw_cut(random: Random) -> Meanwhile:
    return Meanwhile(cuts_after_seconds=10 ** random.uniform(-1.0, 1.0), cuts_to=random.choice((0.0, random.random())))


def _draw(seed: int) -> Scenario:
    random = Random(seed)
    world = _draw_world(random)
    kind = random.choices(("none", "right", "wrong"), (5, 4, 1))[0]
    digest = {
        "none": None,
        "right": sha256(world.contents[0]).hexdigest(),
        "wrong": sha256(b"something else").hexdigest(),
    }[kind]
    own = Random(f"what goes wrong with {seed}")  # apart, so that a seed's story stays what it was without it
    as_is = any(len(content) < SMALLEST_MODEL for content in world.contents)
    if as_is:  # then a login page is as good as anything
        world.faults = [fault for fault in world.faults if fault is not Fault.LOGIN_PAGE] or [Fault.SERVER_ERROR]
        world.ending = Ending.MISSING if world.ending is Ending.LOGIN_PAGE else world.ending
    lives = tuple(_draw_life(random, world, own) for _ in range(random.choice((0, 1, 1, 2, 3, 4))))
    return Scenario(
        world=world,
        lives=lives,
        digest=digest,
        digest_is_right=kind != "wrong",
        named_output=random.random() < 0.5,
        connections=random.choice((None, None, 1, 2, 4)),
        max_connections=random.choice((1, 4, 8)),
        engine=Engine.SINGLE if random.random() < 0.1 else Engine.AUTO,
        as_is=as_is,
        has_neighbour=own.random() < 0.3,
        states_length=False,
    )


def _draw_length(random: Random) -> int:
    return random.choice(
        (
            *(0, 1, BLOCK - 1, BLOCK, BLOCK + 1),
            random.randint(2, 3 * BLOCK),
            *(random.randint(BLOCK, 40 * BLOCK) for _ in range(4)),
            *(random.randint(1, 40) * BLOCK for _ in range(2)),
        )
    )


def _draw_content(random: Random, length: int) -> bytes:
    """A safetensors file of random weights; random bytes where there is no room for a header."""
    header = generate(0, "model.safetensors", length).prefix
    return header + random.randbytes(length)[len(header) :]


def _draw_world(random: Random) -> World:
    length = _draw_length(random)
    contents = [_draw_content(random, length)]
    if random.random() < 0.25:
        contents.append(_draw_content(random, length if random.random() < 0.5 else _draw_length(random)))
    redirects = random.random() < 0.6
    faults = random.sample([fault for fault in Fault if fault not in UNSTATED], random.randint(1, 4))
    ending = random.choice([ending for ending in Ending if ending is not Ending.NONE])
    slowest = max(len(content) for content in contents) / 60.0
    return World(
        random=Random(random.random()),
        contents=contents,
        hosts=[_draw_host(random, number, slowest) for number in range(random.randint(1, 2) if redirects else 1)],
        hops=random.choice((1, 1, 1, 3)) if redirects else 0,
        lifetime=random.uniform(3.0, 60.0) if random.random() < 0.5 else None,
        moves=random.random() < 0.5,
        faults=faults,
        fault_rate=random.choice((0.0, 0.05, 0.2, 0.5)),
        faults_until=random.choice((5.0, 30.0, 200.0)),
        ending=ending if random.random() < 0.03 and all(contents) else Ending.NONE,
        cut_at=random.random(),
    )


def _draw_host(random: Random, number: int, slowest: float) -> Host:
    often = random.random() < 0.6
    return Host(
        name=f"host{number}",
        latency=random.choice((0.005, 0.05, 0.3)),
        rate=max(slowest, 4096.0, 10 ** random.uniform(4.0, 6.5)),
        tag=Tag.STRONG if often else random.choice(list(Tag)),
        modified=random.random() < 0.5,
        ranges=Ranges.SERVED if random.random() < 0.7 else random.choice(list(Ranges)),
        if_range=IfRange.HONOURED if random.random() < 0.6 else random.choice(list(IfRange)),
        limit=random.choice((1, 2, 4, 100, 100)),
        limit_answer=random.choice(
            (Fault.THROTTLED, Fault.NOT_CONNECTED, Fault.RESET_BEFORE_HEAD, Fault.FORBIDDEN, Fault.SILENT)
        ),
        states_digest=random.random() < 0.1,
    )


def _draw_life(random: Random, world: World, own: Random) -> Life:
    changes = len(world.contents) > 1 and random.random() < 0.5
    return Life(
        death=random.choice(
            (Death.NONE, Death.KILLED, Death.KILLED, Death.POWER_CUT, Death.POWER_CUT, Death.CANCELLED)
        ),
        after_seconds=10 ** random.uniform(-1.5, 1.5) if random.random() < 0.5 else None,
        after_operations=random.choice((random.randint(1, 12), random.randint(1, 120))),
        changes_content=changes,
        change_after_seconds=0.0 if random.random() < 0.5 else 10 ** random.uniform(-1.5, 1.0),
        fills_disk_after=random.randint(0, 60) if random.random() < 0.1 else None,
        fails_sync_after=random.randint(0, 20) if random.random() < 0.05 else None,
        rots=random.random() < 0.1,
        trouble=_draw_trouble(own, world),
    )


def _draw_trouble(random: Random, world: World) -> Trouble:
    is_hopeless = world.ending is not Ending.NONE  # what fails before anything came is cleaned up
    return Trouble(
        keeps_names=random.random() < (0.5 if is_hopeless else 0.08),
        keeps_litter=random.random() < 0.08,
        closes_badly=random.random() < 0.08,
        syncs_folders_badly=random.random() < 0.05,
        reads_badly=random.random() < 0.2,
        sink_breaks_after=random.randint(0, 20) if random.random() < 0.05 else None,
    )
