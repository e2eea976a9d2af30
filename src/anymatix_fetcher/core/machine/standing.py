"""How a download stands: the parts that a machine is made of, and what others may see of them.

The machine in ``download`` adds what happens to it; nothing in here decides anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.judge import Known, Verdict, judge
from anymatix_fetcher.core.machine.asking import Asking
from anymatix_fetcher.core.machine.comparison import Question
from anymatix_fetcher.core.machine.coverage import Coverage
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.labels import Labels
from anymatix_fetcher.core.machine.matching import Matching
from anymatix_fetcher.core.machine.mirrors import Mirrors
from anymatix_fetcher.core.machine.phase import TRANSITIONS, MachinePhase
from anymatix_fetcher.core.machine.proof import Proof
from anymatix_fetcher.core.machine.segments import SIZES, Sizes
from anymatix_fetcher.core.machine.silence import Silence
from anymatix_fetcher.core.pace.pause import countdown
from anymatix_fetcher.core.values.messages import FOREIGN
from anymatix_fetcher.core.values.spans import SpanSet, union

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.counters import Counters
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.pace.meter import Meter
    from anymatix_fetcher.core.values import messages as m
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Origin

    Judge = Callable[[Request, ResponseHead, Known, str], Verdict]


class Standing:
    """The parts of one download.

    Args:
        resource: What to fetch.
        pace: How many connections at a time.
        number: The download's number within its session: its exchange ids carry it.
        random: Gives numbers in [0, 1) for jitter.
        one_stream: Ask with one connection and without dividing, whatever the server can do.
        block_size: The journal's; told anew when the part file is opened.
        judge: Judges heads.
        sizes: How small and how large segments are.
        join: Gives a share of an origin's connections, for mirrors; ``None`` where nobody else is asked.
        overwrite: Drop what is here when the server turns out to have other content, once, instead of failing.
        as_is: Take what comes, whatever media type or coding its label names.
    """

    def __init__(
        self,
        resource: Resource,
        pace: Share,
        *,
        number: int = 0,
        random: Callable[[], float],
        one_stream: bool = False,
        block_size: int = 1 << 20,
        judge: Judge = judge,
        sizes: Sizes = SIZES,
        join: Callable[[Origin], Share] | None = None,
        overwrite: bool = False,
        as_is: bool = False,
    ) -> None:
        self.coverage = Coverage()
        self._out: list[m.Command] = []
        self._overwrite = overwrite
        self._asking = Asking(
            resource, pace, number=number, random=random, one_stream=one_stream, out=self._out, sizes=sizes
        )
        self._matching = Matching(
            self._asking.address,
            self._asking.manners,
            self.coverage,
            self._out,
            block_size=block_size,
            stated_length=resource.length,
        )
        self._mirrors = Mirrors(self._asking, self._matching, self.coverage, self._out, join)
        self._labels = Labels(as_is=as_is)
        self._begun = False
        self._judge = judge
        self._meter: Meter | None = None
        self._name = resource.name or ""
        self._phase = MachinePhase.OPENING
        self.is_over = False
        """Whether nothing will come any more."""
        self._proof = Proof(resource.digests)
        self._resuming = False
        self._seen_at: float | None = None
        self._silence = Silence()
        self._watched_since = 0.0
        self._storage_asked = False
        self._verified = "none"

    @property
    def phase(self) -> MachinePhase:
        """Where the download stands."""
        return self._phase

    @property
    def account(self) -> Counters:
        """What it has cost so far."""
        return self._asking.account

    @property
    def length(self) -> int | None:
        """Bytes of the whole file, where known."""
        return self._matching.length

    def lay_out(self, block_size: int) -> None:
        """The part file has blocks of this many bytes."""
        self._matching.block_size = block_size

    @property
    def digests(self) -> tuple[Digest, ...]:
        """What the whole file has to have."""
        return self._proof.digests

    @property
    def flowing(self) -> int:
        """How many bodies are under way."""
        return self._asking.exchanges.flowing

    @property
    def in_flight(self) -> SpanSet:
        """What is being asked for, as far as it is missing."""
        if not self._asking.exchanges:
            return SpanSet()
        return union(self._asking.exchanges.rests(Purpose.FILL)) - self.coverage.held

    @property
    def is_in_doubt(self) -> bool:
        """Whether what is here may be another file's: nobody has compared it with the server's yet."""
        identity = self._matching.identity
        return self._matching.comparison is not None or (identity is not None and identity.origin == FOREIGN)

    def rate(self, now: float) -> float:
        """Bytes a second that arrive, over the last seconds."""
        return self._meter.rate(now) if self._meter else 0.0

    def waiting_for(self, now: float) -> str:
        """Why nothing is being asked for, or one stream only, for people; empty where nothing holds it back."""
        comparison = self._matching.comparison
        if comparison and comparison.question is Question.CULPRITS:
            return "the digest doesn't match: fetching again to find out why"
        if self.flowing or self.is_over:
            return "" if self.is_over else self._asking.manners.why_one_stream
        patience, pause = self._asking.patience, self._asking.pause(now)
        if pause is not None and pause.until > patience.not_before:
            return pause.told(now)
        if patience.not_before > now:
            return countdown(patience.reason, patience.not_before, now)
        waits_its_turn = self._begun and not self._asking.exchanges and not self._asking.pace.connections
        return f"waiting for its turn at {self._asking.address.origin_url.host}" if waits_its_turn else ""

    def _enter(self, phase: MachinePhase) -> None:
        if phase not in TRANSITIONS[self._phase]:
            raise AssertionError(f"no way from {self._phase} to {phase}")
        self._phase = phase
        self.is_over = not TRANSITIONS[phase]
