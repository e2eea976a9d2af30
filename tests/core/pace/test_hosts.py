from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts, Share
from anymatix_fetcher.core.pace.learned import KnownHost
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.engine.settings import Settings
from tests.core.pace.hosting import OTHER, PLAIN, TLS, Seen, host_of, joined, speaks


def used(shares: list[Share]) -> int:
    return sum(min(share.connections, share.demand) for share in shares)


# Dividing -------------------------------------------------------------------------------------------------


def test_one_download_alone_has_all_that_the_pace_allows() -> None:
    share = host_of(budget=8).join()
    assert share.connections == 8
    share.want(8, 0)
    assert share.connections == 8


def test_the_oldest_gets_what_the_one_for_each_of_the_others_leaves() -> None:
    shares = joined(host_of(budget=8), 100, 100, 100)
    assert [share.connections for share in shares] == [6, 1, 1]


def test_what_the_oldest_does_not_need_is_the_next_ones() -> None:
    shares = joined(host_of(budget=8), 2, 100, 100)
    assert [min(share.connections, share.demand) for share in shares] == [2, 5, 1]


def test_where_the_budget_ends_the_youngest_wait_until_one_is_over() -> None:
    host = host_of(budget=2)
    first, second, third = joined(host, 1, 1, 1)
    assert [first.connections, second.connections, third.connections] == [1, 1, 0]
    host.leave(first, 100)
    assert [second.connections, third.connections] == [1, 1]


def test_whoever_verifies_takes_nobodys_place() -> None:
    verifying, other = joined(host_of(budget=4), 0, 9)
    assert (verifying.connections, other.connections) == (0, 4)


@given(st.integers(1, 40), st.lists(st.integers(0, 50), max_size=30))
def test_never_more_is_allotted_than_the_budget_and_nothing_of_it_is_left_where_it_is_wanted(
    budget: int, demands: list[int]
) -> None:
    shares = joined(host_of(budget=budget), *demands)
    assert used(shares) == min(budget, sum(demands))
    wanting = [share for share in shares if share.demand]
    assert all(share.connections >= 1 for share in wanting[:budget])


