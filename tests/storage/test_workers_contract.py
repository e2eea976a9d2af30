"""Every implementation of workers, those of the simulation and the doubles too, keeps the contract."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.engine.answering import AnsweringWorkers
from anymatix_fetcher.storage.workers import ThreadWorkers
from tests.contracts.workers import WorkersContract
from tests.simulation.clock import VirtualClock
from tests.simulation.workers import SimulatedWorkers
from tests.storage.doubles import ManualWorkers

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.storage.workers import Workers
    from tests.contracts.workers import Until

PATIENCE_SECONDS = 30.0


class TestThreadWorkers(WorkersContract):
    @pytest.fixture
    def workers(self) -> Workers:
        return ThreadWorkers(most=4)

    @pytest.fixture
    def until(self, workers: Workers) -> Until:
        del workers

        def wait(holds: Callable[[], bool]) -> None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not holds():
                assert time.monotonic() < deadline
                time.sleep(0)  # the others' turn

        return wait


class TestWorkersOfOneDownload(TestThreadWorkers):
    @pytest.fixture
    def workers(self) -> Workers:
        return AnsweringWorkers(ThreadWorkers(most=4), lambda _: None)


class TestSimulatedWorkers(WorkersContract):
    clock = VirtualClock()

    @pytest.fixture
    def workers(self) -> SimulatedWorkers:
        return SimulatedWorkers(self.clock, Random(1))

    @pytest.fixture
    def until(self, workers: SimulatedWorkers) -> Until:
        def work(holds: Callable[[], bool]) -> None:
            while not holds():
                if not workers.step():
                    assert workers.next_at is not None
                    self.clock.advance_to(workers.next_at)

        return work


class TestManualWorkers(WorkersContract):
    @pytest.fixture
    def workers(self) -> ManualWorkers:
        return ManualWorkers()

    @pytest.fixture
    def until(self, workers: ManualWorkers) -> Until:
        def work(holds: Callable[[], bool]) -> None:
            workers.run()
            assert holds()

        return work
