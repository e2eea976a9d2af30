from __future__ import annotations

import errno
import logging
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DiskFullError, InternalError, NotFoundError, StorageError
from anymatix_fetcher.storage.workers import After, Next, Step, ThreadWorkers, failure
from tests.threads import no_more_threads

if TYPE_CHECKING:
    import pytest


class Scripted:
    """A task that does as it is told, step by step."""

    def __init__(self, *script: Next | Exception) -> None:
        self.script = list(script)
        self.happened: queue.Queue[object] = queue.Queue()

    def step(self) -> Next:
        following = self.script.pop(0)
        self.happened.put(following)
        if isinstance(following, Exception):
            raise following
        return following

    def fail(self, error: Exception) -> None:
        self.happened.put(("failed", error))

    def next(self) -> object:
        return self.happened.get(timeout=30)


def test_a_task_goes_on_until_it_is_done() -> None:
    task = Scripted(Step.MORE, Step.MORE, Step.DONE)
    worker = ThreadWorkers().start(task)
    assert [task.next() for _ in range(3)] == [Step.MORE, Step.MORE, Step.DONE]
    worker.stop()
    assert task.script == []


def test_an_idle_task_sleeps_until_it_is_woken() -> None:
    task = Scripted(Step.IDLE, Step.DONE)
    worker = ThreadWorkers().start(task)
    assert task.next() is Step.IDLE
    assert task.happened.empty()
    worker.wake()
    assert task.next() is Step.DONE
    worker.stop()


def test_a_task_that_waits_goes_on_when_its_time_has_passed() -> None:
    task = Scripted(After(0.001), Step.DONE)
    worker = ThreadWorkers().start(task)
    assert [task.next(), task.next()] == [After(0.001), Step.DONE]
    worker.stop()


def test_a_stopped_task_takes_no_further_step() -> None:
    task = Scripted(Step.IDLE, Step.DONE)
    worker = ThreadWorkers().start(task)
    task.next()
    worker.stop()
    worker.wake()
    assert task.script == [Step.DONE]


def test_what_a_step_raises_is_handed_to_the_task_and_ends_it() -> None:
    error = ValueError("oops")
    task = Scripted(error, Step.DONE)
    worker = ThreadWorkers().start(task)
    assert [task.next(), task.next()] == [error, ("failed", error)]
    worker.stop()
    assert task.script == [Step.DONE]


def test_failures_keep_their_kind(caplog: pytest.LogCaptureFixture) -> None:
    own = NotFoundError("gone")
    assert failure(own, Path("x")).error is own
    assert isinstance(failure(OSError(errno.ENOSPC, "full"), Path("x")).error, DiskFullError)
    with caplog.at_level(logging.ERROR):
        assert isinstance(failure(ZeroDivisionError("bug"), Path("x")).error, InternalError)
    assert "ZeroDivisionError" in caplog.text


def test_idle_tasks_take_no_thread() -> None:
    before = threading.active_count()
    workers = ThreadWorkers(most=2)
    tasks = [Scripted(Step.IDLE, Step.DONE) for _ in range(200)]
    started = [workers.start(task) for task in tasks]
    assert [task.next() for task in tasks] == [Step.IDLE] * 200
    assert threading.active_count() <= before + 2
    for worker in started:
        worker.wake()
    assert [task.next() for task in tasks] == [Step.DONE] * 200


