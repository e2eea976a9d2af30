"""aria2's words for what jobs do, and its three lists."""

from __future__ import annotations

import pytest

from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.serve.aria2.standing import Aria2Status, DownloadLists, behind_the_others, page, standing_of
from tests.queue.sample import TROUBLE, job

QUEUED, ACTIVE, PAUSED = JobState.QUEUED, JobState.ACTIVE, JobState.PAUSED
DONE, FAILED, CANCELLED = JobState.DONE, JobState.FAILED, JobState.CANCELLED
NOW = 1000.0


def test_only_what_is_behind_a_full_queue_waits() -> None:
    jobs = [
        job(1, ACTIVE),
        job(2),
        job(3),
        job(4),
        job(5, QUEUED, not_before=NOW + 30, error=TROUBLE, attempts=1),
        job(6, PAUSED),
        job(7, DONE),
        job(8, FAILED),
        job(9, CANCELLED),
    ]
    behind = behind_the_others(jobs, NOW, most=2)
    assert [standing_of(one, behind).value for one in jobs] == [
        "active",
        "active",  # it begins now
        "waiting",
        "waiting",
        "active",  # between two tries
        "paused",
        "complete",
        "error",
        "removed",
    ]
    lists = DownloadLists.of(jobs, behind=behind)
    assert [[int(one.id, 16) for one in each] for each in (lists.active, lists.waiting, lists.stopped)] == [
        [1, 2, 5],
        [3, 4, 6],
        [9, 8, 7],
    ]


def test_a_higher_priority_is_before_an_earlier_place() -> None:
    jobs = [job(1), job(2, QUEUED, priority=5)]
    assert behind_the_others(jobs, NOW, most=1) == {jobs[0].id}
    assert behind_the_others(jobs, NOW, most=0) == {jobs[0].id, jobs[1].id}


def test_a_queue_that_is_over_full_begins_nothing() -> None:
    jobs = [job(1, ACTIVE), job(2, ACTIVE), job(3)]
    assert behind_the_others(jobs, NOW, most=1) == {jobs[2].id}


def test_each_state_has_its_word() -> None:
    assert {standing_of(job(1, state), frozenset()) for state in JobState} == set(Aria2Status) - {Aria2Status.WAITING}


@pytest.mark.parametrize(
    ("offset", "count", "expected"),
    [
        (0, 2, "ab"),
        (1, 10, "bcd"),
        (9, 2, ""),
        (0, 0, ""),
        (-1, 2, "dc"),
        (-3, 2, "ba"),
        (-1, 1000, "dcba"),
        (-9, 2, ""),
        (-9, 7, ""),
    ],
)
def test_a_page_counts_from_either_end(offset: int, count: int, expected: str) -> None:
    assert "".join(page("abcd", offset, count)) == expected
