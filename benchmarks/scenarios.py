"""What is measured, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import contenders as c
from benchmarks.goals import Delay, Goal, Most, Speed, Sum
from benchmarks.servers import Misbehaving, Nginx
from benchmarks.wan.line import Line

if TYPE_CHECKING:
    from benchmarks.contenders import Contender

MEGABYTE = 1_000_000
_SMALLEST_SCALED = MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One situation, who is measured in it, and what is to be reached.

    Attributes:
        name: As on the command line.
        summary: What is tried, in a sentence.
        server: Who serves.
        size: Bytes of each file.
        paths: The files. With ``together`` each contender fetches them all, else the one that it names.
        line: The way to the server; ``None`` for loopback.
        contenders: Who takes part.
        goals: What is to be reached.
        together: Whether the files are fetched in one command.
        limit_seconds: When a contender is ended, as one that doesn't get there.
        scalable: Whether ``--size-factor`` applies.
        paced: Whether it tries how the number of connections is found: always on a long line with one file at a time.
        mirrors: Further places that serve the same files.
    """

    name: str
    summary: str
    server: Nginx | Misbehaving
    size: int
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...]
    paths: tuple[str, ...] = ("model.bin",)
    line: Line | None = None
    together: bool = False
    limit_seconds: float = 120.0
    scalable: bool = True
    paced: bool = False
    mirrors: tuple[Nginx, ...] = ()

    def scaled(self, factor: float) -> Scenario:
        """The same with less (or more) to fetch: smaller files, or fewer where there are many."""
        if not self.scalable:
            return self
        if self.together:
            return replace(self, paths=self.paths[: max(1, round(len(self.paths) * factor))])
        return replace(self, size=max(_SMALLEST_SCALED, round(self.size * factor)))

    def with_fixed(self) -> Scenario:
        """The same with our fixed numbers of connections, which the adaptive one mustn't fall behind."""
        if self.together or (self.line is None and not self.paced):
            return self
        names = tuple(one.name for one in c.FIXED)
        others = tuple(one for one in self.contenders if one.name not in names)
        goal = Speed(subject=c.ANYFETCH.name, against=names, at_least=0.9)
        return replace(self, contenders=(*others, *c.FIXED), goals=(*self.goals, goal))


_OURS = c.ANYFETCH.name
_MANY_64 = c.anyfetch("--max-connections", "64")
_WAN_PEERS = (c.CURL, c.WGET2, c.AXEL, c.ARIA2, c.ARIA2_NEXT, c.HF_TRANSFER, c.PYPDL)
_LOOPBACK_GOALS: tuple[Goal, ...] = (
    # At most 0.75 of the best one's time.
    Speed(subject=_OURS, against=None, at_least=1 / 0.75),
    Most(subject=_OURS, measure="peak_memory_megabytes", at_most=80),
)


def _loopback(name: str, summary: str, server: Nginx) -> Scenario:
    return Scenario(
        name=name,
        summary=summary,
        server=server,
        size=2000 * MEGABYTE,
        contenders=(c.ANYFETCH, c.THREADS, *c.PEERS),
        goals=_LOOPBACK_GOALS,
    )


_LOSSY = Line(500, 100, loss_percent=0.05)


def _refusals(status: int) -> Scenario:
    three = c.anyfetch("-c", "3")
    return Scenario(
        name=f"refusals-{status}",
        summary=f"{status} for a fourth request at a time, and 8 MB/s for each of the others",
        paced=True,
        server=Nginx(directives=f"limit_conn everybody 3; limit_conn_status {status}; limit_rate 8m;"),
        size=250 * MEGABYTE,
        contenders=(c.ANYFETCH, three, c.CURL, c.ARIA2, c.ARIA2_NEXT, c.HF_TRANSFER, c.PYPDL),
        goals=(
            Speed(subject=_OURS, against=(three.name,), at_least=0.85),
            Most(subject=_OURS, measure="refusals", at_most=9),
        ),
    )


def _trickle() -> Scenario:
    without = c.anyfetch("-c", "8", name="anyfetch -c 8, no trickle", file=0)
    one_slow = c.anyfetch("-c", "8", name="anyfetch -c 8", file=1)
    aria2 = replace(c.ARIA2, file=1)
    return Scenario(
        name="trickle",
        summary="each connection brings 5 MB/s, and the one that is nine tenths through the file falls to 400 B/s",
        server=Misbehaving(
            (
                "throttle:rate=5M",
                # "ranged" passes over a first request for the whole file, which some tools leave before it gets there.
                "trickle:rate=400,offset={late},touches={late}-{after_late},ranged=yes,path=/trickling.bin,times=1",
            )
        ),
        size=320 * MEGABYTE,
        paths=("steady.bin", "trickling.bin"),
        contenders=(without, one_slow, aria2),
        goals=(Delay(subject=one_slow.name, against=without.name, at_most_seconds=3.0),),
        limit_seconds=60.0,
    )


def _collapse() -> Scenario:
    four = c.anyfetch("-c", "4")
    return Scenario(
        name="collapse",
        summary="40 MB/s over at most 4 connections, a tenth of that over more",
        paced=True,
        server=Misbehaving(("collapse:rate=40M,above=4,share=0.1",)),
        size=600 * MEGABYTE,
        contenders=(c.ANYFETCH, four, c.CURL, c.ARIA2, c.ARIA2_NEXT),
        goals=(Speed(subject=_OURS, against=(four.name,), at_least=0.85),),
        limit_seconds=60.0,
    )


