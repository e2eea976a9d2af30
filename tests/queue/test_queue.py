"""The queue's order, retries, users' changes and restarts, with downloads that go as a test tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.journal import JournalHeader
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DiskFullError,
    DownloadCancelled,
    NotFoundError,
    ReferenceSyntaxError,
    RetriesExhaustedError,
)
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.events import EventKind, QueueEvent
from anymatix_fetcher.queue.execution import SPACE_SECONDS
from anymatix_fetcher.queue.jobs import (
    JobState,
    JobWanted,
    PartChoice,
    UnknownJobError,
    WrongStateError,
)
from anymatix_fetcher.queue.queue import QueueSettings
from anymatix_fetcher.storage.places import Places
from tests.queue.fakes import SIZE, Bench
from tests.queue.jobs_of_tests import ACTIVE, CANCELLED, DONE, FAILED, PAUSED, QUEUED, add, states, url

if TYPE_CHECKING:
    from pathlib import Path


def test_pausing_keeps_facts_that_were_not_stored_yet(bench: Bench) -> None:
    one, other, third = add(bench, *"abc")
    bench.turn()
    for name in "abc":
        bench.runner.of(url(name)).store(500)
    bench.queue.pause(one.id)
    bench.queue.cancel(other.id)
    bench.queue.pause_all()
    for job in (one, other, third):
        found = bench.queue.get(job.id)
        assert (found.size, found.bytes_stored, found.path) == (SIZE, 500, found.destinations[0])


# Their order ----------------------------------------------------------------------------------------------


def test_jobs_run_up_to_the_limit_and_the_next_starts_when_one_ends(bench: Bench) -> None:
    bench.queue.change_settings(QueueSettings(max_downloads=2))
    add(bench, *"abc")
    bench.turn()
    assert states(bench) == {"a": ACTIVE, "b": ACTIVE, "c": QUEUED}
    assert bench.queue.view(bench.queue.jobs(QUEUED)[0])["waits_for"] == "its turn: 2 at a time"
    bench.runner.of(url("a")).finish()
    bench.turn()
    assert states(bench) == {"a": DONE, "b": ACTIVE, "c": ACTIVE}
    bench.queue.change_settings(QueueSettings(max_downloads=0))
    bench.runner.of(url("b")).finish()
    add(bench, "d")
    bench.turn()
    assert states(bench)["d"] == QUEUED


def test_a_removed_job_frees_its_slot_as_soon_as_it_has_stopped(bench: Bench) -> None:
    bench.queue.change_settings(QueueSettings(max_downloads=1))
    first, second = add(bench, "a", "b")
    bench.turn()
    bench.runner.started[0].lingers = True
    bench.queue.cancel(first.id)
    bench.queue.remove(first.id)
    bench.turn()
    assert bench.queue.get(second.id).state is JobState.QUEUED
    bench.runner.started[0].fail(DownloadCancelled("it was stopped"))
    bench.turn(0.1)
    assert bench.queue.get(second.id).state is JobState.ACTIVE


def test_priority_and_position_determine_the_order(bench: Bench) -> None:
    bench.queue.change_settings(QueueSettings(max_downloads=1))
    jobs = add(bench, *"abcd")
    bench.queue.set_priority(jobs[3].id, 5)
    assert bench.queue.move(jobs[2].id, 0).position == 0
    for running in range(4):
        bench.turn()
        bench.runner.started[running].finish()
    assert [one.job.reference for one in bench.runner.started] == [url(name) for name in "cdab"]


# What becomes of them -------------------------------------------------------------------------------------


def test_a_job_that_is_done_has_its_result_and_its_file(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).store(500)
    bench.turn()
    view = bench.queue.view(bench.queue.get(job.id))
    assert (view["bytes_stored"], view["bytes_per_second"], view["size"]) == (500, 100, SIZE)
    assert view["path"] == str(bench.folder / "files" / "a.bin")
    bench.runner.of(url("a")).finish()
    bench.turn()
    done = bench.queue.get(job.id)
    assert done.result is not None
    assert (done.state, done.bytes_stored, done.result["status"]) == (DONE, SIZE, "downloaded")
    assert bench.runner.of(url("a")).is_forgotten
    assert not bench.queue.is_busy(job.id)


def test_a_passing_error_is_retried_and_the_time_is_shown(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).fail(RetriesExhaustedError("no answer came", hint="Try again later."))
    bench.turn()
    waiting = bench.queue.get(job.id)
    assert (waiting.state, waiting.attempts) == (QUEUED, 1)
    assert waiting.error is not None
    assert waiting.error.retryable
    assert str(bench.queue.view(waiting)["waits_for"]).startswith("another try, at 1970-01-12T")
    bench.turn(29.0)
    assert len(bench.runner.started) == 1
    bench.turn(2.0)
    assert len(bench.runner.started) == 2
    bench.runner.of(url("a")).finish()
    bench.turn()
    assert states(bench) == {"a": DONE}


@pytest.mark.parametrize("error", [NotFoundError("gone"), AccessDeniedError("a token is missing", hint="Set one.")])
def test_an_error_for_the_user_fails_the_job(bench: Bench, error: NotFoundError) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).fail(error)
    bench.turn()
    failed = bench.queue.get(job.id)
    assert failed.error is not None
    assert (failed.state, failed.error.kind, failed.error.hint) == (FAILED, type(error).__name__, error.hint)
    assert not failed.error.retryable
    bench.turn(1e6)
    assert len(bench.runner.started) == 1
    assert bench.queue.retry(job.id).state is QUEUED
    bench.turn()
    assert states(bench) == {"a": ACTIVE}


def test_a_full_disk_makes_the_job_wait(bench: Bench) -> None:
    (job,) = add(bench, "a")
    for _ in range(50):
        bench.turn(SPACE_SECONDS + 1.0)
        bench.runner.of(url("a")).fail(DiskFullError("there isn't room for a.bin"))
        bench.turn()
        assert "room" in str(bench.queue.view(bench.queue.get(job.id))["waits_for"])
    bench.turn(SPACE_SECONDS + 1.0)
    bench.runner.of(url("a")).finish()
    bench.turn()
    assert states(bench) == {"a": DONE}


def test_a_job_whose_runner_raises_fails_alone(bench: Bench) -> None:
    add(bench, *"ab")
    bench.turn()
    bench.runner.of(url("a")).bug = ZeroDivisionError()
    bench.runner.of(url("b")).finish()
    bench.turn()
    assert states(bench) == {"a": FAILED, "b": DONE}


# What users do --------------------------------------------------------------------------------------------


def test_a_paused_job_stops_and_goes_on_when_resumed(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    first = bench.runner.of(url("a"))
    first.store(300)
    assert bench.queue.pause(job.id).state is PAUSED
    assert first.is_stopped
    bench.turn()
    assert (bench.queue.get(job.id).bytes_stored, bench.queue.is_busy(job.id)) == (300, False)
    bench.turn(1e5)
    assert len(bench.runner.started) == 1
    bench.queue.resume(job.id)
    bench.turn()
    assert states(bench) == {"a": ACTIVE}
    assert len(bench.runner.started) == 2


def test_one_job_never_runs_twice_at_a_time(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).stop = lambda: None  # type: ignore[method-assign] # it takes its time
    bench.queue.pause(job.id)
    bench.queue.resume(job.id)
    bench.turn()
    assert len(bench.runner.started) == 1
    bench.runner.of(url("a")).finish()  # and comes to its end instead
    bench.turn()
    assert states(bench) == {"a": DONE}


def test_a_cancelled_job_keeps_its_part_or_not(bench: Bench) -> None:
    kept, removed = add(bench, *"kr")
    bench.turn()
    paths = [bench.folder / "files" / f"{name}.bin" for name in "kr"]
    for path in paths:
        leave_part(path)
    bench.queue.cancel(kept.id)
    bench.queue.cancel(removed.id, part=PartChoice.REMOVE)
    bench.turn()
    assert states(bench) == {"k": CANCELLED, "r": CANCELLED}
    assert [sorted(path.name for path in one.parent.glob(f"{one.name}*")) for one in paths] == [
        ["k.bin.part", "k.bin.part.journal"],
        [],
    ]
    assert bench.queue.get(removed.id).bytes_stored == 0
    bench.queue.remove(kept.id, part=PartChoice.REMOVE)
    assert list(paths[0].parent.glob("k.bin*")) == []


def leave_part(path: Path) -> None:
    """What an unfinished download leaves."""
    places = Places.of(path)
    places.part.parent.mkdir(parents=True, exist_ok=True)
    places.part.write_bytes(bytes(100))
    places.journal.write_bytes(JournalHeader.create(url("a"), block_size=1 << 20, salt=bytes(16)).encode())


def test_the_last_event_of_a_cancelled_job_follows_the_stop_of_its_download(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    busy: list[bool] = []
    bench.queue.subscribe(lambda event: busy.append(bench.queue.is_busy(event.job.id)))
    bench.queue.cancel(job.id, part=PartChoice.REMOVE)
    bench.turn()
    assert busy == [True, False]


def test_an_acknowledged_removal_of_a_part_is_done_after_a_crash(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).stop = lambda: None  # type: ignore[method-assign] # it takes its time
    bench.turn()
    leave_part(bench.folder / "files" / "a.bin")
    bench.queue.cancel(job.id, part=PartChoice.REMOVE)
    bench.crash()
    assert list((bench.folder / "files").iterdir()) == []
    assert not bench.queue.get(job.id).part_unwanted


def test_a_foreign_file_beside_a_destination_is_kept(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.queue.pause(job.id)
    bench.turn()
    folder = bench.folder / "files"
    folder.mkdir(exist_ok=True)
    (folder / "a.bin.part").write_bytes(b"a browser's")
    bench.queue.cancel(job.id, part=PartChoice.REMOVE)
    assert (folder / "a.bin.part").read_bytes() == b"a browser's"


def test_only_ended_jobs_can_be_removed(bench: Bench) -> None:
    done, active = add(bench, *"da")
    bench.turn()
    bench.runner.of(url("d")).finish()
    bench.turn()
    with pytest.raises(WrongStateError):
        bench.queue.remove(active.id)
    bench.queue.remove(done.id, part=PartChoice.REMOVE)
    assert states(bench) == {"a": ACTIVE}
    assert (bench.folder / "files" / "d.bin").stat().st_size == SIZE
    with pytest.raises(UnknownJobError):
        bench.queue.get(done.id)


def test_a_new_url_continues_the_partial_file(bench: Bench) -> None:
    (job,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).fail(AccessDeniedError("it has expired"))
    bench.turn()
    assert bench.queue.replace_reference(job.id, url("new")).state is QUEUED
    bench.turn()
    assert bench.runner.of(url("new")).job.settings.take_over
    with pytest.raises(ReferenceSyntaxError):
        bench.queue.replace_reference(job.id, "nonsense")
    bench.queue.replace_reference(job.id, url("newer"))
    assert bench.runner.of(url("new")).is_stopped
    bench.turn()
    bench.turn()
    bench.runner.of(url("newer")).finish()
    bench.turn()
    with pytest.raises(WrongStateError):
        bench.queue.replace_reference(job.id, url("late"))


# Restarts -------------------------------------------------------------------------------------------------


def test_a_restart_restores_all_jobs_and_continues_active_ones(bench: Bench) -> None:
    bench.queue.change_settings(QueueSettings(limit_rate=5e6, max_downloads=2, rpc_always_active=True))
    jobs = add(bench, *"abcd")
    bench.queue.pause(jobs[3].id)
    bench.turn()
    before = states(bench)
    for stop in (bench.restart, bench.crash):
        stop()
        assert bench.queue.settings == QueueSettings(limit_rate=5e6, max_downloads=2, rpc_always_active=True)
        bench.turn()
        assert states(bench) == before
        assert sorted(one.job.reference for one in bench.runner.started) == [url("a"), url("b")]


def test_numbers_of_events_rise_across_restarts(bench: Bench) -> None:
    seen: list[QueueEvent] = []
    for _ in range(2):
        bench.queue.subscribe(seen.append)
        add(bench, len(seen))
        bench.turn()
        bench.restart()
    kinds = [event.kind for event in seen]
    assert [event.number for event in seen] == sorted({event.number for event in seen})
    assert kinds[:2] == [EventKind.ADDED, EventKind.CHANGED]


def test_a_secret_url_works_until_a_restart_and_then_fails(bench: Bench) -> None:
    secret = url("a") + "?token=planted"
    ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=secret))])
    bench.turn()
    assert bench.runner.started[0].job.reference == secret
    bench.restart()
    failed = bench.queue.get(job.id)
    assert failed.error is not None
    assert (failed.state, failed.reference) == (FAILED, url("a") + "?...")
    assert "again" in failed.error.hint
    assert bench.queue.retry(job.id).state is FAILED
    assert bench.queue.replace_reference(job.id, secret).state is QUEUED
    bench.turn()
    assert bench.runner.started[0].job.reference == secret
    assert bench.runner.started[0].job.settings.take_over


def test_progress_events_are_sent_only_for_changes(bench: Bench) -> None:
    add(bench, "a")
    bench.turn()
    bench.turn()
    seen: list[QueueEvent] = []
    bench.queue.subscribe(seen.append)
    bench.runner.of(url("a")).store(10)
    bench.turn()
    bench.turn()
    assert [(event.kind, event.job.bytes_stored) for event in seen] == [(EventKind.PROGRESS, 10)]
