"""What must hold, whatever goes wrong. A violation is an ``AssertionError`` that says which rule was broken, and when.

1. What is at the destination is exactly a content that the server had, and has the digest that is known.
2. A run that fails publishes nothing.
3. A block, or a piece of one, is journaled only when its bytes are in the part file, match the record, and are what the
   server has there.
4. Stored, claimed, in flight and waiting are the whole file; nothing is both stored and claimed; nothing counts as
   stored that neither arrived nor was proved.
5. It ends: no run does nothing for a minute without waiting for something that it can name.
6. Once the servers behave, it succeeds, and what is in the journal doesn't come again.
7. The error fits what was met.
8. Requests are few, secrets reach neither the disk nor a message nor another origin.
"""

from __future__ import annotations

from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING

from xxhash import xxh3_64

from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.machine.phase import MachinePhase
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.filenames import JOURNAL_SUFFIX, PART_SUFFIX
from anymatix_fetcher.core.values.journal import HEADER_BYTES, BlockRecorded, PieceRecorded, records
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    FetchError,
    NotAModelError,
    RepresentationChangedError,
)
from tests.simulation.faults import EXCUSES, UNSTATED, Fault
from tests.simulation.world import BLOCK, NEIGHBOURS_CONTENT, SIGNATURE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.engine.facts import Result
    from tests.simulation.clock import VirtualClock
    from tests.simulation.disk import SimulatedDisk
    from tests.simulation.servers import Answer
    from tests.simulation.world import World

IDLE_SECONDS = 60.0
VAIN_REQUESTS_A_SECOND = 24
REQUESTS = 500
MISLEADING = frozenset({Fault.GROWN_TOTAL, Fault.OTHER_TAG, Fault.UNSATISFIABLE, Fault.BIT_FLIP}) | UNSTATED
"""What may have been written down as the identity, so that later runs find the truth to be something else."""


