from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.queue.jobs import JobState, PartChoice, QueuedJob, WrongStateError
from tests.queue.sample import TROUBLE, job

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUED, ACTIVE, PAUSED = JobState.QUEUED, JobState.ACTIVE, JobState.PAUSED
DONE, FAILED, CANCELLED = JobState.DONE, JobState.FAILED, JobState.CANCELLED

TRANSITIONS: dict[str, tuple[Callable[[QueuedJob], QueuedJob], dict[JobState, JobState]]] = {
    "start": (lambda one: one.started(5.0), {QUEUED: ACTIVE}),
    "pause": (lambda one: one.paused(), {QUEUED: PAUSED, ACTIVE: PAUSED, PAUSED: PAUSED}),
    "resume": (lambda one: one.queued(), {PAUSED: QUEUED, QUEUED: QUEUED, ACTIVE: ACTIVE}),
    "retry": (lambda one: one.retried(), {FAILED: QUEUED, CANCELLED: QUEUED}),
    "put back": (lambda one: one.put_back(), {ACTIVE: QUEUED}),
    "fail": (lambda one: one.failed(TROUBLE, 5.0), dict.fromkeys(JobState, FAILED)),
    "finish": (lambda one: one.finished({}, 5.0), {ACTIVE: DONE, PAUSED: DONE, QUEUED: DONE}),
    "cancel": (
        lambda one: one.cancelled(5.0),
        {QUEUED: CANCELLED, ACTIVE: CANCELLED, PAUSED: CANCELLED, FAILED: CANCELLED, CANCELLED: CANCELLED},
    ),
    "another address": (
        lambda one: one.redirected("https://example.org/new", "https://example.org/new"),
        {QUEUED: QUEUED, ACTIVE: QUEUED, PAUSED: PAUSED, FAILED: QUEUED, CANCELLED: QUEUED},
    ),
}


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_leads_where_the_table_says_or_is_refused(name: str, state: JobState) -> None:
    change, allowed = TRANSITIONS[name]
    if state in allowed:
        assert change(job(state=state)).state is allowed[state]
    else:
        with pytest.raises(WrongStateError) as caught:
            change(job(state=state))
        assert state.value in caught.value.message


def test_every_refusal_says_what_to_do_where_something_can_be_done() -> None:
    with pytest.raises(WrongStateError) as caught:
        job(state=DONE).retried()
    assert caught.value.hint


def test_a_failed_try_counts_and_a_users_wish_begins_anew() -> None:
    tried = job(state=ACTIVE).put_back(not_before=9.0, error=TROUBLE)
    assert (tried.attempts, tried.not_before, tried.error) == (1, 9.0, TROUBLE)
    again = tried.paused().queued()
    assert (again.attempts, again.not_before, again.error) == (0, 0.0, None)


def test_a_part_that_is_not_wanted_is_remembered_until_the_job_is_tried_again() -> None:
    gone = job(state=PAUSED).cancelled(5.0, part=PartChoice.REMOVE)
    assert gone.part_unwanted
    assert gone.cancelled(6.0).part_unwanted
    assert not gone.retried().part_unwanted


def test_neither_address_nor_headers_are_in_a_jobs_text() -> None:
    assert "planted" not in repr(job().redirected("https://example.org/?token=planted", "https://example.org/?..."))
