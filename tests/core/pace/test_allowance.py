"""Connections that the pace alone doesn't tell of: under a limit of our own, and beside downloads never answered."""

from __future__ import annotations

from anymatix_fetcher.core.pace.allowance import LIMITED_SECONDS, MOST_LIMITED, MOST_UNANSWERED, UNANSWERED_SECONDS
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts
from tests.core.pace.hosting import PLAIN, host_of


def fresh() -> tuple[Hosts, Host]:
    """A host that nothing is known of."""
    hosts = Hosts()
    return hosts, hosts.host(PLAIN.origin, 32, None)


def test_downloads_share_a_limit_of_our_own_from_the_start() -> None:
    hosts, host = fresh()
    first = host.join()
    first.want(1, 8)
    host.queue(2)
    assert host.room(1.0) == 0  # the first one's flow shows first what the host bears
    hosts.heed_limit(1.0, binds=True)
    assert host.room(1.0) == MOST_LIMITED - 1
    shares = [first, host.join()]
    shares[1].want(1, 8)
    host.queue(-1)
    assert [share.connections for share in shares] == [2, 1]  # one more for the first, until the third has begun
    shares.append(host.join())
    host.queue(-1)
    assert [share.connections for share in shares] == [1, 1, 1]
    for _ in range(10):
        host.join()
    assert sum(share.connections for share in host._shares) == MOST_LIMITED


def test_a_limit_is_taken_to_bind_for_a_while_after_it_did() -> None:
    hosts, host = fresh()
    hosts.heed_limit(0.0, binds=True)
    shares = [host.join(), host.join()]
    hosts.heed_limit(LIMITED_SECONDS - 1.0, binds=False)
    assert [share.connections for share in shares] == [1, 1]
    hosts.heed_limit(LIMITED_SECONDS, binds=False)
    assert [share.connections for share in shares] == [1, 0]


def test_a_limit_opens_no_more_than_the_server_bears_nor_than_the_user_wants() -> None:
    hosts, host = fresh()
    hosts.heed_limit(0.0, binds=True)
    shares = [host.join() for _ in range(4)]
    for share in shares[:3]:
        share.want(1, 1)
    assert [share.connections for share in shares] == [1, 1, 1, 1]
    shares[3].refused(0, 0.0)
    assert [share.connections for share in shares] == [1, 1, 1, 0]
    fixed = host_of(budget=1)
    fixed.hosts.heed_limit(0.0, binds=True)
    assert [share.connections for share in (fixed.join(), fixed.join())] == [1, 0]


def test_beside_downloads_that_are_never_answered_others_begin() -> None:
    _, host = fresh()
    silent = host.join()
    assert host.room(0.0) == 0
    assert host.room(UNANSWERED_SECONDS - 0.1) == 0
    assert host.room(UNANSWERED_SECONDS) == 1
    other = host.join()
    assert (silent.connections, other.connections, host.room(UNANSWERED_SECONDS)) == (1, 1, 0)
    other.answered(0.1)
    assert (silent.connections, other.connections) == (1, 1)
    silent.answered(9.0)
    assert (silent.connections, other.connections) == (1, 0)  # it counts again; the climb goes on from here


def test_one_that_ends_unanswered_leaves_no_place_behind_and_so_many_are_enough() -> None:
    _, host = fresh()
    for number in range(MOST_UNANSWERED + 3):
        host.join()
        host.room(number * 10.0)
        host.room(number * 10.0 + UNANSWERED_SECONDS)
    assert host.budget == 1 + MOST_UNANSWERED
    for share in list(host._shares):
        host.leave(share, 0)
    assert host.budget == 1


def test_where_one_count_is_wanted_silence_changes_nothing() -> None:
    host = Host(PLAIN.origin, Pace(fixed=1), Hosts(), 1)
    host.join()
    assert [host.room(now) for now in (0.0, 60.0)] == [0, 0]