class Blocked:
    """A task whose step lasts until it is let go."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.let_go = threading.Event()

    def step(self) -> Next:
        self.running.set()
        assert self.let_go.wait(30)
        return Step.DONE

    def fail(self, error: Exception) -> None:
        raise error


def test_a_task_that_lasts_holds_up_no_other() -> None:
    workers = ThreadWorkers(most=2)
    blocked, quick = Blocked(), Scripted(Step.MORE, After(0.001), Step.DONE)
    worker = workers.start(blocked)
    assert blocked.running.wait(30)
    workers.start(quick)
    assert [quick.next() for _ in range(3)] == [Step.MORE, After(0.001), Step.DONE]
    blocked.let_go.set()
    worker.stop()


def test_stopping_waits_for_the_step_that_is_running() -> None:
    blocked = Blocked()
    worker = ThreadWorkers().start(blocked)
    assert blocked.running.wait(30)
    stopped = threading.Event()

    def stop() -> None:
        worker.stop()
        stopped.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert not stopped.wait(0.05)
    blocked.let_go.set()
    stopper.join(30)
    assert stopped.is_set()


def test_a_task_that_is_woken_while_it_runs_takes_one_more_step() -> None:
    class Waking(Scripted):
        def step(self) -> Next:
            following = super().step()
            if following is Step.IDLE:
                worker.wake()
            return following

    task = Waking(After(60.0), Step.IDLE, Step.DONE)
    worker = ThreadWorkers().start(task)
    assert task.next() == After(60.0)
    worker.wake()
    assert [task.next(), task.next()] == [Step.IDLE, Step.DONE]


def test_a_task_that_is_started_asleep_takes_no_step_before_it_is_woken() -> None:
    task = Scripted(Step.DONE)
    workers = ThreadWorkers(most=1)
    worker = workers.start(task, asleep=True)
    other = Scripted(Step.DONE)
    workers.start(other)
    assert other.next() is Step.DONE
    assert task.happened.empty()
    worker.wake()
    assert task.next() is Step.DONE


def test_while_it_is_held_nothing_begins_and_afterwards_everything_does() -> None:
    before = threading.active_count()
    workers = ThreadWorkers(most=2)
    tasks = [Scripted(Step.DONE) for _ in range(50)]
    sleeping = Scripted(Step.DONE)
    worker = workers.start(sleeping, asleep=True)
    workers.hold()
    for task in tasks:
        workers.start(task)
    worker.wake()
    assert threading.active_count() == before
    workers.go_on()
    assert [task.next() for task in (*tasks, sleeping)] == [Step.DONE] * 51


def test_threads_call_each_other_until_there_are_enough_for_tasks_that_last() -> None:
    workers = ThreadWorkers(most=4)
    blocked = [Blocked() for _ in range(4)]
    workers.hold()
    started = [workers.start(task) for task in blocked]
    workers.go_on()
    assert all(task.running.wait(30) for task in blocked)
    for task in blocked:
        task.let_go.set()
    for worker in started:
        worker.stop()
    # The same once more, by threads that rest.
    again = [Blocked() for _ in range(4)]
    started = [workers.start(task) for task in again]
    assert all(task.running.wait(30) for task in again)
    for task in again:
        task.let_go.set()
    for worker in started:
        worker.stop()


def test_while_steps_are_quick_one_thread_takes_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anymatix_fetcher.storage.workers.monotonic", lambda: 1000.0)
    threads = set()

    class Noted(Scripted):
        def step(self) -> Next:
            threads.add(threading.get_ident())
            return super().step()

    workers = ThreadWorkers(most=4)
    tasks = [Noted(Step.MORE, Step.MORE, Step.DONE) for _ in range(100)]
    workers.hold()
    for task in tasks:
        workers.start(task)
    workers.go_on()
    assert [[task.next() for _ in range(3)] for task in tasks] == [[Step.MORE, Step.MORE, Step.DONE]] * 100
    assert len(threads) == 1


def test_a_task_that_runs_when_it_is_held_ends_its_step_and_goes_on_later() -> None:
    class Held(Scripted):
        def step(self) -> Next:
            workers.hold()
            return super().step()

    workers = ThreadWorkers(most=1)
    task = Held(Step.MORE, Step.DONE)
    worker = workers.start(task)
    assert task.next() is Step.MORE
    other = Scripted(Step.DONE)
    workers.start(other)
    assert other.happened.empty()
    workers.go_on()
    # Held again by its second step, the other one needs another word.
    assert task.next() is Step.DONE
    workers.go_on()
    assert other.next() is Step.DONE
    worker.stop()


def test_where_no_thread_can_start_the_tasks_are_told_and_later_ones_run() -> None:
    workers = ThreadWorkers()
    stranded, asleep, sound = Scripted(Step.DONE), Scripted(Step.DONE), Scripted(Step.DONE)
    with no_more_threads():
        workers.start(stranded)
        sleeping = workers.start(asleep, asleep=True)
        workers.go_on()
    told = stranded.next()
    assert isinstance(told, tuple)
    assert isinstance(told[1], StorageError)
    assert "no more threads" in told[1].message
    assert told[1].hint
    workers.start(sound)
    assert sound.next() is Step.DONE
    sleeping.wake()
    assert asleep.next() is Step.DONE


def test_a_thread_that_cant_start_beside_others_is_done_without() -> None:
    workers = ThreadWorkers(most=4)
    blocked, others = Blocked(), [Scripted(Step.DONE) for _ in range(3)]
    worker = workers.start(blocked)
    assert blocked.running.wait(30)
    with no_more_threads():
        for task in others:
            workers.start(task)
        workers.go_on()
    blocked.let_go.set()
    assert [task.next() for task in others] == [Step.DONE] * 3
    worker.stop()
