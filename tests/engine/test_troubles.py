"""One download's trouble is its own: it ends with an error, everything that it held is free, and the others go on."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    Digest,
    FetchError,
    InternalError,
    Job,
    NotFoundError,
    Result,
    Settings,
    Status,
    StorageError,
    fetch,
    fetch_many,
)
from anymatix_fetcher.core.machine.download import Download
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.engine.facts import Phase, Progress
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.session import Session
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.store import Store
from anymatix_fetcher.storage.workers import ThreadWorkers
from anymatix_fetcher.transports.base import NetworkSettings
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.wiring.composition import open_transport, ports_for, resolving
from tests.storage.doubles import FaultyDisk, failing
from tests.threads import no_more_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.ports import Ports
    from anymatix_fetcher.sources.base import Resolving
    from anymatix_fetcher.storage.workers import Next, Task, Worker
    from anymatix_fetcher.testing import Origin
    from anymatix_fetcher.transports.base import Sink, Transport, TransportEvent

PATIENCE_SECONDS = 30.0
CONTENT = bytes(range(256)) * 4000


def descriptors() -> int:
    """How many files this process has open."""
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - it is no folder that pathlib could walk


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    """No descriptor and no thread outlives its download, however that ends."""
    before = descriptors()
    yield
    assert descriptors() <= before
    left = {thread.name for thread in threading.enumerate()}
    assert not any(name == "anymatix-fetcher" for name in left), left


def ports(**replaced: object) -> Ports:
    """The real outside, but for what is replaced."""
    limiter = RateLimiter()
    real = ports_for(open_transport(NetworkSettings(proxy=""), Engine.AUTO, limiter), limiter)
    return replace(real, **replaced)  # type: ignore[arg-type] # each test knows its port


def run(outside: Ports, *jobs: Job, machine: Callable[..., Download] = Download) -> list[Result]:
    """What becomes of the jobs in one session."""
    session = Session(outside, resolving, machine)
    tickets = [session.submit(job) for job in jobs]
    session.start()
    try:
        assert session.wait(PATIENCE_SECONDS), [ticket.progress for ticket in tickets]
    finally:
        session.close()
    results = [ticket.result for ticket in tickets if ticket.result is not None]
    assert len(results) == len(jobs)
    return results


def job(url: str, output: Path, **settings: object) -> Job:
    return Job(url, Settings(output=output, **settings))  # type: ignore[arg-type] # as above


def whole(result: Result) -> bool:
    return result.error is None and result.path is not None and result.path.read_bytes() == CONTENT


@pytest.fixture
def url(origin: Origin) -> str:
    return origin.add("/model.bin", data=CONTENT).url


# The clean-up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "suffix"),
    [("remove", ".part"), ("remove", ".part.journal"), ("close", ".part"), ("close", ".part.journal")],
)
def test_a_failed_download_ends_though_its_part_file_cant_be_removed(
    origin: Origin, url: str, tmp_path: Path, operation: str, suffix: str
) -> None:
    disk = FaultyDisk(fault=failing(operation, f"gone.dat{suffix}", errno.EPERM))
    gone, other = run(
        ports(disk=disk), job(origin.url("/gone"), tmp_path / "gone.dat"), job(url, tmp_path / "other.dat")
    )
    assert isinstance(gone.error, NotFoundError)
    assert whole(other)
    assert not list(tmp_path.glob("*.lock"))


def test_an_append_only_folder_is_told_of(origin: Origin, tmp_path: Path) -> None:
    """Nothing can be removed or renamed in it, and so nothing can be finished there."""
    disk = FaultyDisk(fault=failing("remove", "", errno.EPERM))
    (result,) = run(ports(disk=disk), job(origin.url("/gone"), tmp_path / "x.dat"))
    assert isinstance(result.error, NotFoundError)


class StubbornLock(DestinationLock):
    """A lock whose release raises, after it was freed."""

    def release(self) -> None:
        super().release()
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.path))


def test_a_lock_whose_release_raises_ends_nothing_else(origin: Origin, url: str, tmp_path: Path) -> None:
    done, gone = run(
        ports(lock=StubbornLock), job(url, tmp_path / "done.dat"), job(origin.url("/gone"), tmp_path / "gone.dat")
    )
    assert whole(done)
    assert isinstance(gone.error, NotFoundError)


# Tasks -----------------------------------------------------------------------------------------------------


class HopelessWorkers:
    """Real workers, whose tasks fail at their first step, and then fail to say so."""

    def __init__(self, hopeless: Callable[[Task], bool]) -> None:
        self._workers = ThreadWorkers()
        self._hopeless = hopeless

    def start(self, task: Task, *, asleep: bool = False) -> Worker:
        return self._workers.start(Hopeless(task) if self._hopeless(task) else task, asleep=asleep)

    def hold(self) -> None:
        self._workers.hold()

    def go_on(self) -> None:
        self._workers.go_on()


class Hopeless:
    def __init__(self, task: Task) -> None:
        self._fail = task.fail

    def step(self) -> Next:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def fail(self, error: Exception) -> None:
        self._fail(error)


def test_closing_that_fails_after_a_failed_read_is_told_all_the_same(url: str, tmp_path: Path) -> None:
    there = tmp_path / "there.dat"
    there.write_bytes(CONTENT)

    def broken(operation: str, path: Path) -> None:
        if path == there and operation in {"read_into", "close"}:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    wanted = job(url, there, digests=(Digest("sha256", "0" * 64),))
    (result,) = run(ports(disk=FaultyDisk(fault=broken)), wanted)
    assert isinstance(result.error, StorageError)
    assert os.strerror(errno.EIO) in result.error.message


class MuteStore(Store):
    """Storage whose events of failures never get out: reporting one raises."""

    @classmethod
    def open(cls, destination: Path, **options: object) -> Store:
        real: Callable[[object], None] = options.pop("report")  # type: ignore[assignment]

        def report(event: object) -> None:
            if isinstance(event, m.StorageFailed):
                raise ZeroDivisionError("planted")
            real(event)

        return super().open(destination, report=report, **options)  # type: ignore[arg-type]


def test_a_task_that_cant_say_that_it_has_failed_is_answered_for(url: str, tmp_path: Path) -> None:
    disk = FaultyDisk(fault=failing("sync", "a.dat.part", errno.EIO))
    broken, other = run(
        ports(disk=disk, open_store=MuteStore.open), job(url, tmp_path / "a.dat"), job(url, tmp_path / "b.dat")
    )
    assert isinstance(broken.error, InternalError)
    assert whole(other)


def test_where_no_thread_can_start_the_download_says_so_and_the_next_one_works(url: str, tmp_path: Path) -> None:
    session = Session(ports(), resolving)
    ticket = session.submit(job(url, tmp_path / "a.dat"))
    with no_more_threads():
        session.start()
        assert session.wait(PATIENCE_SECONDS)
    session.close()
    assert ticket.result is not None
    assert isinstance(ticket.result.error, StorageError)
    assert "no more threads" in ticket.result.error.message
    assert fetch(url, output=tmp_path / "a.dat").status is Status.DOWNLOADED


def test_workers_that_get_no_thread_end_their_downloads_and_no_others(url: str, tmp_path: Path) -> None:
    class Starving(ThreadWorkers):
        """Gets no thread while the loop lets its tasks run."""

        def go_on(self) -> None:
            with no_more_threads():
                super().go_on()

        def start(self, task: Task, *, asleep: bool = False) -> Worker:
            with no_more_threads():
                return super().start(task, asleep=asleep)

    results = run(ports(workers=Starving()), job(url, tmp_path / "a.dat"), job(url, tmp_path / "b.dat"))
    for result in results:
        assert isinstance(result.error, StorageError)
        assert "no more threads" in result.error.message
    assert not list(tmp_path.glob("*.lock"))
    assert fetch(url, output=tmp_path / "a.dat").status is Status.RESUMED


# Bugs ------------------------------------------------------------------------------------------------------


class BrokenMachine(Download):
    """A machine that has a bug: it can't bear what happens to the first file."""

    at: type = m.BodyStored

    def __init__(self, resource: Resource, *args: object, **options: object) -> None:
        super().__init__(resource, *args, **options)  # type: ignore[arg-type]
        self._is_broken = resource.name == "a.dat"

    def receive(self, event: m.Event, now: float) -> list[m.Command]:
        if isinstance(event, self.at) and self._is_broken:
            raise ZeroDivisionError("planted")
        return super().receive(event, now)