@given(st.integers(1, 8), st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_everybody_ends(budget: int, sizes: list[int]) -> None:
    host = host_of(budget=budget)
    left = dict(zip(joined(host, *sizes), sizes, strict=True))
    for _ in range(sum(sizes)):
        for share in list(left):
            left[share] -= min(share.connections, left[share])
            share.want(0, left[share])
            if not left[share]:
                host.leave(share, 0)
                del left[share]
    assert not left


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_the_sums_are_those_of_all_shares_after_each_change(steps: list[tuple[int, int, int, int]]) -> None:
    host = host_of(budget=8)
    shares: list[Share] = []
    gone, now = 0, 0.0
    for which, what, first, second in steps:
        now += 0.01
        share = shares[which % len(shares)] if shares else None
        if what == 0 or share is None:
            shares.append(host.join())
        elif what == 1:
            share.want(first, second, streams=first if which % 2 else 0)
        elif what == 2:
            share.observe(share.total + first, second, now)
        else:
            gone += share.total + first
            host.leave(share, share.total + first)
            shares.remove(share)
        assert host.total == gone + sum(share.total for share in shares)
        assert host.flowing == sum(
            share.flowing if share.demand > share.under_way else share.demand for share in shares
        )


# The pace -------------------------------------------------------------------------------------------------


def test_the_pace_sees_the_sum_of_what_comes_and_flows_and_forgets_nothing_that_came() -> None:
    pace = Seen()
    host = Host(PLAIN.origin, pace, Hosts())
    first, second = joined(host, 5, 5)
    first.want(2, 5)
    second.want(1, 5)
    first.observe(1000, 2, 1.0)
    second.observe(500, 1, 2.0)
    assert pace.observed == [(1000, 2), (1500, 3)]
    host.leave(first, 1200)
    second.observe(600, 1, 3.0)
    assert pace.observed[-1] == (1800, 1)


def test_the_pace_sees_how_much_is_to_come_for_all_that_have_begun() -> None:
    pace = Seen()
    host = Host(PLAIN.origin, pace, Hosts())
    first, second = joined(host, 5, 5)
    first.want(2, 5)
    second.want(1, 5)
    first.observe(0, 2, 1.0, rest=300)
    assert pace.rests == [inf]  # nobody knows yet how long the second one is
    second.observe(0, 1, 2.0, rest=50)
    assert pace.rests[-1] == 350
    host.waiting = 1
    second.observe(0, 1, 3.0, rest=50)
    assert pace.rests[-1] == inf


def test_the_pace_sees_how_busy_the_reader_of_all_hosts_is() -> None:
    pace, hosts = Seen(), Hosts()
    share = Host(PLAIN.origin, pace, hosts).join()
    share.want(1, 5)
    hosts.workload.add(0.0, 1.0)
    share.observe(0, 1, 1.0)
    hosts.workload.add(0.25, 2.0)
    share.observe(1000, 1, 2.0)
    assert pace.busy == [0.0, 0.75]


def test_the_pace_sees_nothing_while_there_is_no_more_to_ask_for() -> None:
    pace = Seen()
    host = Host(PLAIN.origin, pace, Hosts())
    share = host.join()
    share.want(1, 0)
    share.observe(1000, 1, 1.0)
    assert pace.observed == []
    host.waiting = 1
    share.observe(2000, 1, 2.0)
    assert pace.observed == [(2000, 1)]


def test_times_that_a_late_share_leaves_out_do_not_turn_the_clock_back() -> None:
    pace = Seen()
    host = Host(PLAIN.origin, pace, Hosts())
    host.waiting = 1
    host.join().observe(1, 1, 100.0)
    late = host.join()
    late.observe(0, 1, 40.0)
    late.observe(5, 1, 41.0)
    assert host.now == 101.0


def test_a_refusal_counts_the_others_of_all_downloads() -> None:
    pace = Seen()
    host = Host(PLAIN.origin, pace, Hosts())
    first, second = joined(host, 5, 5)
    first.want(3, 2)
    second.want(2, 2)
    second.refused(2, 1.0)
    assert pace.refusals == [5]


# Pauses ---------------------------------------------------------------------------------------------------


def test_a_pause_is_the_origins_and_ends() -> None:
    host = host_of(TLS)
    first, second = host.join(), host.join()
    first.pause(TLS, 10.0, "the server asks to wait")
    pause = second.pause_at(TLS, 9.9)
    assert pause is not None
    assert pause.reason == "the server asks to wait"
    assert second.pause_at(OTHER, 9.9) is None
    assert host.room(9.9) == 0
    assert second.pause_at(TLS, 10.0) is None
    assert host.room(10.0) > 0


def test_a_pause_is_never_made_shorter() -> None:
    hosts = Hosts()
    hosts.pause(TLS.origin, 10.0, "long")
    hosts.pause(TLS.origin, 5.0, "short")
    assert hosts.pauses[TLS.origin].reason == "long"


def test_the_version_of_a_parallel_response_is_not_all_that_a_host_speaks() -> None:
    host = host_of(TLS)
    share = host.join()
    speaks(share, TLS, "2")
    share.heed(Request(TLS, parallel=True), ResponseHead(206, Headers(), "1.1"), 0.0)
    assert host.hosts.versions[TLS.origin] == "2"


def test_a_quota_that_is_used_up_pauses_its_host_until_it_is_restored() -> None:
    share = host_of(TLS).join()
    speaks(share, OTHER, "2", ("RateLimit", '"api";r=0;t=55'), now=100.0)
    pause = share.pause_at(OTHER, 154.9)
    assert pause is not None
    assert pause.until == 155.0
    assert share.pause_at(TLS, 100.0) is None


@pytest.mark.parametrize("seconds", [3601, 999_999_999])
def test_a_quota_that_is_restored_too_late_to_be_waited_for_pauses_nothing(seconds: int) -> None:
    share = host_of(TLS).join()
    speaks(share, TLS, "2", ("RateLimit", f'"api";r=0;t={seconds}'))
    assert share.pause_at(TLS, 0.0) is None


def test_whoever_waits_says_for_what() -> None:
    host = host_of(TLS, budget=1)
    share = host.join()
    assert host.waits_for(0.0) == f"waiting for its turn at {TLS.host}"
    share.pause(TLS, 90.0, "the server asks to wait")
    assert host.waits_for(10.5) == "the server asks to wait: next request in 80 s"
    share.pause(TLS, 610.0, "the server asks to wait")
    assert host.waits_for(10.5) == "the server asks to wait: next request in 10 min"


def test_a_small_rest_of_a_quota_allows_as_many_connections_until_it_is_restored() -> None:
    host = host_of(TLS, budget=8)
    share = host.join()
    share.want(0, 100)
    speaks(share, TLS, "1.1", ("RateLimit", '"api";r=3;t=10'))
    assert share.connections == 3
    share.observe(0, 0, 10.0)
    assert share.connections == 8


def test_only_who_has_all_connections_foresees_more() -> None:
    host = Host(PLAIN.origin, Pace(), Hosts())
    share = host.join()
    share.answered(0.3)
    share.want(1, 100)
    share.observe(100_000, 1, 1.0)
    assert (share.connections, share.foreseen(1.0)) == (4, 8)
    other = host.join()
    other.want(1, 100)
    assert (share.foreseen(1.0), other.foreseen(1.0)) == (0, 0)
    host.leave(other, 0)
    assert share.foreseen(1.0) == 8
    speaks(share, PLAIN, "1.1", ("RateLimit", '"api";r=30;t=10'))
    assert share.foreseen(1.0) == 0


# What is known --------------------------------------------------------------------------------------------


def test_what_is_known_is_begun_with() -> None:
    hosts = Hosts()
    hosts.known = lambda origin: KnownHost(connections=6, limit=7, http2=False) if origin == TLS.origin else None
    host = hosts.host(TLS.origin, 32, None)
    assert host.pace.connections == 6
    assert hosts.versions[TLS.origin] == "1.1"
    assert hosts.host(OTHER.origin, 32, None).pace.connections == 1


@pytest.mark.parametrize(
    "known",
    [
        KnownHost(connections=1, limit=1),
        KnownHost(limit=1),
        KnownHost(connections=9, limit=1),
        KnownHost(connections=1),
        KnownHost(connections=3, limit=8),
    ],
)
def test_what_is_remembered_of_a_host_is_a_start_and_no_bar(known: KnownHost) -> None:
    hosts = Hosts()
    hosts.known = lambda _: known
    host = hosts.host(TLS.origin, 32, None)
    share = host.join()
    share.answered(0.02)
    assert host.pace.connections == known.start
    total, flowing = 0, 1
    for step in range(40):
        now = step / 20
        share.want(flowing, 100)
        share.observe(total, flowing, now)
        total, flowing = total + flowing * 500_000, share.connections
    assert flowing >= 16


def test_downloads_with_the_same_limits_from_one_origin_have_one_pace() -> None:
    hosts = Hosts()
    assert hosts.host(TLS.origin, 32, None) is hosts.host(TLS.origin, 32, None)
    assert hosts.host(TLS.origin, 32, 1).pace.connections == 1


def test_what_was_learned_has_no_count_that_was_never_measured() -> None:
    hosts = Hosts()
    share = hosts.host(TLS.origin, 32, None).join()
    speaks(share, TLS, "2")
    hosts.pause(OTHER.origin, 30.0, "wait")
    assert hosts.learned(10.0, 1000.0) == {
        TLS.origin: KnownHost(http2=True, seen_at=1000.0),
        OTHER.origin: KnownHost(seen_at=1000.0, paused_until=1020.0),
    }


def test_a_count_that_has_carried_for_some_seconds_is_learned() -> None:
    hosts = Hosts()
    host = hosts.host(PLAIN.origin, 4, None)
    share = host.join()
    speaks(share, PLAIN, "1.1")
    for tick in range(100):
        share.want(share.connections, 9)
        share.observe(tick * 10_000, share.connections, tick / 20)
    learned = hosts.learned(5.0, 1000.0)[PLAIN.origin]
    assert learned.connections == host.pace.learned.connections
    assert learned.http2 is None


def _peak_where_each_connection_adds(maximum: int) -> int:
    share = Hosts().host(PLAIN.origin, maximum, None).join()
    share.answered(0.02)
    total, flowing, peak = 0, 1, 1
    for step in range(100):
        share.want(flowing, 200)
        share.observe(total, flowing, step / 20)
        total, flowing = total + flowing * 500_000, share.connections
        peak = max(peak, flowing)
    return peak


def test_a_climb_whose_steps_pay_passes_a_maximum_that_the_user_has_not_stated() -> None:
    assert Settings().max_connections == 32
    assert _peak_where_each_connection_adds(Settings().max_connections) == 64
    assert _peak_where_each_connection_adds(replace(Settings(), directory=Path("elsewhere")).max_connections) == 64


@pytest.mark.parametrize("stated", [1, 5, 32, 48])
def test_a_maximum_that_the_user_has_stated_is_never_passed(stated: int) -> None:
    assert _peak_where_each_connection_adds(Settings(max_connections=stated).max_connections) == stated


def test_a_stated_maximum_has_a_host_of_its_own() -> None:
    hosts = Hosts()
    assert hosts.host(PLAIN.origin, Settings().max_connections, None) is not hosts.host(PLAIN.origin, 32, None)
