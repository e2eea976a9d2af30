"""The bench against a server that gives what it is told to: the figures are right, and nothing is stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import AccessDeniedError, CancelToken, DownloadCancelled, NetworkError, NotFoundError
from anymatix_fetcher.core.pace.diagnosis import BenchStep, Cause, Machine, diagnose
from anymatix_fetcher.verbs.bench import bench

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.engine.bench import Measured
    from anymatix_fetcher.testing import Origin

    Run = Callable[..., Measured]

FAST = Machine(writes=1e12, hashes=1e12)
"""So that the machine under test doesn't decide."""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def measure(url: str, *, seconds: float = 0.2, max_connections: int = 8, **options: object) -> Measured:
        options.setdefault("directory", tmp_path)
        return bench(url, seconds=seconds, max_connections=max_connections, proxy="", **options)  # type: ignore[arg-type]

    return measure


def cause_of(measured: Measured) -> Cause:
    diagnosis = diagnose(measured.steps, FAST, ranged=measured.ranged)
    assert diagnosis is not None
    return diagnosis.cause


def test_a_cap_per_connection_shows_as_a_sum_that_grows(origin: Origin, run: Run, tmp_path: Path) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("throttle:rate=2M")
    measured = run(origin.url("/m.bin"), seconds=0.5)
    assert [step.connections for step in measured.steps] == [1, 2, 4, 8]
    assert [step.borne for step in measured.steps] == [1, 2, 4, 8]
    assert cause_of(measured) is Cause.CAP
    assert 10e6 < measured.steps[-1].bytes_per_second < 20e6
    assert (measured.length, measured.ranged, measured.repeated) == (1_000_000_000, True, False)
    assert measured.machine.writes
    assert measured.machine.hashes
    assert list(tmp_path.iterdir()) == []


def test_the_line_shows_as_a_sum_that_stays_and_ends_it_early(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("throttle:rate=10M,scope=total")
    measured = run(origin.url("/m.bin"), seconds=0.6, max_connections=32)
    assert len(measured.steps) < 6
    assert cause_of(measured) is Cause.LINE


def test_a_collapse_is_the_servers_patience(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("throttle:rate=10M", "collapse:rate=40M,above=4,share=0.1")
    measured = run(origin.url("/m.bin"), seconds=0.5)
    assert cause_of(measured) is Cause.PATIENCE
    assert [step.refusals for step in measured.steps] == [0, 0, 0, 0]


@pytest.mark.parametrize("rule", ["refuse:connections_above=3", "status:code=429,requests_above=3"])
def test_those_that_are_refused_are_counted(origin: Origin, run: Run, rule: str) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("throttle:rate=2M", rule)
    measured = run(origin.url("/m.bin"), seconds=0.5, max_connections=16)
    last = measured.steps[-1]
    assert (last.connections, last.borne, last.refusals) == (4, 3, 1)
    assert cause_of(measured) is Cause.PATIENCE


def test_signed_addresses_are_walked_to_once_and_renewed_when_they_expire(origin: Origin, run: Run) -> None:
    file = origin.sign("/m.bin", size=2_000_000, ttl_seconds=1.0)
    origin.script("throttle:rate=2M")
    measured = run(file.url, seconds=2.5, max_connections=2)
    assert [step.refusals for step in measured.steps] == [0, 0]
    assert all(step.bytes_per_second > 1e6 for step in measured.steps)
    assert 2 <= origin.ledger().origins["origin"] <= 6
    assert measured.repeated


def test_a_server_without_ranges_is_measured_with_one_connection(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("ignore-range", "throttle:rate=5M")
    measured = run(origin.url("/m.bin"))
    assert [step.connections for step in measured.steps] == [1]
    assert cause_of(measured) is Cause.NO_RANGES


def test_a_small_file_is_asked_for_again(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size=100_000)
    measured = run(origin.url("/m.bin"), max_connections=4)
    assert measured.repeated
    assert measured.bytes_transferred > 300_000
    assert measured.steps[0].bytes_per_second > 0


def test_the_greatest_number_needs_no_power_of_two(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("throttle:rate=2M")
    measured = run(origin.url("/m.bin"), seconds=0.5, max_connections=3)
    assert [step.connections for step in measured.steps] == [1, 2, 3]


def test_what_cant_be_had_is_an_error_as_in_a_download(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size=1000)
    with pytest.raises(NotFoundError):
        run(origin.url("/missing.bin"))
    origin.script("token:value=secret")
    with pytest.raises(AccessDeniedError):
        run(origin.url("/m.bin"))
    assert run(origin.url("/m.bin"), headers=[("Authorization", "Bearer secret")]).steps
    with pytest.raises(NetworkError):
        run("http://127.0.0.1:1/m.bin")


def test_a_loop_of_redirects_ends(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size=1000)
    origin.script("redirect:loop=same")
    with pytest.raises(NetworkError):
        run(origin.url("/m.bin"))


def test_a_folder_that_cant_be_written_to_only_costs_the_disks_figure(origin: Origin, run: Run, tmp_path: Path) -> None:
    origin.add("/m.bin", size="1GB")
    measured = run(origin.url("/m.bin"), max_connections=1, directory=tmp_path / "missing")
    assert measured.machine.writes is None
    assert measured.disk_trouble == os.strerror(2)
    assert measured.steps


def test_stopping_keeps_what_was_measured(origin: Origin, run: Run) -> None:
    origin.add("/m.bin", size="1GB")
    origin.script("throttle:rate=5M")
    cancel, told = CancelToken(), list[BenchStep]()

    def stop(step: BenchStep) -> None:
        told.append(step)
        if len(told) == 2:
            cancel.cancel()

    measured = run(origin.url("/m.bin"), cancel=cancel, on_step=stop)
    assert measured.interrupted
    assert list(measured.steps) == told
    assert len(told) == 2


def test_stopping_before_the_first_answer_leaves_nothing_to_tell(origin: Origin, run: Run) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(DownloadCancelled):
        run(origin.url("/m.bin"), cancel=cancel)
