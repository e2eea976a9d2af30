"""What every runner does: the engine's, and the one that other tests use in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.errors import DownloadCancelled, NotFoundError
from anymatix_fetcher.queue.runner import EngineRunner, Runner, Running
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.transports.limiter import RateLimiter
from tests.queue.fakes import SIZE, FakeRunner, FakeRunning, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW_BYTES = 1 << 22


class World(Protocol):
    """A runner, and references that behave."""

    runner: Runner
    whole: str
    endless: str
    missing: str


class EngineWorld:
    """The engine, and an origin."""

    def __init__(self, origin: Origin) -> None:
        self.runner: Runner = EngineRunner(RateLimiter(100_000))
        self.whole = origin.add("/whole.bin", size=SIZE).url
        self.endless = origin.add("/endless.bin", size=SLOW_BYTES).url
        self.missing = self.whole.replace("whole", "missing")


class FakeWorld:
    """The fake."""

    def __init__(self) -> None:
        self.runner: Runner = FakeRunner(self._go)
        self.whole, self.endless, self.missing = (f"https://example.org/{name}.bin" for name in "wem")

    def _go(self, running: FakeRunning) -> None:
        if running.job.reference == self.whole:
            running.finish()
        elif running.job.reference == self.missing:
            running.fail(NotFoundError("it isn't there"))
        else:
            running.store(SIZE)


@pytest.fixture(params=["engine", "fake"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with Origin(seed=5) as origin:
        engine = EngineWorld(origin)
        yield engine
        engine.runner.close()


def start(world: World, job: Job) -> Running:
    return world.runner.start(job, lambda: None)


def ended(running: Running) -> None:
    until(lambda: running.results is not None)


def test_a_job_comes_to_its_file(world: World, tmp_path: Path) -> None:
    running = start(world, Job(world.whole, Settings(output=tmp_path / "here.bin")))
    ended(running)
    assert running.results is not None
    assert [(one.error, one.path, one.size) for one in running.results] == [(None, tmp_path / "here.bin", SIZE)]
    assert (tmp_path / "here.bin").stat().st_size == SIZE
    assert (running.progress.name, running.progress.bytes_stored) == ("here.bin", SIZE)
    running.forget()


def test_what_is_missing_fails_alone(world: World, tmp_path: Path) -> None:
    missing = start(world, Job(world.missing, Settings(directory=tmp_path)))
    whole = start(world, Job(world.whole, Settings(directory=tmp_path)))
    ended(missing)
    ended(whole)
    assert missing.results is not None
    assert whole.results is not None
    assert isinstance(missing.results[0].error, NotFoundError)
    assert whole.results[0].error is None


def test_a_stopped_job_ends_as_cancelled_and_says_where_it_was(world: World, tmp_path: Path) -> None:
    running = start(world, Job(world.endless, Settings(directory=tmp_path)))
    until(lambda: running.progress.bytes_stored > 0)
    assert list(running.destinations) == [running.progress.path]
    running.stop()
    ended(running)
    assert running.results is not None
    assert isinstance(running.results[0].error, DownloadCancelled)
    running.forget()


def test_the_same_job_can_be_begun_again_after_it_was_stopped(world: World, tmp_path: Path) -> None:
    job = Job(world.endless, Settings(directory=tmp_path))
    for _ in range(2):
        running = start(world, job)
        until(lambda running=running: running.progress.bytes_stored > 0)  # type: ignore[misc]
        running.stop()
        ended(running)
        running.forget()


def test_its_end_is_told(world: World, tmp_path: Path) -> None:
    told: list[str] = []
    running = world.runner.start(Job(world.endless, Settings(directory=tmp_path)), lambda: told.append("over"))
    until(lambda: running.progress.bytes_stored > 0)
    assert told == []
    running.stop()
    until(lambda: told == ["over"])
    assert running.results is not None


def test_closing_ends_what_is_under_way(world: World, tmp_path: Path) -> None:
    running = start(world, Job(world.endless, Settings(directory=tmp_path)))
    until(lambda: running.progress.bytes_stored > 0)
    world.runner.close()
    assert running.results is not None
    assert isinstance(running.results[0].error, DownloadCancelled)
