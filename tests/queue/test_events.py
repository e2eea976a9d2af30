from __future__ import annotations

from anymatix_fetcher.queue.events import EventKind, EventLog, QueueEvent
from tests.queue.sample import job


def test_numbers_rise_and_listeners_are_told_in_order_until_they_end() -> None:
    log, seen = EventLog(100), list[QueueEvent]()
    end = log.subscribe(seen.append)
    log.tell(EventKind.ADDED, job(1))
    log.tell(EventKind.PROGRESS, job(1))
    end()
    end()
    log.tell(EventKind.REMOVED, job(1))
    assert [(event.number, event.kind) for event in seen] == [(101, EventKind.ADDED), (102, EventKind.PROGRESS)]
    assert log.newest == 103


def test_a_listener_that_comes_back_is_told_what_it_has_missed_but_no_old_progress() -> None:
    log = EventLog(100)
    for kind in (EventKind.ADDED, EventKind.PROGRESS, EventKind.CHANGED):
        log.tell(kind, job(1))
    assert [event.number for event in log.since(100) or ()] == [101, 103]
    assert [event.number for event in log.since(102) or ()] == [103]
    assert log.since(103) == []


def test_a_number_that_is_not_known_begins_anew() -> None:
    log = EventLog(100, remembered=2)
    for _ in range(4):
        log.tell(EventKind.CHANGED, job(1))
    assert [event.number for event in log.since(102) or ()] == [103, 104]
    assert log.since(101) is None
    assert log.since(105) is None
    assert log.since(0) is None


def test_a_listener_that_breaks_off_while_all_jobs_are_told_begins_anew() -> None:
    log = EventLog(100)
    assert list(log.reserve(3)) == [101, 102, 103]
    log.tell(EventKind.CHANGED, job(1))
    assert log.newest == 104
    assert [log.since(number) is None for number in (100, 101, 102, 103, 104)] == [False, True, True, False, False]
    assert list(log.reserve(0)) == []
