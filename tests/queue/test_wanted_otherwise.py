"""Something else is wanted of jobs that are there: other addresses, another place or rate, or all of them at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import ConflictingJobError, JobId, JobState, JobWanted, OutsideError, WrongStateError
from anymatix_fetcher.transports.limiter import RateLimiter
from tests.queue.fakes import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.queue.jobs import QueuedJob

A, B = "https://example.org/a.bin", "https://example.org/b.bin"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()


def add(bench: Bench, reference: str = A, **wanted: object) -> QueuedJob:
    ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=reference, **wanted))])  # type: ignore[arg-type]
    return job


def limit_of(bench: Bench) -> float | None:
    limiter = bench.runner.of(A).job.settings.limit_rate
    assert isinstance(limiter, RateLimiter)
    return limiter.bytes_per_second


def test_what_is_under_way_begins_anew_elsewhere(bench: Bench) -> None:
    job = add(bench, output="a.bin")
    bench.turn()
    changed = bench.queue.change(job.id, lambda wanted: replace(wanted, output="other.bin", mirrors=(B,)))
    assert changed.state is JobState.QUEUED
    assert changed.path == str(bench.folder / "files" / "other.bin")
    assert bench.runner.started[0].is_stopped
    bench.turn()
    bench.turn()
    settings = bench.runner.started[1].job.settings
    assert (settings.output, settings.mirrors) == (bench.folder / "files" / "other.bin", (B,))
    bench.runner.started[1].finish()
    bench.turn()
    assert bench.queue.get(job.id).state is JobState.DONE


def test_what_waits_keeps_its_state_and_its_place(bench: Bench) -> None:
    ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=A), paused=True)])
    changed = bench.queue.change(job.id, lambda wanted: replace(wanted, connections=2))
    assert (changed.state, changed.wanted.connections, changed.position) == (JobState.PAUSED, 2, job.position)


def test_no_change_leads_outside_or_to_what_is_over(bench: Bench) -> None:
    job = add(bench)
    with pytest.raises(OutsideError):
        bench.queue.change(job.id, lambda wanted: replace(wanted, directory="/etc"))
    assert bench.queue.get(job.id) == job
    bench.queue.cancel(job.id)
    with pytest.raises(WrongStateError):
        bench.queue.change(job.id, lambda wanted: replace(wanted, mirrors=(B,)))


def test_a_jobs_own_limit_lies_below_the_shared_one_and_changes_while_it_runs(bench: Bench) -> None:
    job = add(bench, limit_rate=1000.0)
    bench.turn()
    assert limit_of(bench) == 1000.0
    bench.queue.change(job.id, lambda wanted: replace(wanted, limit_rate=500.0))
    bench.queue.change(job.id, lambda wanted: replace(wanted, limit_rate=None))
    bench.turn()
    assert limit_of(bench) is None
    assert len(bench.runner.started) == 1
    assert bench.queue.get(job.id).state is JobState.ACTIVE


def test_a_job_without_a_limit_of_its_own_begins_anew_for_one(bench: Bench) -> None:
    job = add(bench)
    bench.turn()
    bench.queue.change(job.id, lambda wanted: replace(wanted, limit_rate=500.0))
    bench.turn()
    bench.turn()
    assert limit_of(bench) == 500.0
    assert len(bench.runner.started) == 2


def test_all_are_paused_resumed_and_taken_out_together(bench: Bench) -> None:
    jobs = [add(bench, f"https://example.org/{number}.bin") for number in range(7)]
    bench.turn()
    bench.runner.started[0].finish()
    bench.turn()
    bench.queue.pause_all()
    assert bench.queue.counts()[JobState.PAUSED] == 6
    assert all(running.is_stopped for running in bench.runner.started[1:])
    bench.turn()
    bench.queue.resume_all()
    bench.turn()
    assert bench.queue.counts()[JobState.ACTIVE] == 5
    bench.queue.cancel(jobs[-1].id)
    bench.queue.remove_ended()
    assert len(bench.queue.jobs()) == 5
    assert bench.queue.find(jobs[0].id) is None
    bench.restart()
    assert len(bench.queue.jobs()) == 5


def test_an_id_that_was_asked_for_is_given_once(bench: Bench) -> None:
    identity = JobId("00000000000000aa")
    ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=A), identity=identity)])
    assert job.id == identity
    with pytest.raises(ConflictingJobError):
        bench.queue.add([JobRequest(JobWanted(reference=B), identity=identity)])
    assert [one.id for one in bench.queue.jobs()] == [identity]
