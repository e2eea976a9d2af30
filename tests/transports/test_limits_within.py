"""A limit of one download below the one that all share."""

from __future__ import annotations

from anymatix_fetcher.transports.limiter import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken_in(limiter: RateLimiter, clock: Clock, seconds: float) -> int:
    """How much comes in that time where pieces are always there."""
    taken, stop = 0, clock.now + seconds
    while clock.now < stop:
        delay = limiter.delay_seconds()
        clock.now += delay
        if not delay:
            limiter.spend(limiter.piece_bytes)
            taken += limiter.piece_bytes
    return taken


def test_the_lower_of_both_counts() -> None:
    for shared_rate, own_rate, lower in ((100_000.0, 20_000.0, 20_000), (20_000.0, 100_000.0, 20_000)):
        clock = Clock()
        shared = RateLimiter(shared_rate, clock=clock)
        own = RateLimiter(own_rate, within=shared, clock=clock)
        assert abs(taken_in(own, clock, 10.0) - 10 * lower) < lower


def test_what_is_taken_below_counts_above() -> None:
    clock = Clock()
    shared = RateLimiter(50_000.0, clock=clock)
    one, other = RateLimiter(None, within=shared, clock=clock), RateLimiter(None, within=shared, clock=clock)
    taken = [0, 0]
    while clock.now < 10.0:
        for at, limiter in enumerate((one, other)):
            if not limiter.delay_seconds():
                limiter.spend(1000)
                taken[at] += 1000
        clock.now += 0.01
    assert abs(sum(taken) - 500_000) < 25_000
    assert min(taken) > 0
    assert one.binds
    assert shared.binds


def test_a_limit_that_is_lifted_leaves_the_shared_one() -> None:
    clock = Clock()
    own = RateLimiter(1000.0, within=RateLimiter(20_000.0, clock=clock), clock=clock)
    own.bytes_per_second = None
    assert own.limits
    assert abs(taken_in(own, clock, 10.0) - 200_000) < 20_000