class Oracle:
    """Watches one simulated download over all its lives.

    Args:
        world: What the servers have.
        clock: The time.
        destination: Where the file is to be.
        trace: Takes a line about each thing that happens.
    """

    def __init__(self, world: World, clock: VirtualClock, destination: Path, trace: Callable[[str], None]) -> None:
        self._world = world
        self._clock = clock
        self._destination = destination
        self._part = destination.with_name(destination.name + PART_SUFFIX)
        self._journal = destination.with_name(destination.name + JOURNAL_SUFFIX)
        self._trace = trace
        self.disk: SimulatedDisk | None = None
        self.changed = self.changed_unseen = self.has_digest = False
        self.met_before: set[Fault] = set()
        self.begin_life()

    def begin_life(self) -> None:
        """A new process starts: it knows nothing of the one before."""
        self.met_before |= self._world.met
        self._world.met.clear()
        self._world.expired = False
        self._arrived = SpanSet()
        self._flowed: set[m.ExchangeId] = set()
        self._comparing: set[m.ExchangeId] = set()
        self._active_at = self._clock.now
        self._requests = 0
        self._vain: deque[float] = deque()
        self._asked: dict[m.ExchangeId, float] = {}

    @property
    def bytes_may_be_wrong(self) -> bool:
        """Whether wrong bytes were sent that nothing but a digest can tell from right ones."""
        return self._world.flipped or (self.changed_unseen and not self._world.tells_changes)

    # On the way -------------------------------------------------------------------------------------------

    def request(self, exchange: m.ExchangeId, request: Request, answer: Answer) -> None:
        """A request goes out."""
        now = self._clock.now
        what = answer.head.status if answer.head else answer.failure or "silence"
        label = answer.head.headers.get("Content-Range") if answer.head else None
        self._trace(f"{now:9.3f}  {exchange.number:3} {request.url} {request.span} <- {what} {label or ''}")
        if request.url.host != "origin.test":
            assert request.headers.get("Authorization") is None, f"rule 8: the token went to {request.url.host}"
        self._requests += 1
        assert self._requests <= REQUESTS, f"rule 8: {self._requests} requests"
        self._asked[exchange] = now
        self._vain.append(now)
        while now - self._vain[0] > 1.0:
            self._vain.popleft()
        assert len(self._vain) <= VAIN_REQUESTS_A_SECOND, f"rule 8: {len(self._vain)} requests in vain in a second"

    def stored(self, exchange: m.ExchangeId, span: Span) -> None:
        """A sink took bytes."""
        if exchange not in self._comparing:
            self._arrived = self._arrived.add(span)
            self._flowed.add(exchange)
        asked_at = self._asked.pop(exchange, None)
        if asked_at is not None and asked_at in self._vain:
            self._vain.remove(asked_at)

    def written(self, path: Path, _offset: int, data: bytes) -> None:
        """The disk took bytes: those of the journal must be true."""
        if path != self._journal:
            return
        for record, _ in records(bytes(HEADER_BYTES) + data):
            if isinstance(record, BlockRecorded):
                self._check_record(record, record.index * BLOCK)
            elif isinstance(record, PieceRecorded):
                self._check_record(record, record.start)

    def _check_record(self, record: BlockRecorded | PieceRecorded, start: int) -> None:
        stored = self.disk.piece(self._part, start, start + record.length) if self.disk else b""
        assert len(stored) == record.length, f"rule 3: what is at {start} is journaled and not stored"
        assert xxh3_64(stored).intdigest() == record.checksum, f"rule 3: what is at {start} isn't as journaled"
        if not self.bytes_may_be_wrong and not (self.changed and self.has_digest):  # a digest settles it at the end
            bodies = (*self._world.contents, *self._world.elsewhere, *self._world.unstated)
            sent = [content[start : start + record.length] for content in bodies]
            assert stored in sent, f"rule 3: what is at {start} isn't what any server has there"

    def received(self, machine: Download, event: m.Event, commands: list[m.Command]) -> None:
        """The machine has decided something."""
        if commands or not isinstance(event, m.Tick):
            self._active_at = self._clock.now
        if not isinstance(event, m.BodyStored | m.Tick | m.HeadArrived):
            self._trace(f"{self._clock.now:9.3f}      {event}"[:200])
        for command in commands:
            if not isinstance(command, m.StartExchange | m.AcceptBody):
                self._trace(f"{self._clock.now:9.3f}      -> {command}"[:200])
        if isinstance(event, m.BlocksProved):
            self._arrived = (self._arrived | event.good) - event.bad
        for command in commands:
            if (isinstance(command, m.AcceptBody) and command.compare) or isinstance(command, m.PeekBody):
                self._comparing.add(command.exchange)
            if isinstance(command, m.ForgetBlocks):
                self._forget(command.blocks)
        if not isinstance(event, m.Tick) or commands:
            self._check_account(machine)

    def _forget(self, spans: SpanSet) -> None:
        """Storage strikes whole blocks."""
        for span in spans:
            self._arrived = self._arrived.remove(Span(span.start // BLOCK * BLOCK, -(-span.stop // BLOCK) * BLOCK))

    def _check_account(self, machine: Download) -> None:
        coverage, length = machine.coverage, machine.length
        stored, claimed = coverage.stored, coverage.claimed
        assert not stored & claimed, f"rule 4: {stored & claimed} is both stored and claimed"
        unknown = stored - self._arrived
        assert not unknown, f"rule 4: {unknown} counts as stored and never arrived"
        if length is None or machine.phase is not MachinePhase.TRANSFERRING or stored.stop > length:
            return
        in_flight = machine.in_flight
        waiting = coverage.waiting(length, in_flight)
        parts = (stored, claimed, in_flight, waiting)
        total = sum(part.total for part in parts)
        covered = SpanSet.of(*(span for part in parts for span in part))
        assert covered.covers(Span(0, length)), f"rule 4: {covered.missing(length)} is in no account"
        beyond = covered.stop - length if machine.in_flight.stop > length else 0
        assert total - beyond == length, f"rule 4: {length} bytes are {total} in the account"

    def waited(self, machine: Download | None) -> None:
        """A step is over."""
        if machine is None or machine.is_over or machine.waiting_for(self._clock.now):
            self._active_at = self._clock.now
            return
        idle = self._clock.now - self._active_at
        assert idle <= IDLE_SECONDS, f"rule 5: nothing happened for {idle:.0f} s"

    # At the end of a life ---------------------------------------------------------------------------------

    def check_loss(self, recorded: SpanSet) -> None:
        """After a process was killed: hardly more than one unfinished block for each connection isn't recorded."""
        lost = (self._arrived - recorded).total
        assert lost <= BLOCK * len(self._flowed), f"rule 6: {lost} bytes of {len(self._flowed)} connections are lost"

    def check_disk(self, disk: SimulatedDisk) -> None:
        """After a life, however it ended."""
        for path, content in disk.files().items():
            if path != self._destination:
                for secret in (TOKEN, SIGNATURE):
                    assert secret.encode() not in content, f"rule 8: a secret is in {path}"
        published = disk.content(self._destination)
        if published is not None and not self.bytes_may_be_wrong:
            bodies = (*self._world.contents, *self._world.elsewhere, *self._world.unstated)
            assert published in bodies, "rule 1: the file is no content that the server had"

    def check_let_go(self, disk: SimulatedDisk, locks: set[Path]) -> None:
        """After a life that came to a result: nothing is held any longer."""
        assert not disk.opened, f"rule 9: {len(disk.opened)} files are still open"
        assert not locks, f"rule 9: {locks} are still locked"

    def check_neighbour(self, result: Result | None, disk: SimulatedDisk, path: Path) -> None:
        """After a life in which another download was in the same session, and nothing was wrong with that one."""
        assert result is not None, "rule 9: the download beside it has no result"
        assert result.error is None, f"rule 9: the download beside it failed: {result.error!r}"
        assert disk.content(path) == NEIGHBOURS_CONTENT, "rule 9: the download beside it has other bytes"

    def check_result(self, result: Result, disk: SimulatedDisk, digest: str | None, *, was_there: bool) -> None:
        """After a life that came to a result."""
        published = disk.content(self._destination)
        if result.error is None:
            assert published is not None, "rule 1: it is said to be done, and there is no file"
            assert len(published) == result.size, "rule 1: the size that was told isn't the file's"
            if result.verified == "length" and not self.bytes_may_be_wrong:
                bodies = (*self._world.contents, *self._world.elsewhere)
                assert published in bodies, "rule 1: nobody has stated this length"
            if digest is not None:
                assert sha256(published).hexdigest() == digest, "rule 1: the file hasn't its digest"
            return
        assert was_there or published is None, "rule 2: it failed, and there is a file"
        text = f"{result.error} {result.error.hint}"
        assert TOKEN not in text, "rule 8: the token is in the message"
        assert SIGNATURE not in text, "rule 8: the signature is in the message"

    def check_error(self, error: FetchError, allowed: set[type[FetchError]]) -> None:
        """The error must be excused: by what was met in this life, by what an earlier one believed, or beforehand."""
        for fault in self._world.met:
            allowed |= EXCUSES[fault]
        if self.met_before & MISLEADING:
            allowed.add(RepresentationChangedError)
        if Fault.GROWN_TOTAL in self.met_before:
            allowed.add(NotAModelError)  # by the length that was believed
        if self.changed or self.bytes_may_be_wrong:
            allowed |= {RepresentationChangedError, DigestMismatchError}
        if self._world.expired:
            allowed.add(AccessDeniedError)
        assert type(error) in allowed, f"rule 7: nothing excuses {error!r}"


class WatchedDownload(Download):
    """The real machine, with the oracle looking on."""

    oracle: Oracle

    def receive(self, event: m.Event, now: float) -> list[m.Command]:
        commands = super().receive(event, now)
        self.oracle.received(self, event, commands)
        return commands
