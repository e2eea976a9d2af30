"""Which of the queue's events aria2's clients are told."""

from __future__ import annotations

from anymatix_fetcher.queue.events import EventKind, QueueEvent
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.serve.aria2.notifications import NOTIFICATIONS, Announcer
from tests.queue.sample import job

ADDED, CHANGED, PROGRESS, REMOVED = EventKind.ADDED, EventKind.CHANGED, EventKind.PROGRESS, EventKind.REMOVED
QUEUED, ACTIVE, PAUSED = JobState.QUEUED, JobState.ACTIVE, JobState.PAUSED


def told(*steps: tuple[EventKind, JobState]) -> list[str]:
    announcer = Announcer()
    names = [announcer.told(QueueEvent(number, kind, job(1, state))) for number, (kind, state) in enumerate(steps)]
    return [name.removeprefix("aria2.onDownload") for name in names if name is not None]


def test_a_download_begins_and_ends() -> None:
    steps = ((ADDED, QUEUED), (CHANGED, ACTIVE), (CHANGED, ACTIVE), (PROGRESS, ACTIVE), (CHANGED, JobState.DONE))
    assert told(*steps) == ["Start", "Complete"]


def test_a_download_that_is_tried_again_has_begun_once() -> None:
    steps = ((CHANGED, ACTIVE), (CHANGED, QUEUED), (CHANGED, ACTIVE), (CHANGED, JobState.FAILED))
    assert told(*steps) == ["Start", "Error"]


def test_one_that_failed_and_that_its_user_tries_again_begins_again() -> None:
    steps = ((CHANGED, ACTIVE), (CHANGED, JobState.FAILED), (CHANGED, QUEUED), (CHANGED, ACTIVE))
    assert told(*steps) == ["Start", "Error", "Start"]


def test_pauses_are_told_each_time_and_once() -> None:
    steps = ((CHANGED, ACTIVE), (CHANGED, PAUSED), (CHANGED, PAUSED), (CHANGED, QUEUED), (CHANGED, PAUSED))
    assert told(*steps) == ["Start", "Pause", "Pause"]
    assert told((ADDED, PAUSED), (CHANGED, QUEUED), (CHANGED, ACTIVE)) == ["Start"]


def test_removing_is_a_stop_and_forgetting_is_nothing() -> None:
    steps = ((CHANGED, ACTIVE), (CHANGED, JobState.CANCELLED), (REMOVED, JobState.CANCELLED), (CHANGED, ACTIVE))
    assert told(*steps) == ["Start", "Stop", "Start"]


def test_nothing_is_told_that_isnt_listed() -> None:
    announcer = Announcer()
    names = {announcer.told(QueueEvent(1, CHANGED, job(number, state))) for number, state in enumerate(JobState)}
    assert names - {None} <= set(NOTIFICATIONS)
