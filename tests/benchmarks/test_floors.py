from __future__ import annotations

import os

import pytest

from benchmarks.contenders import ANYFETCH, RECEIVED, STORED
from benchmarks.figures import Run, summarised
from benchmarks.floors import floor_of
from benchmarks.scenario import Scenario
from benchmarks.servers import Nginx
from benchmarks.wan.line import Line

CORES = os.cpu_count() or 1
LOOPBACK = Scenario(name="here", summary="", server=Nginx(), size=1000, contenders=(ANYFETCH,), goals=())
FAR = Scenario(
    name="far",
    summary="",
    server=Nginx(),
    size=1000,
    line=Line(8, 10),
    served_bytes_per_second=500_000,
    contenders=(ANYFETCH,),
    goals=(),
)


def test_on_loopback_the_hash_or_plain_receiving_binds() -> None:
    figures = {
        one.name: summarised(one.name, [Run(seconds=seconds)], ours=False, payload_bytes=1000, is_floor=True)
        for one, seconds in ((RECEIVED, 3.0), (STORED, 4.0))
    }
    floor = floor_of(LOOPBACK, [1000], hashed_per_second=500, figures=figures)
    assert (floor.carrying, floor.hashing, floor.receiving, floor.storing) == (None, 2.0, 3.0, 4.0)
    assert floor.seconds == 4.0
    assert floor.described() == "receiving to files 4.00 s, receiving, kept nowhere 3.00 s, SHA-256 2.00 s"


def test_a_line_or_what_the_server_gives_binds_whichever_is_less() -> None:
    floor = floor_of(FAR, [1_000_000], hashed_per_second=1e9, figures={})
    assert floor.carrying == floor.seconds == 2.0
    assert floor.described().startswith("the line's or server's capacity 2.00 s, SHA-256")


@pytest.mark.parametrize(("lengths", "hashed"), [([1000], 1000), ([100] * 10, 1000 / min(CORES, 10)), ([900, 10], 900)])
def test_each_file_is_hashed_on_one_core_and_several_on_all(lengths: list[int], hashed: float) -> None:
    floor = floor_of(LOOPBACK, lengths, hashed_per_second=1, figures={})
    assert floor.hashing == pytest.approx(max(hashed, *lengths))
