from __future__ import annotations

import errno
import logging
import queue
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import DiskFullError, NotFoundError, StorageError
from anymatix_fetcher.storage.workers import After, Next, Step, ThreadWorkers, failure

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
        assert isinstance(failure(ZeroDivisionError("bug"), Path("x")).error, StorageError)
    assert "ZeroDivisionError" in caplog.text
