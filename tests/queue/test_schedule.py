from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.queue import schedule
from anymatix_fetcher.queue.jobs import JobState
from tests.queue.sample import job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.queue.jobs import QueuedJob


def numbers(jobs: Sequence[QueuedJob]) -> list[int]:
    return [int(one.id, 16) for one in jobs]


def test_the_higher_priority_goes_first_and_then_the_lower_position() -> None:
    jobs = [job(1, position=2), job(2, position=1), job(3, position=9, priority=1), job(4, position=0, priority=-1)]
    assert numbers(schedule.due(jobs, 0.0, most=3)) == [3, 2, 1]
    assert numbers(schedule.listed(jobs)) == [3, 2, 1, 4]


def test_only_queued_jobs_begin_and_none_before_its_moment() -> None:
    jobs = [job(number, state) for number, state in enumerate(JobState)]
    later = job(7, not_before=10.0)
    assert numbers(schedule.due([*jobs, later], 9.9, most=9)) == [0]
    assert numbers(schedule.due([*jobs, later], 10.0, most=9)) == [0, 7]
    assert schedule.due(jobs, 0.0, most=0) == []
    assert schedule.due(jobs, 0.0, most=-3) == []


def test_the_next_moment_is_the_earliest_of_those_to_come() -> None:
    jobs = [job(1, not_before=5.0), job(2, not_before=20.0), job(3, not_before=10.0), job(4, JobState.PAUSED)]
    assert schedule.next_moment(jobs, 5.0) == 10.0
    assert schedule.next_moment(jobs, 20.0) == float("inf")


def test_what_fails_is_tried_again_ever_more_rarely_and_not_for_ever() -> None:
    waits = [schedule.retry_at(job(attempts=attempts), 0.0, 0.5) for attempts in range(12)]
    assert waits[:4] == [30.0, 60.0, 120.0, 240.0]
    assert waits[-1] == schedule.LONGEST_RETRY_SECONDS
    days = schedule.GIVING_UP_SECONDS
    assert schedule.retry_at(job(created_at=0.0, attempts=90), days, 0.5) is None
    assert schedule.retry_at(job(created_at=0.0, attempts=0), days, 0.5) is not None


def test_backoff_has_jitter() -> None:
    early, late = (schedule.retry_at(job(), 100.0, draw) for draw in (0.0, 0.999))
    assert early == 122.5
    assert late is not None
    assert 137.0 < late < 137.5


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=8), st.data())
def test_a_moved_job_stands_where_it_was_moved_to_and_the_others_keep_their_order(
    priorities: list[int], data: st.DataObject
) -> None:
    jobs = [job(number, priority=priority) for number, priority in enumerate(priorities)]
    mover = data.draw(st.sampled_from(jobs))
    position = data.draw(st.integers(-1, len(jobs) + 1))
    before = [one for one in schedule.listed(jobs) if one.id != mover.id]
    changed = {one.id: one for one in schedule.moved(jobs, mover.id, position)}
    after = schedule.listed(changed.get(one.id, one) for one in jobs)
    at = max(0, min(position, len(before)))
    assert numbers(after) == numbers([*before[:at], mover, *before[at:]])


def test_what_has_ended_is_not_moved() -> None:
    jobs = [job(1), job(2, JobState.DONE)]
    assert schedule.moved(jobs, jobs[1].id, 0) == []


def test_ended_jobs_go_after_thirty_days_and_beyond_a_thousand() -> None:
    month = schedule.KEEPING_SECONDS
    old, young = job(1, JobState.DONE, ended_at=0.0), job(2, JobState.FAILED, ended_at=10.0)
    assert numbers(schedule.expired([old, young, job(3)], month + 5.0)) == [1]
    many = [job(number, JobState.DONE, ended_at=float(number)) for number in range(1003)]
    assert sorted(numbers(schedule.expired(many, 2000.0))) == [0, 1, 2]
