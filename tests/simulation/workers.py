"""Workers without threads: the steps of all tasks run in an order that the seed draws."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.storage.workers import After, Step

if TYPE_CHECKING:
    from random import Random

    from anymatix_fetcher.storage.workers import Task
    from tests.simulation.clock import VirtualClock


class SimulatedWorker:
    """Implements ``Worker``."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.wakes_at = 0.0
        self.awake = True
        self.stopped = False

    def wake(self) -> None:
        self.awake = True
        self.wakes_at = 0.0

    def stop(self) -> None:
        self.stopped = True

    def step(self, now: float) -> None:
        """One step of the task."""
        self.awake = False
        try:
            following = self.task.step()
        except Exception as error:  # noqa: BLE001 - whatever a step raises is the task's to hear
            self.stopped = True
            with suppress(Exception):  # what that raises is logged at most
                self.task.fail(error)
            return
        if following is Step.DONE:
            self.stopped = True
        elif isinstance(following, After):
            self.awake, self.wakes_at = True, now + following.seconds
        elif following is Step.MORE:
            self.awake = True


class SimulatedWorkers:
    """Implements ``Workers``."""

    def __init__(self, clock: VirtualClock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._workers: list[SimulatedWorker] = []

    def start(self, task: Task, *, asleep: bool = False) -> SimulatedWorker:
        worker = SimulatedWorker(task)
        worker.awake = not asleep
        self._workers.append(worker)
        return worker

    def hold(self) -> None:
        pass

    def go_on(self) -> None:
        pass

    def step(self) -> bool:
        """Lets one task do one step; false where none has anything to do now."""
        self._workers = [worker for worker in self._workers if not worker.stopped]
        ready = [worker for worker in self._workers if worker.awake and worker.wakes_at <= self._clock.now]
        if not ready:
            return False
        self._random.choice(ready).step(self._clock.now)
        return True

    @property
    def next_at(self) -> float | None:
        """When the next sleeping task wants to go on."""
        return min((worker.wakes_at for worker in self._workers if worker.awake and not worker.stopped), default=None)
