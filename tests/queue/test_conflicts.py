"""Two references that turn out to lead to one destination."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.conflicts import own_destinations
from anymatix_fetcher.queue.jobs import JobState, JobWanted, PartChoice
from anymatix_fetcher.storage.places import Places
from tests.queue.fakes import Bench
from tests.queue.sample import job
from tests.queue.test_queue import leave_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.queue.jobs import JobId

ONE, OTHER = "https://one.example/same.bin", "https://other.example/same.bin"
DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()


def added(bench: Bench, reference: str, *digests: str) -> JobId:
    return bench.queue.add([JobRequest(JobWanted(reference=reference, digests=digests))])[0][0].id


def test_the_second_one_fails_as_soon_as_its_name_is_known_and_says_why(bench: Bench) -> None:
    first, second = added(bench, ONE), added(bench, OTHER)
    bench.turn()
    bench.turn()
    failed = bench.queue.get(second)
    assert (bench.queue.get(first).state, failed.state) == (JobState.ACTIVE, JobState.FAILED)
    assert failed.error is not None
    assert (failed.error.kind, failed.error.retryable) == ("ConflictingJobError", False)
    assert first in failed.error.message
    assert "same.bin" in failed.error.message
    assert bench.runner.of(OTHER).is_stopped
    bench.turn()
    assert bench.queue.get(second).destinations == ()  # what lies there is the first one's
    bench.runner.of(ONE).finish()
    bench.turn()
    assert bench.queue.get(first).state is JobState.DONE


def test_one_with_the_same_digest_waits_for_the_file(bench: Bench) -> None:
    ids = [added(bench, ONE, DIGEST), added(bench, OTHER, DIGEST)]
    for _ in range(3):
        bench.turn()
    assert {bench.queue.get(one).state for one in ids} == {JobState.ACTIVE}


def test_the_destination_of_a_paused_job_is_held_as_well(bench: Bench) -> None:
    first = added(bench, ONE)
    bench.turn()
    bench.turn()
    bench.queue.pause(first)
    second = added(bench, OTHER)
    bench.turn()
    bench.turn()
    assert bench.queue.get(second).state is JobState.FAILED
    bench.queue.resume(first)
    bench.turn()
    assert bench.queue.get(first).state is JobState.ACTIVE


def test_folders_of_several_files_are_no_destination(bench: Bench) -> None:
    first, second = added(bench, ONE), added(bench, OTHER)
    bench.turn()
    for reference in (ONE, OTHER):
        running = bench.runner.of(reference)
        running.parts = [replace(running.progress, path=running.progress.path), running.progress]  # two of them
    bench.turn()
    assert {bench.queue.get(one).state for one in (first, second)} == {JobState.ACTIVE}


def test_removing_what_a_job_has_left_leaves_the_part_of_another_one(bench: Bench) -> None:
    first = added(bench, ONE)
    bench.turn()
    bench.turn()
    bench.queue.pause(first)
    path = bench.queue.get(first).path
    assert path is not None
    leave_part(bench.folder / "files" / "same.bin")
    part = Places.of(bench.folder / "files" / "same.bin").part
    second = added(bench, OTHER)
    bench.queue._book.note(replace(bench.queue.get(second), destinations=(path,)))  # as older versions have recorded
    bench.queue.cancel(second, part=PartChoice.REMOVE)
    assert part.exists()
    bench.queue.cancel(first, part=PartChoice.REMOVE)
    bench.turn()
    assert not part.exists()


def test_only_jobs_that_may_go_on_hold_their_destinations() -> None:
    mine = job(1, destinations=("/a", "/b"))
    others = [mine, job(2, destinations=("/a",)), job(3, JobState.CANCELLED, destinations=("/b",))]
    assert own_destinations(mine, others) == ["/b"]
