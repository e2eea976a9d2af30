"""The contract of workers: what becomes of a task is its own affair, and a failure is told exactly once."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.storage.workers import After, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.storage.workers import Next, Workers

    Until = Callable[[Callable[[], bool]], None]

ERROR = OSError(errno.EIO, os.strerror(errno.EIO))


class Scripted:
    """A task that does as it is told, step by step, and notes it."""

    def __init__(self, *script: Next | Exception, fails: Exception | None = None) -> None:
        self.happened: list[object] = []
        self._script = list(script)
        self._fails = fails

    def step(self) -> Next:
        following = self._script.pop(0)
        self.happened.append(following)
        if isinstance(following, Exception):
            raise following
        return following

    def fail(self, error: Exception) -> None:
        self.happened.append(("failed", error))
        if self._fails is not None:
            raise self._fails


class WorkersContract:
    """Base of the contract; a subclass says which workers, and how they are let work until something holds."""

    @pytest.fixture
    def workers(self) -> Workers:
        raise NotImplementedError

    @pytest.fixture
    def until(self, workers: Workers) -> Until:
        raise NotImplementedError

    def test_a_task_goes_on_until_it_is_done(self, workers: Workers, until: Until) -> None:
        task = Scripted(Step.MORE, After(0.001), Step.DONE, Step.DONE)
        workers.start(task)
        until(lambda: len(task.happened) == 3)
        assert task.happened == [Step.MORE, After(0.001), Step.DONE]

    def test_an_idle_task_goes_on_when_it_is_woken(self, workers: Workers, until: Until) -> None:
        task = Scripted(Step.IDLE, Step.DONE)
        worker = workers.start(task, asleep=True)
        worker.wake()
        until(lambda: task.happened == [Step.IDLE])
        worker.wake()
        until(lambda: task.happened == [Step.IDLE, Step.DONE])

    def test_what_a_step_raises_is_told_to_its_task_once(self, workers: Workers, until: Until) -> None:
        task = Scripted(ERROR, Step.DONE)
        worker = workers.start(task)
        until(lambda: len(task.happened) == 2)
        worker.wake()
        worker.stop()
        assert task.happened == [ERROR, ("failed", ERROR)]

    def test_tasks_that_fail_to_fail_take_nothing_from_the_others(self, workers: Workers, until: Until) -> None:
        hopeless = [Scripted(ERROR, fails=ZeroDivisionError("planted")) for _ in range(20)]
        begun = [workers.start(task) for task in hopeless]
        until(lambda: all(len(task.happened) == 2 for task in hopeless))
        sound = Scripted(Step.MORE, Step.DONE)
        workers.start(sound)
        until(lambda: sound.happened == [Step.MORE, Step.DONE])
        for worker in begun:
            worker.stop()  # nobody waits for what is over

    def test_a_stopped_task_takes_no_further_step(self, workers: Workers, until: Until) -> None:
        task, other = Scripted(Step.IDLE, Step.DONE), Scripted(Step.DONE)
        worker = workers.start(task)
        until(lambda: task.happened == [Step.IDLE])
        worker.stop()
        worker.wake()
        workers.start(other)
        until(lambda: other.happened == [Step.DONE])
        assert task.happened == [Step.IDLE]
