"""References on their way to resources, some at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.hosts import Hosts
from anymatix_fetcher.core.values.http import Request
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.ports import Ports
from anymatix_fetcher.engine.reception import MOST_AT_A_TIME, MOST_AT_ONCE, Reception
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.engine.ticket import Ticket
from anymatix_fetcher.sources.base import ask
from tests.engine.test_conversation import ByHand
from tests.simulation.breakage import Free
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimulatedDisk
from tests.simulation.workers import SimulatedWorkers

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.sources.base import Resolving

MANY = 3 * MOST_AT_A_TIME


def direct(job: Job) -> Resolving:
    yield from ()
    return (Resource(Url.parse(job.reference)),)


def asking(job: Job) -> Resolving:
    yield from ask(Request(Url.parse(job.reference)))
    return (Resource(Url.parse(job.reference)),)


def reception(resolve: Callable[[Job], Resolving], transport: ByHand) -> Reception:
    clock = VirtualClock()
    ports = Ports(
        transport=transport,
        disk=SimulatedDisk(lambda *_: None),
        workers=SimulatedWorkers(clock, None),  # type: ignore[arg-type] # nobody works
        lock=Free,
        clock=clock,
        random=lambda: 1.0,
    )
    made = Reception(resolve, ports, Hosts())
    for number in range(MANY):
        made.add(Ticket(Job(f"https://files.example/{number}.bin", Settings()), number))
    return made


def test_of_very_many_references_the_first_ones_are_known_before_the_last_ones_are_looked_at() -> None:
    received = reception(direct, ByHand())
    numbers: list[list[int]] = []
    while received.has_more:
        numbers.append([ticket.number for ticket, _, _ in received.resolved()])
    assert [len(step) for step in numbers] == [MOST_AT_A_TIME] * 3
    assert [number for step in numbers for number in step] == list(range(MANY))
    assert received.is_idle


def test_those_that_ask_a_service_wait_for_each_other_and_not_for_another_look() -> None:
    transport = ByHand()
    received = reception(asking, transport)
    assert not list(received.resolved())
    assert len(transport.started) == MOST_AT_ONCE
    assert not received.has_more
