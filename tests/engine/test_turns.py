"""Whoever waits in line says for what."""

from __future__ import annotations

from itertools import count

from anymatix_fetcher import Job, Settings
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.ticket import Ticket
from anymatix_fetcher.engine.turns import FULL, SAME, HostTurns, Waiting

NUMBERS = count()


def waiting(host: Host, name: str) -> Waiting:
    url = f"{host.origin}/{name}"
    return Waiting(Ticket(Job(url, Settings()), next(NUMBERS)), Resource(Url.parse(url)), host)


def host_at(address: str, hosts: Hosts) -> Host:
    return Host(Url.parse(address).origin, Pace(fixed=1), hosts)


def notes(line: HostTurns, now: float, *, full: bool = False) -> dict[str, str]:
    return {ticket.job.reference: note for ticket, note in line.notes(now, full=full)}


def test_each_says_what_its_host_waits_for() -> None:
    hosts, line = Hosts(), HostTurns()
    paused, busy = host_at("https://paused.example", hosts), host_at("https://busy.example", hosts)
    hosts.pause(paused.origin, 60.0, "the server asks to wait")
    busy.join()
    for one in (waiting(paused, "a"), waiting(paused, "b"), waiting(busy, "c")):
        line.add(one)
    assert line.next(10.0) is None
    assert notes(line, 10.0) == {
        "https://paused.example/a": "the server asks to wait: next request in 50 s",
        "https://paused.example/b": "the server asks to wait: next request in 50 s",
        "https://busy.example/c": "waiting for its turn at busy.example",
    }


def test_those_that_could_begin_if_not_so_many_were_under_way_say_so() -> None:
    hosts, line = Hosts(), HostTurns()
    free, paused = host_at("https://free.example", hosts), host_at("https://paused.example", hosts)
    hosts.pause(paused.origin, 60.0, "the server asks to wait")
    line.add(waiting(free, "a"))
    line.add(waiting(paused, "b"))
    assert notes(line, 10.0, full=True) == {
        "https://free.example/a": FULL,
        "https://paused.example/b": "the server asks to wait: next request in 50 s",
    }


def test_the_same_job_says_that_it_waits_for_the_others_result() -> None:
    line, host = HostTurns(), host_at("https://busy.example", Hosts())
    first, second = waiting(host, "a"), waiting(host, "a")
    line.add(first)
    line.add(second)
    assert line.next(0.0) is first
    assert list(line.notes(0.0, full=False)) == [(second.ticket, SAME)]