@pytest.mark.parametrize("at", [m.Begin, m.HeadArrived, m.BodyStored, m.BodyEnded, m.Verified, m.Tick])
def test_a_bug_in_one_download_ends_it_and_no_other_one(url: str, tmp_path: Path, at: type) -> None:
    class Broken(BrokenMachine):
        pass

    Broken.at = at
    broken, other = run(ports(), job(url, tmp_path / "a.dat"), job(url, tmp_path / "b.dat"), machine=Broken)
    assert isinstance(broken.error, InternalError)
    assert isinstance(broken.error.__cause__, ZeroDivisionError)
    assert whole(other)
    assert not list(tmp_path.glob("*.lock"))
    assert fetch(url, output=tmp_path / "a.dat").error is None  # nothing is in the way of the next try


class RaisingStore(Store):
    """Storage that takes nothing more, for a reason that is a bug."""

    @property
    def sink(self) -> Sink:  # type: ignore[override]
        return self if self._places.destination.name == "a.dat" else super().sink

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        raise ValueError(f"planted: {offset} {len(data)}")


def test_what_a_sink_raises_ends_its_download_and_no_other_one(url: str, tmp_path: Path) -> None:
    broken, other = run(ports(open_store=RaisingStore.open), job(url, tmp_path / "a.dat"), job(url, tmp_path / "b.dat"))
    assert isinstance(broken.error, InternalError)
    assert "ValueError" in broken.error.message
    assert "planted" not in broken.error.message
    assert whole(other)


