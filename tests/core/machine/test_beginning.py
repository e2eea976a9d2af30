from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.hosts import Host, Hosts
from anymatix_fetcher.core.pace.learned import KnownHost
from anymatix_fetcher.core.pace.shared_connections import MOST_STREAMS, VERY_MANY_FILES
from tests.core.pace.hosting import OTHER, PLAIN, TLS, Seen, host_of, joined, speaks

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Url


def test_the_next_one_begins_when_those_that_are_begun_leave_a_connection() -> None:
    host = host_of(budget=4)
    assert host.room(0.0) == 4
    large, small = joined(host, 2, 1)
    assert host.room(0.0) == 1
    large.want(2, 7)
    assert host.room(0.0) == 0
    large.want(0, 0)
    small.want(1, 0)
    assert host.room(0.0) == 3


def test_many_small_files_over_http2_open_more_and_more_at_a_time() -> None:
    host = host_of(TLS, budget=2)
    host.waiting = 1000
    assert host.room(0.0) == 1
    first = host.join()
    first.want(1, 0, streams=1)
    assert host.room(0.0) == 0, "the first one shows what the server speaks"
    speaks(first, TLS, "2")
    assert host.room(0.0) == 0
    first.turned_out_small()
    assert host.room(0.0) == 8
    for _ in range(8):
        share = host.join()
        share.want(1, 0, streams=1)
        share.turned_out_small()
    assert host.room(0.0) == 1 + 8 * 9 - 9
    host.small_files = 1000
    assert host.room(0.0) == MOST_STREAMS - 9
    assert all(share.connections == 1 for share in host._shares)


def test_a_file_that_turns_out_large_keeps_others_from_being_begun() -> None:
    host = host_of(TLS, budget=4)
    host.waiting = 1000
    first = host.join()
    first.want(1, 0, streams=1)
    speaks(first, TLS, "2")
    first.want(1, 50, streams=1)
    assert host.room(0.0) == 0
    assert first.connections == 4


@pytest.mark.parametrize(("url", "version", "waiting"), [(PLAIN, "1.1", 99), (TLS, "1.1", 99), (TLS, "2", 1)])
def test_requests_share_a_connection_only_over_http2_and_for_many(url: Url, version: str, waiting: int) -> None:
    host = host_of(url)
    host.waiting = waiting
    share = host.join()
    speaks(share, url, version)
    assert share.shared_connection(url) is None


def test_one_finds_out_what_an_unknown_host_speaks_and_the_others_do_not_wait_for_it() -> None:
    host = host_of(TLS)
    host.waiting = 10
    shares = [host.join() for _ in range(3)]
    assert [share.shared_connection(OTHER) for share in shares] == [0, None, None]
    speaks(shares[0], OTHER, "2")
    assert [share.shared_connection(OTHER) for share in shares[1:]] == [1, 2]


def test_where_very_many_wait_every_lane_is_opened_before_anybody_has_answered() -> None:
    host = host_of(TLS, budget=8)
    host.waiting = VERY_MANY_FILES
    assert host.room(0.0) == 4
    scouts = [host.join() for _ in range(4)]
    assert host.room(0.0) == 0
    assert [scout.shared_connection(TLS) for scout in scouts] == [0, 1, 2, 3]
    late = host.join()
    assert late.shared_connection(TLS) is None, "the others don't wait for what the scouts find out"
    host.leave(late, 0)
    for scout in scouts:
        scout.want(1, 0, streams=1)
        speaks(scout, TLS, "2")
        scout.turned_out_small()
    assert host.room(0.0) == 1 + 8 * 4 - 4


def test_a_scout_whose_file_is_large_has_one_connection_and_nobody_follows_it() -> None:
    host = host_of(TLS, budget=8)
    host.waiting = VERY_MANY_FILES
    scouts = [host.join() for _ in range(4)]
    for scout in scouts:
        assert scout.shared_connection(TLS) is not None
        speaks(scout, TLS, "2")
        scout.want(1, 50, streams=1)
    assert [scout.connections for scout in scouts] == [5, 1, 1, 1]
    assert host.room(0.0) == 0


def test_a_refusal_on_a_lane_leaves_fewer_of_them() -> None:
    host = host_of(TLS, budget=8)
    host.waiting = 100
    first = host.join()
    assert first.shared_connection(TLS) == 0
    speaks(first, TLS, "2")
    first.want(1, 0, streams=1)
    first.refused(0, 1.0)
    assert {host.join().shared_connection(TLS) for _ in range(10)} == {0, 1}


def test_half_of_the_connections_that_a_host_may_have_are_left_to_large_files() -> None:
    hosts = Hosts()
    assert hosts.host(TLS.origin, 32, None).shared.count == 4
    assert hosts.host(TLS.origin, 32, 4).shared.count == 2
    assert hosts.host(TLS.origin, 32, 1).shared.count == 1
    hosts.known = lambda _: KnownHost(limit=2)
    assert hosts.host(OTHER.origin, 32, None).shared.count == 4, "what was refused in a bad minute binds nobody"


def test_a_refusal_on_the_shared_connection_halves_the_streams_and_blames_no_connection() -> None:
    pace = Seen()
    host = Host(TLS.origin, pace, Hosts(), 8)
    host.waiting = 100
    shares = [host.join() for _ in range(8)]
    for share in shares:
        share.want(1, 0, streams=1)
        share.turned_out_small()
    speaks(shares[0], TLS, "2")
    shares[7].refused(0, 1.0)
    assert pace.refusals == []
    for share in shares[:5]:
        host.leave(share, 0)
    assert host.room(1.0) == 4 - 3