def _one_best() -> Scenario:
    one = c.anyfetch("-c", "1")
    falling = ((1, 0.85), (2, 0.7), (3, 0.6), (4, 0.5), (8, 0.3), (16, 0.15))
    return Scenario(
        name="one-best",
        summary="40 MB/s over one connection, and less in sum with each further one",
        paced=True,
        server=Misbehaving(tuple(f"collapse:rate=40M,above={above},share={share}" for above, share in falling)),
        size=600 * MEGABYTE,
        contenders=(c.ANYFETCH, one, c.CURL, c.ARIA2, c.ARIA2_NEXT),
        # At most 1.1 times its time.
        goals=(Speed(subject=_OURS, against=(one.name,), at_least=1 / 1.1),),
        limit_seconds=90.0,
    )


def _bears(connections: int, rate: str) -> Nginx:
    """A server that gives each connection so much, and refuses more connections than it bears."""
    return Nginx(directives=f"limit_conn everybody {connections}; limit_conn_status 429; limit_rate {rate};")


_FIRST = replace(c.anyfetch(name="anyfetch, first place"), place=0)
_SECOND = replace(c.anyfetch(name="anyfetch, second place"), place=1)


def _places(name: str, summary: str, first: Nginx, second: Nginx, goal: Goal) -> Scenario:
    return Scenario(
        name=name,
        summary=summary,
        server=first,
        mirrors=(second,),
        size=400 * MEGABYTE,
        contenders=(c.ANYFETCH, _FIRST, _SECOND, c.ARIA2, c.ARIA2_NEXT),
        goals=(goal,),
    )


_BOTH = Sum(subject=_OURS, of=(_FIRST.name, _SECOND.name), at_least=0.9)

SCENARIOS = (
    _loopback("loopback-plain", "2 GB from nginx on this machine, plain HTTP/1.1", Nginx()),
    _loopback("loopback-tls", "2 GB from nginx on this machine, HTTP/1.1 over TLS", Nginx("tls")),
    _loopback("loopback-h2", "2 GB from nginx on this machine, TLS with HTTP/2 offered", Nginx("h2")),
    Scenario(
        name="start-up",
        summary="1 MB from nginx on this machine, from command to exit",
        server=Nginx(),
        size=MEGABYTE,
        contenders=(c.ANYFETCH, *c.PEERS),
        goals=(Most(subject=_OURS, measure="seconds", at_most=0.35),),
        scalable=False,
    ),
    Scenario(
        name="lossy-cubic",
        summary="a long line that loses packets, to a server with the usual congestion control",
        server=Nginx(),
        line=_LOSSY,
        size=400 * MEGABYTE,
        contenders=(c.ANYFETCH, _MANY_64, *_WAN_PEERS),
        goals=(
            Speed(subject=_OURS, against=(c.ARIA2.name,), at_least=1.35),
            Speed(subject=_MANY_64.name, against=(c.ARIA2.name,), at_least=1.6),
        ),
    ),
    Scenario(
        name="lossy-bbr",
        summary="the same line, to a server with BBR, which loss doesn't slow down",
        server=Nginx(),
        line=replace(_LOSSY, congestion_control="bbr"),
        size=400 * MEGABYTE,
        contenders=(c.ANYFETCH, *_WAN_PEERS),
        goals=(Speed(subject=_OURS, against=None, at_least=1.1),),
    ),
    Scenario(
        name="clean",
        summary="a line without loss, which one connection fills before long",
        server=Nginx(),
        line=Line(500, 50),
        size=400 * MEGABYTE,
        contenders=(c.ANYFETCH, *_WAN_PEERS),
        goals=(Speed(subject=_OURS, against=None, at_least=0.97),),
    ),
    Scenario(
        name="capped",
        summary="a fast line to a server that gives each connection 4 MiB/s",
        server=Nginx(directives="limit_rate 4m;"),
        line=Line(1000, 20),
        size=600 * MEGABYTE,
        contenders=(c.ANYFETCH, *_WAN_PEERS),
        goals=(Speed(subject=_OURS, against=(c.ARIA2.name,), at_least=1.25),),
        limit_seconds=160.0,
    ),
    _collapse(),
    _refusals(429),
    _refusals(503),
    _trickle(),
    _one_best(),
    Scenario(
        name="many-small",
        summary="1000 files of 100 KB over a long line, TLS with HTTP/2 offered",
        server=Nginx("h2"),
        # So fast that what counts is the round trips, and not the line.
        line=Line(1000, 50),
        size=100_000,
        paths=tuple(f"{number:04}.bin" for number in range(1000)),
        contenders=(c.ANYFETCH_MANY, c.CURL_MANY, c.WGET2_MANY, c.ARIA2_MANY, c.ARIA2_NEXT_MANY),
        goals=(Speed(subject=_OURS, against=(c.ARIA2_MANY.name,), at_least=2.0),),
        together=True,
    ),
    _places("places-1-4", "two places: one bears 1 connection, one 4", _bears(1, "8m"), _bears(4, "8m"), _BOTH),
    _places("places-4-4", "two places that bear 4 connections each", _bears(4, "8m"), _bears(4, "8m"), _BOTH),
    _places(
        "places-slow-first",
        "a first place that brings a tenth of the second",
        _bears(4, "800k"),
        _bears(4, "8m"),
        Speed(subject=_OURS, against=(_SECOND.name,), at_least=1 / 1.3),
    ),
)