class DyingTransport:
    """A transport that raises when bodies flow: the loop itself can't go on."""

    def __init__(self, real: Transport) -> None:
        self._real = real
        self.accept, self.cancel, self.narrow = real.accept, real.cancel, real.narrow
        self.start, self.open_ahead, self.wake, self.close = real.start, real.open_ahead, real.wake, real.close
        self.name, self.waited_seconds = real.name, 0.0

    def poll(self, timeout_seconds: float) -> list[TransportEvent]:
        events = list(self._real.poll(timeout_seconds))
        if any(isinstance(event, m.BodyStored) for event in events):
            raise ZeroDivisionError("planted")
        return events


def test_a_loop_that_dies_tells_everybody_and_frees_everything(url: str, tmp_path: Path) -> None:
    real = ports()
    jobs = [job(url, tmp_path / f"{number}.dat") for number in range(3)]
    for result in run(replace(real, transport=DyingTransport(real.transport)), *jobs):
        assert isinstance(result.error, InternalError)
    assert not list(tmp_path.glob("*.lock"))
    assert fetch(url, output=tmp_path / "0.dat").error is None


@pytest.mark.parametrize("bug", [ZeroDivisionError("planted"), OSError(errno.EIO, "planted")])
def test_a_bug_in_a_source_ends_its_job_and_no_other_one(url: str, tmp_path: Path, bug: Exception) -> None:
    def spoiled(one: Job) -> Resolving:
        if one.reference != url:
            raise bug
        return (yield from resolving(one))

    session = Session(ports(), spoiled)
    tickets = [session.submit(job("https://x.test/y", tmp_path / "a.dat")), session.submit(job(url, tmp_path / "b"))]
    session.start()
    try:
        assert session.wait(PATIENCE_SECONDS)
    finally:
        session.close()
    broken, other = (ticket.result for ticket in tickets)
    assert broken is not None
    assert isinstance(broken.error, FetchError)
    assert tickets[0].progress.phase is Phase.FAILED
    assert other is not None
    assert whole(other)


# The caller ------------------------------------------------------------------------------------------------


def test_a_callback_that_raises_ends_the_download_and_frees_everything(origin: Origin, tmp_path: Path) -> None:
    origin.script("throttle:rate=400000")
    url = origin.add("/slow.bin", data=CONTENT).url

    def refuse(_: object) -> None:
        raise ZeroDivisionError("planted")

    with pytest.raises(ZeroDivisionError, match="planted"):
        fetch(url, output=tmp_path / "a.dat", on_progress=refuse)
    assert not list(tmp_path.glob("*.lock"))
    origin.clear_script()
    assert fetch(url, output=tmp_path / "a.dat").error is None


def test_a_callback_that_raises_takes_no_result_of_what_is_over(origin: Origin, tmp_path: Path) -> None:
    origin.script("throttle:rate=400000,path=/slow.bin")
    slow = origin.add("/slow.bin", data=CONTENT).url
    quick = origin.add("/quick.bin", data=b"quick").url

    def refuse(progress: tuple[Progress, ...]) -> None:
        if progress[0].phase is Phase.DONE:
            raise ZeroDivisionError("planted")

    jobs = [Job(quick, Settings(directory=tmp_path)), Job(slow, Settings(directory=tmp_path))]
    over, stopped = fetch_many(jobs, on_progress=refuse)
    assert over.error is None
    assert (tmp_path / "quick.bin").read_bytes() == b"quick"
    assert isinstance(stopped.error, InternalError)
    assert isinstance(stopped.error.__cause__, ZeroDivisionError)
    assert not list(tmp_path.glob("*.lock"))


def test_a_listener_that_raises_keeps_no_other_one_from_being_told() -> None:
    token, told = CancelToken(), list[str]()

    def raising() -> None:
        raise ZeroDivisionError("planted")

    token.add_listener(raising)
    token.add_listener(lambda: told.append("told"))
    with pytest.raises(ZeroDivisionError):
        token.cancel()
    assert token.cancelled
    assert told == ["told"]
