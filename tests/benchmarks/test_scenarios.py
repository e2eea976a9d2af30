from __future__ import annotations

import pytest

from anymatix_fetcher.testing import parse_rule
from benchmarks.command import chosen_scenarios, only
from benchmarks.contenders import ARIA2, ARIA2_MANY, ARIA2_NEXT, ARIA2_NEXT_MANY, FIXED, FIXED_COUNTS, filled
from benchmarks.goals import Cost, Delay, Speed, Sum
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import Misbehaving, refusals_in
from benchmarks.wan.line import Line

BY_NAME = {one.name: one for one in SCENARIOS}
WORDS = ("url", "output", "folder", "name", "sha256", "authority", "list", "proved_list")
PLACEHOLDERS = {name: name for name in WORDS}


def test_every_goal_is_about_contenders_that_take_part() -> None:
    for scenario in (one.with_fixed() for one in SCENARIOS):
        names = [one.name for one in scenario.contenders]
        assert len(names) == len(set(names)), scenario.name
        for goal in scenario.goals:
            others: tuple[str, ...] = ()
            if isinstance(goal, Speed):
                others = goal.against or ()
            elif isinstance(goal, Delay | Cost):
                others = (goal.against,)
            elif isinstance(goal, Sum):
                others = goal.of
            assert {goal.subject, *others} <= set(names), scenario.name


def test_every_command_can_be_filled_in_and_names_a_file_that_is_served() -> None:
    for scenario in SCENARIOS:
        for contender in scenario.with_fixed().contenders:
            words = filled(contender.command, PLACEHOLDERS, ["http://a/1"])
            assert not any("{" in word for word in words), words
            assert set(scenario.indices(contender)) <= set(range(len(scenario.paths)))


def test_the_word_urls_becomes_all_addresses_and_other_words_only_one() -> None:
    assert filled(("tool", "{urls}", "-o", "{url}"), {"url": "u"}, ["a", "b"]) == ["tool", "a", "b", "-o", "u"]


def test_every_rule_of_a_misbehaving_server_is_understood() -> None:
    servers = [server for one in SCENARIOS for server in (one.server, *one.mirrors) if isinstance(server, Misbehaving)]
    assert len(servers) == 5
    for server in servers:
        assert all(parse_rule(rule.format(late=900, after_late=901)) for rule in server.rules)


def test_a_quick_look_fetches_less_but_start_up_stays_what_it_is() -> None:
    assert BY_NAME["clean"].scaled(0.1).size == 40_000_000
    assert len(BY_NAME["many-small"].scaled(0.05).paths) == 50
    assert BY_NAME["many-small"].scaled(0.05).size == BY_NAME["many-small"].size
    assert BY_NAME["start-up"].scaled(0.05) == BY_NAME["start-up"]
    assert len(BY_NAME["many-small"].scaled(0.00001).paths) == 1


def test_fixed_numbers_of_connections_join_on_long_lines_and_bring_their_goal() -> None:
    more = BY_NAME["lossy-cubic"].with_fixed()
    assert more.contenders[-len(FIXED_COUNTS) :] == FIXED
    assert more.goals[-1] == Speed(subject="anyfetch", against=tuple(one.name for one in FIXED), at_least=0.9)
    assert BY_NAME["loopback-tls"].with_fixed() == BY_NAME["loopback-tls"]


@pytest.mark.parametrize("name", ["collapse", "one-best", "refusals-429", "refusals-503"])
def test_servers_that_punish_are_tried_with_fixed_counts_too(name: str) -> None:
    names = {one.name for one in BY_NAME[name].with_fixed().contenders}
    assert {one.name for one in FIXED} <= names


def test_scenarios_are_chosen_by_name_in_their_own_order() -> None:
    assert chosen_scenarios([]) == list(SCENARIOS)
    assert [one.name for one in chosen_scenarios(["clean", "loopback-tls"])] == ["loopback-tls", "clean"]
    with pytest.raises(ValueError, match="no such scenario: clear"):
        chosen_scenarios(["clear"])


def test_contenders_are_chosen_by_how_their_names_begin() -> None:
    left = only(BY_NAME["clean"], ["anyfetch", "aria2c"]).contenders
    assert [one.name for one in left] == ["anyfetch", "aria2c -x16"]


def test_further_places_become_mirrors_for_us_and_addresses_for_aria2() -> None:
    urls = ["http://a/1", "http://b/1"]
    by_name = {one.name: one for one in BY_NAME["places-4-4"].contenders}
    ours = filled(by_name["anyfetch"].command, PLACEHOLDERS, urls)
    assert ours[-3:] == ["--mirror", "http://b/1", "url"]
    assert filled(by_name["aria2c -x16"].command, PLACEHOLDERS, urls)[-2:] == urls
    assert {by_name[f"anyfetch, {place} place"].place for place in ("first", "second")} == {0, 1}


def test_refusals_are_both_statuses_that_mean_too_many() -> None:
    assert refusals_in("206\n429\n503\n206\n500\n") == 2
    assert refusals_in("") == 0


def test_a_lines_numbers_are_given_in_the_units_of_the_emulator() -> None:
    line = Line(500, 100, loss_percent=0.05)
    assert line.arguments(7) == ("50000", "62500000", "500", "3125000", "7")
    assert Line(1, 20, queue_ms=10).arguments(0)[3] == "65536"
    assert str(line) == "500 Mbit/s, 100 ms round trip, 0.05 % loss, cubic"


def test_files_of_their_own_sizes_are_all_scaled_and_each_contender_has_its_own() -> None:
    ten = BY_NAME["ten-files"].scaled(0.5)
    lengths = [ten.lengths(one) for one in ten.contenders]
    assert lengths[0] == (128_000_000,) * 10
    assert lengths[1] == (1_280_000_000,)
    assert {sum(one) for one in lengths} == {1_280_000_000}


def test_a_repositorys_bytes_are_in_few_of_its_files() -> None:
    sizes = sorted(size for _, size in BY_NAME["repository"].served)
    assert len(sizes) == 50
    assert sum(sizes[-4:]) > 0.85 * sum(sizes)
    assert sizes[24] < 10_000


def test_aria2_has_its_successor_beside_it_everywhere() -> None:
    for scenario in SCENARIOS:
        names = {one.name for one in scenario.contenders}
        for older, newer in ((ARIA2, ARIA2_NEXT), (ARIA2_MANY, ARIA2_NEXT_MANY)):
            assert (older.name in names) == (newer.name in names), scenario.name
        assert names & {ARIA2_NEXT.name, ARIA2_NEXT_MANY.name}, scenario.name
