"""One simulated download: the real machine, driver, session and storage through all the lives that a seed draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.judge import judge
from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.machine.segments import Sizes
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.journal import MAGIC, decode
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import Job, Status
from anymatix_fetcher.engine.ports import Ports
from anymatix_fetcher.engine.session import Session
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DestinationExistsError,
    DigestMismatchError,
    DownloadCancelled,
    FetchError,
    InternalError,
    NotAModelError,
    NotFoundError,
    RepresentationChangedError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.storage.store import Store
from tests.simulation.breakage import DESTINATION, JOURNAL, PART, Lock, breaking_store, excuses, fault
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import PowerGone, SimulatedDisk
from tests.simulation.oracle import MISLEADING, Oracle, WatchedDownload
from tests.simulation.scenario import FOLDER, Death, draw
from tests.simulation.servers import Ending, IfRange, Ranges, Tag
from tests.simulation.transport import SimulatedTransport
from tests.simulation.workers import SimulatedWorkers
from tests.simulation.world import BLOCK, NEIGHBOUR, PATH, REFERENCE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.machine.heads import Judge
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.spans import SpanSet
    from anymatix_fetcher.engine.facts import Result
    from anymatix_fetcher.engine.ticket import Ticket
    from anymatix_fetcher.sources.base import Resolving
    from tests.simulation.scenario import Life, Scenario

OTHER = FOLDER / "other.bin"
LONGEST_LIFE_SECONDS = 3600.0
STEP_SECONDS = 1.0
CALM_LIVES = 4
SIZES = Sizes(
    first_segment=8 * BLOCK,
    smallest_segment=4 * BLOCK,
    window=256 * BLOCK,
    least_even_segment=2 * BLOCK,
    smallest_theft=BLOCK // 2,
)
"""In proportion to the block, as in production."""

ENDINGS: dict[Ending, type[FetchError]] = {
    Ending.MISSING: NotFoundError,
    Ending.DENIED: AccessDeniedError,
    Ending.LOGIN_PAGE: NotAModelError,
    Ending.REDIRECT_LOOP: UnexpectedAnswerError,
    Ending.DOWNGRADE: UnexpectedAnswerError,
    Ending.CUT_SHORT: RetriesExhaustedError,
}


def silent(_line: str) -> None:
    """Says nothing."""


@dataclass
class Simulation:
    """The download of one seed.

    Args:
        seed: Decides everything.
        trace: Takes a line about each thing that happens.
        judge: The judge of heads; a wrong one must be caught.
        open_store: How storage is opened; a wrong one must be caught.
    """

    seed: int
    trace: Callable[[str], None] = silent
    judge: Judge = judge
    open_store: Callable[..., Store] = Store.open
    clock: VirtualClock = field(default_factory=VirtualClock)
    results: list[Result] = field(default_factory=list)
    locks: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scenario: Scenario = draw(self.seed)
        self.random = Random(self.seed + 1)
        self.world = self.scenario.world
        self.oracle = Oracle(self.world, self.clock, DESTINATION, self.trace)
        self.disk = SimulatedDisk(self.oracle.written)
        self.oracle.disk = self.disk
        self.oracle.has_digest = self.scenario.digest is not None or any(
            host.states_digest for host in self.world.hosts
        )
        self.machine: WatchedDownload | None = None
        self.transport: SimulatedTransport | None = None
        self.has_cut = False

    def run(self) -> None:
        """All lives, then calm ones until it is done.

        Raises:
            AssertionError: A rule is broken.
        """
        for life in self.scenario.lives:
            self._live(life)
            if self.results and self.results[-1].error is None and life.death is Death.NONE:
                break
        self._end_well()

    # One life ---------------------------------------------------------------------------------------------

    def _live(self, life: Life | None, *, overwrite: bool = False) -> Result | None:
        self.trace(f"{self.clock.now:9.3f}  a life begins: {life or 'calm'}")
        self.oracle.begin_life()
        self.has_cut = False
        self.world.started_at = self.clock.now
        self.disk.mend()
        self.locks.clear()
        was_there = self.disk.content(DESTINATION) is not None
        if life is not None:
            self._prepare(life)
        session, ticket = self._open(life, overwrite=overwrite)
        neighbour = self._beside(session, life)
        try:
            self._step(session, ticket, neighbour, life)
        except PowerGone:
            self.trace(f"{self.clock.now:9.3f}  the process is gone")
        if ticket.result is None and not self.has_cut:
            self.oracle.check_loss(self._recorded())
        if life is not None and ticket.result is None and life.death is Death.POWER_CUT:
            self.disk.power_cut(self.random)
        self.oracle.check_disk(self.disk)
        result = ticket.result
        if result is not None:
            self._check(result, life, was_there=was_there)
        if result is not None and (neighbour is None or neighbour.is_over):
            self.oracle.check_let_go(self.disk, self.locks)
        if neighbour is not None and life is not None and self._is_sound(life):
            self.oracle.check_neighbour(neighbour.result, self.disk, OTHER)
        return result

    @staticmethod
    def _is_sound(life: Life) -> bool:
        """Whether nothing happens in it that concerns the other download as well."""
        shared = life.fills_disk_after is not None or life.fails_sync_after is not None
        return life.death is Death.NONE and not shared

    def _check(self, result: Result, life: Life | None, *, was_there: bool) -> None:
        self.trace(f"{self.clock.now:9.3f}  {result.status.name} {result.error!r} {result.bytes_resumed} resumed")
        self.results.append(result)
        if isinstance(result.error, InternalError) and isinstance(result.error.__cause__, AssertionError):
            raise result.error.__cause__  # the oracle's: it looks on from within
        self.oracle.check_result(result, self.disk, self.scenario.digest, was_there=was_there)
        if result.error is None:
            return
        if isinstance(result.error, DownloadCancelled):
            assert life is not None, "rule 7: nobody has cancelled it"
            assert life.death is Death.CANCELLED, "rule 7: nobody has cancelled it"
            return
        excused = excuses(life, was_there=was_there)
        if self.world.ending is not Ending.NONE:
            excused.add(ENDINGS[self.world.ending])
        if not self.scenario.digest_is_right:
            excused.add(DigestMismatchError)
        if self.oracle.changed and self.scenario.digest is not None:
            excused.add(NotAModelError)  # a digest would have settled it, but the header is looked at before
        self.oracle.check_error(result.error, excused)

    def _prepare(self, life: Life) -> None:
        if life.rots:
            path = self.random.choice((PART, JOURNAL))
            # A journal whose very mark is damaged is nobody's: refusing it is right.
            if path == PART or (self.disk.content(path) or b"").startswith(MAGIC):
                self.disk.rot(path, self.random, start=len(MAGIC) if path == JOURNAL else 0)
        operations = self.disk.operations
        if life.death in (Death.KILLED, Death.POWER_CUT) and life.after_seconds is None:
            self.disk.dies_at = operations + life.after_operations
        if life.fills_disk_after is not None:
            self.disk.full_at = operations + life.fills_disk_after
        if life.fails_sync_after is not None:
            self.disk.sync_fails_at = operations + life.fails_sync_after
        self.disk.fault = partial(fault, life.trouble)

    def _open(self, life: Life | None, *, overwrite: bool) -> tuple[Session, Ticket]:
        scenario, workers = self.scenario, SimulatedWorkers(self.clock, self.random)
        self.transport = SimulatedTransport(self.world, self.clock, workers, self.oracle, self.random)
        ports = Ports(
            transport=self.transport,
            disk=self.disk,
            workers=workers,
            lock=partial(Lock, self.locks),
            clock=self.clock,
            random=self.random.random,
            open_store=partial(self._opened_store, life),
        )
        settings = Settings(
            output=DESTINATION if scenario.named_output else None,
            directory=FOLDER,
            digests=() if scenario.digest is None else (Digest("sha256", scenario.digest),),
            connections=scenario.connections,
            max_connections=scenario.max_connections,
            engine=scenario.engine,
            overwrite=overwrite,
            as_is=scenario.as_is,
            length=len(self.world.contents[0]) if scenario.states_length else None,
            headers=(("Authorization", TOKEN),),
            mirrors=tuple(f"https://elsewhere{number}.test{PATH}" for number in range(len(self.world.elsewhere))),
        )
        session = Session(ports, _resolve, self._new_machine)
        return session, session.submit(Job(REFERENCE, settings))

    def _opened_store(self, life: Life | None, destination: Path, **options: object) -> Store:
        after = life.trouble.sink_breaks_after if life is not None else None
        opening = self.open_store
        if after is not None and destination == DESTINATION:
            opening = breaking_store(after).open
        return opening(destination, smallest_block=BLOCK, **options)

    def _beside(self, session: Session, life: Life | None) -> Ticket | None:
        """A download beside this one, in the first life."""
        if life is None or life is not self.scenario.lives[0] or not self.scenario.has_neighbour:
            return None
        return session.submit(Job(NEIGHBOUR, Settings(output=OTHER)))

    def _new_machine(self, resource: Resource, *args: object, **options: object) -> Download:
        if resource.url.reveal() == NEIGHBOUR:
            return Download(resource, *args, sizes=SIZES, **options)  # type: ignore[arg-type]
        return self._watched(resource, *args, **options)

    def _watched(self, *args: object, **options: object) -> WatchedDownload:
        self.machine = WatchedDownload(*args, judge=self.judge, sizes=SIZES, **options)  # type: ignore[arg-type]
        self.machine.oracle = self.oracle
        return self.machine

    def _step(self, session: Session, ticket: Ticket, neighbour: Ticket | None, life: Life | None) -> None:
        began = self.clock.now
        while not (ticket.is_over and (neighbour is None or neighbour.is_over)):
            seconds = self.clock.now - began
            assert seconds <= LONGEST_LIFE_SECONDS, "rule 5: it doesn't end"
            if life is not None:
                self._interfere(life, seconds)
                if life.after_seconds is not None and seconds >= life.after_seconds:
                    if life.death in (Death.KILLED, Death.POWER_CUT):
                        raise PowerGone
                    if life.death is Death.CANCELLED:
                        session.cancel()
            session.step(STEP_SECONDS)
            self.oracle.waited(self.machine if not ticket.is_over else None)

    def _interfere(self, life: Life, seconds: float) -> None:
        """What others do, when it is time."""
        others = life.meanwhile
        if life.changes_content and seconds >= life.change_after_seconds and self.world.current == 0:
            self.trace(f"{self.clock.now:9.3f}  the content changes")
            self.world.current, self.oracle.changed = 1, True
            self.oracle.changed_unseen |= seconds > 0 and not others.restarts
            if others.restarts and self.transport is not None:
                self.transport.break_all()
        if others.cuts_after_seconds is not None and seconds >= others.cuts_after_seconds and not self.has_cut:
            self.trace(f"{self.clock.now:9.3f}  somebody cuts the part file")
            self.has_cut = True
            self.disk.cut(PART, others.cuts_to)

    # The end ----------------------------------------------------------------------------------------------

    def _end_well(self) -> None:
        """The servers behave and the disk has room: now it has to succeed, or to say what is honestly wrong."""
        self.world.calm = True
        overwrite = False
        for _ in range(CALM_LIVES):
            if self.disk.content(DESTINATION) is not None and not overwrite:
                return  # published, checked by rule 1 in the life that did it
            recorded = self._recorded().total
            result = self._live(None, overwrite=overwrite)
            assert result is not None
            if self.world.ending is not Ending.NONE:
                return
            if result.error is None:
                self._check_economy(result, recorded)
                return
            if isinstance(result.error, DigestMismatchError | NotAModelError):
                return  # excused by check_error; the digest or the content is another one now
            assert isinstance(result.error, RepresentationChangedError | DestinationExistsError), (
                f"rule 6: {result.error!r}"
            )
            overwrite = True
        raise AssertionError(f"rule 6: it doesn't succeed: {self.results[-1].error!r}")

    def _recorded(self) -> SpanSet:
        """What the journal names: blocks, and pieces of others."""
        content = decode(self.disk.content(JOURNAL) or b"")
        return content.stored

    def _check_economy(self, result: Result, recorded: int) -> None:
        """What is in the journal mustn't come again where the server proves that it still has the same."""
        size = result.size
        assert result.status is (Status.RESUMED if result.bytes_resumed else Status.DOWNLOADED)
        assert result.bytes_resumed <= recorded, "rule 6: more was resumed than was recorded"
        if size is None or not self._proves_sameness:
            return
        if not any(life.hurts_disk for life in self.scenario.lives):
            assert result.bytes_resumed == recorded, "rule 6: what was recorded isn't used"
        raced = size // 100
        assert result.bytes_downloaded <= size - result.bytes_resumed + raced, "rule 6: it was fetched twice"

    @property
    def _proves_sameness(self) -> bool:
        world = self.world
        steady = len(world.hosts) == 1 and not self.oracle.changed and not self.oracle.met_before & MISLEADING
        host = world.hosts[0]
        manners = (host.tag, host.if_range, host.ranges)
        return steady and manners in (
            (Tag.STRONG, IfRange.HONOURED, ranges) for ranges in (Ranges.SERVED, Ranges.LIMITED)
        )


def _resolve(job: Job) -> Resolving:
    settings = job.settings
    name = SafeName(settings.output.name) if settings.output else None
    mirrors = tuple(Url.parse(mirror) for mirror in settings.mirrors)
    headers = Headers(settings.headers)
    wish = Wish(job.reference, name=name, digests=settings.digests, headers=headers, mirrors=mirrors)
    resources = yield from catalog.resolve(wish, Environment())
    return tuple(replace(resource, length=settings.length) for resource in resources)
