"""Crawling connections are replaced, and the last bytes are raced for, within bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.machine.segments import Flow
from anymatix_fetcher.core.machine.tail import MATURE_SECONDS, SHOWN_SECONDS, crawling, hedge, typical_rate
from anymatix_fetcher.core.values.messages import ExchangeId
from anymatix_fetcher.core.values.spans import Span

MB = 1_000_000


def flow(number: int, rest: int, rate: float, age: float = 10.0, silent: float = 0.0) -> Flow:
    start = number * 100 * MB
    return Flow(ExchangeId(0, number), Span(start, start + rest), rate, age, silent)


def test_the_typical_rate_is_the_median_of_the_mature_and_the_remembered() -> None:
    flows = [flow(1, MB, 4 * MB), flow(2, MB, 5 * MB), flow(3, MB, 90 * MB, age=MATURE_SECONDS / 2)]
    assert typical_rate(flows, [6 * MB]) == 5 * MB
    assert typical_rate([], []) == 0


def test_a_connection_far_below_its_peers_is_replaced() -> None:
    flows = [flow(number, 20 * MB, 4 * MB) for number in range(7)] + [flow(7, 20 * MB, 400)]
    assert [slow.exchange.number for slow in crawling(flows, 4 * MB)] == [7]


def test_a_crawl_that_is_over_before_a_new_connection_would_be_is_let_be() -> None:
    assert not crawling([flow(1, 500_000, 0.4 * MB)], 4 * MB)


def test_a_young_connection_is_not_judged() -> None:
    assert not crawling([flow(1, 20 * MB, 400, age=1.0)], 4 * MB)


def test_where_all_are_slow_nobody_crawls() -> None:
    flows = [flow(number, 20 * MB, 400) for number in range(8)]
    assert not crawling(flows, typical_rate(flows, []))


def test_the_last_bytes_of_the_slowest_are_raced_for() -> None:
    flows = [flow(1, MB, 0.2 * MB), flow(2, MB, 2 * MB)]
    found = hedge(flows, 4 * MB, budget=2 * MB, hedged=frozenset(), first_byte_seconds=0.1)
    assert found == flows[0]


def test_nobody_races_against_what_has_only_just_begun() -> None:
    just_begun = flow(1, MB, 0.0, age=SHOWN_SECONDS / 2)
    assert hedge([just_begun], 4 * MB, budget=2 * MB, hedged=frozenset(), first_byte_seconds=0.1) is None
    just_shown = flow(1, MB, 0.0, age=SHOWN_SECONDS)
    assert hedge([just_shown], 4 * MB, budget=2 * MB, hedged=frozenset(), first_byte_seconds=0.1) == just_shown


def test_nobody_races_beyond_the_budget_or_twice_for_the_same_bytes() -> None:
    slow = flow(1, 3 * MB, 1000)
    assert hedge([slow], 4 * MB, budget=2 * MB, hedged=frozenset(), first_byte_seconds=0.1) is None
    assert hedge([slow], 4 * MB, budget=9 * MB, hedged=frozenset({slow.rest.stop}), first_byte_seconds=0.1) is None
    assert hedge([slow], 0.0, budget=9 * MB, hedged=frozenset(), first_byte_seconds=0.1) is None


def test_who_hangs_is_raced_against_however_quick_it_was_and_however_young_it_is() -> None:
    hangs = flow(1, 100_000, 8 * MB, age=0.5, silent=0.25)
    others = [flow(2, 100_000, 8 * MB, silent=0.05)]
    assert hedge([*others, hangs], 2 * MB, budget=MB, hedged=frozenset(), first_byte_seconds=0.1) == hangs
    # Asking again takes as long as this silence where answers are slow, or where much is left.
    assert hedge([hangs], 2 * MB, budget=MB, hedged=frozenset(), first_byte_seconds=0.2) is None
    much = flow(1, 500_000, 8 * MB, silent=0.25)
    assert hedge([much], 2 * MB, budget=MB, hedged=frozenset(), first_byte_seconds=0.1) is None


def test_a_moment_of_silence_is_no_hanging() -> None:
    moment = flow(1, 1000, 8 * MB, silent=0.15)
    assert hedge([moment], 200 * MB, budget=MB, hedged=frozenset(), first_byte_seconds=0.001) is None


@given(
    st.lists(st.tuples(st.integers(0, 50 * MB), st.floats(0, 100 * MB), st.floats(0, 60), st.floats(0, 20))),
    st.floats(0, 100 * MB),
    st.integers(-MB, 10 * MB),
)
def test_a_race_is_always_worth_it(rows: list[tuple[int, float, float, float]], typical: float, budget: int) -> None:
    flows = [flow(number, *row) for number, row in enumerate(rows)]
    found = hedge(flows, typical, budget=budget, hedged=frozenset(), first_byte_seconds=0.1)
    if found is not None:
        assert 0 < len(found.rest) <= budget
        assert max(found.seconds_left, found.silent_seconds) > len(found.rest) / typical
