"""What a failure advises fits what is here: pieces are spoken of where there are any."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import RepresentationChangedError
from tests.core.machine.bench import MIB, Bench


@pytest.mark.parametrize(
    ("status", "fields"),
    [(429, (("Retry-After", "86400"),)), (403, (("Content-Type", "text/plain"),))],
)
def test_nothing_is_said_to_be_kept_where_nothing_has_arrived(status: int, fields: tuple[tuple[str, str], ...]) -> None:
    bench = Bench()
    start = bench.open()
    while not bench.machine.is_over:
        bench.status(start, status, *fields)
        start = (bench.all(m.StartExchange) or [start])[0]
    assert bench.failure().hint
    assert "kept" not in bench.failure().hint


def test_what_has_arrived_is_said_to_be_kept() -> None:
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start)
    bench.bring(start.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(start.exchange))
    bench.status(bench.one(m.StartExchange), 429, ("Retry-After", "86400"))
    assert "kept" in bench.failure().hint


@pytest.mark.parametrize(("arrived", "hint"), [(0, "later"), (8 * MIB, "kept")])
def test_who_stops_it_is_told_what_is_left(arrived: int, hint: str) -> None:
    bench = Bench(connections=1)
    start = bench.open()
    bench.answer(start)
    if arrived:
        bench.bring(start.exchange, Span(0, arrived))
    bench.send(m.CancelRequested())
    assert hint in bench.failure().hint


def test_a_length_that_was_stated_wrongly_isnt_said_to_be_other_content_than_pieces_that_arent_here() -> None:
    bench = Bench(length=1000)
    start = bench.open()
    while not bench.machine.is_over:
        bench.status(start, 200)
        bench.bring(start.exchange, Span(0, 1000))
        bench.send(m.BodyEnded(start.exchange, goes_on=True))
        start = (bench.all(m.StartExchange) or [start])[0]
    error = bench.failure()
    assert isinstance(error, RepresentationChangedError)
    assert "pieces" not in f"{error} {error.hint}"
    assert "length" in error.hint
