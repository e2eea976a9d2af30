from __future__ import annotations

import pytest

from tests.simulation.simulation import Simulation

SEEDS = 500
CHUNK = 25


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_rule_is_broken_in_any_life_of_these_downloads(first: int) -> None:
    for seed in range(first, first + CHUNK):
        try:
            Simulation(seed).run()
        except Exception as error:
            raise AssertionError(f"see: python -m tests.simulation.run {seed}") from error


@pytest.mark.parametrize(
    "seed",
    [
        2853,  # connections are opened ahead when the last body has just ended
        8402,  # one connection is let in, and what comes on it waits for a comparison that needs another one
        9825,  # addresses expire several times while everything is compared with what the server sends
    ],
)
def test_what_went_wrong_once_goes_well(seed: int) -> None:
    Simulation(seed).run()


def test_a_seed_always_tells_the_same_story() -> None:
    stories: list[list[str]] = [[], []]
    for story in stories:
        Simulation(4, trace=story.append).run()
    assert stories[0] == stories[1]
    assert len(stories[0]) > 10
