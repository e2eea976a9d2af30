from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.hosts import Hosts
from anymatix_fetcher.core.pace.learned import KnownHost
from anymatix_fetcher.core.values.http import Request, ResponseHead
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.host_knowledge import HostKnowledge

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = Url.parse("https://example.org/secret/path?token=1")
TEXT = "https://example.org"
WALL = 1_800_000_000.0


@dataclass
class World:
    """A memory that is a dictionary, and clocks that are set; implements what is used of ``Ports``."""

    known: dict[str, KnownHost] = field(default_factory=dict)
    writes: int = 0
    now: float = 50.0

    @property
    def memory(self) -> World:
        return self

    def read(self) -> Mapping[str, KnownHost]:
        return self.known

    def write(self, learned: Mapping[str, KnownHost]) -> None:
        self.writes += 1
        self.known |= learned

    def clock(self) -> float:
        return self.now

    def wall_clock(self) -> float:
        return WALL + self.now


def hosts_with_knowledge(world: World) -> tuple[Hosts, HostKnowledge]:
    hosts = Hosts()
    return hosts, HostKnowledge(hosts, world)


def test_a_pause_that_another_process_was_told_is_kept_here_too() -> None:
    world = World({TEXT: KnownHost(paused_until=WALL + 80.0)})
    hosts, knowledge = hosts_with_knowledge(world)
    knowledge.keep_up(world.now)
    pause = hosts.pause_at(URL.origin, world.now)
    assert pause is not None
    assert pause.until == 80.0
    assert world.writes == 0


def test_a_pause_is_known_before_the_first_request() -> None:
    world = World({TEXT: KnownHost(paused_until=WALL + 80.0)})
    hosts, _ = hosts_with_knowledge(world)
    assert hosts.host(URL.origin, 8, None).room(world.now) == 0


def test_a_pause_in_the_far_future_is_nothing_that_anybody_waits_for() -> None:
    world = World({TEXT: KnownHost(paused_until=WALL + 10**9), "not an origin": KnownHost(paused_until=WALL + 999)})
    hosts, knowledge = hosts_with_knowledge(world)
    knowledge.keep_up(world.now)
    assert not hosts.pauses


def test_a_pause_is_passed_on_at_once_and_only_once() -> None:
    world = World()
    hosts, knowledge = hosts_with_knowledge(world)
    knowledge.keep_up(world.now)
    hosts.pause(URL.origin, 80.0, "the server asks to wait")
    world.now += 0.1
    knowledge.keep_up(world.now)
    assert world.known == {TEXT: KnownHost(seen_at=WALL + 50.1, paused_until=WALL + 80.0)}
    for _ in range(5):
        world.now += 5.0
        knowledge.keep_up(world.now)
    assert world.writes == 1


def test_what_was_learned_is_written_at_most_once_a_second_and_at_the_end() -> None:
    world = World()
    hosts, knowledge = hosts_with_knowledge(world)
    hosts.host(URL.origin, 8, None).join().heed(Request(URL), ResponseHead(200, http_version="2"), world.now)
    for _ in range(21):
        knowledge.has_news = True
        world.now += 0.1
        knowledge.keep_up(world.now)
    assert world.writes == 3
    knowledge.has_news = True
    knowledge.end()
    knowledge.end()
    assert world.writes == 4
    assert world.known[TEXT].http2


def test_what_is_known_is_begun_with() -> None:
    world = World({TEXT: KnownHost(connections=5, seen_at=WALL)})
    hosts, _ = hosts_with_knowledge(world)
    assert hosts.host(URL.origin, 8, None).pace.connections == 5
