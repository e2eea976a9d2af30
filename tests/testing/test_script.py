from __future__ import annotations

import pytest

from anymatix_fetcher.testing import Fault, Match, Rule
from anymatix_fetcher.testing.pacing import TokenBucket, collapsed_rate, piece_bytes
from anymatix_fetcher.testing.script import (
    ConnectionFacts,
    Count,
    RequestFacts,
    choose_for_connection,
    choose_for_request,
    ordinals,
)

FIRST = ConnectionFacts()


def applied(when: Match, *facts: RequestFacts) -> list[bool]:
    """For each request in turn, whether the rule applies."""
    rules, counts, found = [Rule(Fault.ignore_range(), when)], [Count()], []
    for one in facts:
        chosen, counts = choose_for_request(rules, counts, one, seed=1)
        found.append(bool(chosen))
    return found


def facts(**changes: object) -> RequestFacts:
    return RequestFacts(on=FIRST, **{"span": (0, 100), **changes})  # type: ignore[arg-type]  # literal values


def test_ordinals_are_one_from_or_between() -> None:
    assert ordinals(3) == (3, 3)
    assert ordinals("3-") == (3, None)
    assert ordinals("3-5") == (3, 5)
    for wrong in ("0", "", "-3", "5-3", "x", -1):
        with pytest.raises(ValueError, match=r"not of the form|ends before"):
            ordinals(wrong)


def test_requests_are_counted_where_the_other_conditions_hold() -> None:
    a, b = facts(path="/a"), facts(path="/b")
    assert applied(Match(request=2), a, b, a) == [False, True, False]
    assert applied(Match(path="/a", request=2), a, b, a, a) == [False, False, True, False]
    assert applied(Match(path="/?", request="2-"), a, b, a) == [False, True, True]
    assert applied(Match(times=2), a, a, a) == [True, True, False]


def test_methods_ranges_and_headers_are_matched() -> None:
    head, ranged = facts(method="HEAD"), facts(ranged=True, headers={"user-agent": "Python-urllib"})
    assert applied(Match(method="head"), head, ranged) == [True, False]
    assert applied(Match(ranged=True), head, ranged) == [False, True]
    assert applied(Match(ranged=False), head, ranged) == [True, False]
    assert applied(Match(header="User-Agent: Python*"), head, ranged) == [False, True]


def test_offsets_are_matched_half_open() -> None:
    one, two = facts(span=(0, 100)), facts(span=(100, 200))
    assert applied(Match(starts=(0, 100)), one, two, facts(span=None)) == [True, False, False]
    assert applied(Match(touches=(99, 100)), one, two) == [True, False]
    assert applied(Match(touches=(50, 101)), one, two) == [True, True]


def test_load_is_matched() -> None:
    assert applied(Match(requests_above=2), facts(active=1), facts(active=2)) == [False, True]
    crowded = RequestFacts(on=ConnectionFacts(rank=3))
    assert applied(Match(connections_above=2), facts(), crowded) == [False, True]


def test_the_clock_and_the_listener_are_matched() -> None:
    early, late = RequestFacts(on=ConnectionFacts(seconds=1.0)), RequestFacts(on=ConnectionFacts(seconds=2.0))
    assert applied(Match(since=2.0), early, late) == [False, True]
    assert applied(Match(until=2.0), early, late) == [True, False]
    target = RequestFacts(on=ConnectionFacts(listener="target"))
    assert applied(Match(at="target"), early, target) == [False, True]


def test_chance_depends_on_the_seed_alone() -> None:
    many = [facts()] * 300
    drawn = applied(Match(chance=0.3), *many)
    assert drawn == applied(Match(chance=0.3), *many)
    assert 60 < sum(drawn) < 120
    assert not any(applied(Match(chance=0.0), *many))
    assert all(applied(Match(chance=1.0), *many))


def test_flips_apply_only_where_the_byte_is_sent() -> None:
    rules = [Rule(Fault.flip(offsets=(150,)), Match(times=1))]
    chosen, counts = choose_for_request(rules, [Count()], facts(span=(0, 100)), seed=1)
    assert (chosen, counts) == ([], [Count()])
    chosen, counts = choose_for_request(rules, counts, facts(span=(100, 200)), seed=1)
    assert [one.index for one in chosen] == [0]
    assert choose_for_request(rules, counts, facts(span=(100, 200)), seed=1)[0] == []


def test_connections_are_chosen_when_they_are_accepted() -> None:
    rules = [Rule(Fault.refuse(), Match(connection="2-3")), Rule(Fault.reset())]
    counts = [Count(), Count()]
    found = []
    for number in (1, 2, 3, 4):
        chosen, counts = choose_for_connection(rules, counts, ConnectionFacts(connection=number), seed=1)
        found.append(len(chosen))
    assert found == [0, 1, 1, 0]


def test_a_match_that_makes_no_sense_is_named() -> None:
    with pytest.raises(ValueError, match=r"^request: "):
        Match(request="x")
    with pytest.raises(ValueError, match=r"^touches: "):
        Match(touches=(5, 5))
    with pytest.raises(ValueError, match=r"^times: "):
        Match(times=-1)
    with pytest.raises(ValueError, match=r"^chance: "):
        Match(chance=1.5)
    with pytest.raises(ValueError, match=r"^header: "):
        Match(header="nothing")
    with pytest.raises(ValueError, match=r"^at: "):
        Match(at="moon")  # type: ignore[arg-type]  # the point
    with pytest.raises(ValueError, match=r"^path: "):
        Rule(Fault.refuse(), Match(path="/a"))


def test_a_bucket_gives_exactly_its_rate_and_saves_little() -> None:
    bucket = TokenBucket(10.0)
    assert bucket.reserve(100, 1000, 10.0) == pytest.approx(0.1)
    assert bucket.reserve(100, 1000, 10.1) == pytest.approx(0.1)
    assert bucket.reserve(100, 1000, 99.0) == pytest.approx(0.0)
    assert bucket.reserve(100, 1000, 99.0) == pytest.approx(0.1)
    assert piece_bytes(10) == 1
    assert piece_bytes(1_000_000) == 20_000
    assert collapsed_rate(100.0, 4, above=4, share=0.2) == pytest.approx(100.0)
    assert collapsed_rate(100.0, 5, above=4, share=0.2) == pytest.approx(20.0)
