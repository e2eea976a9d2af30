"""After a wrong digest: which place is asked about which blocks."""

from __future__ import annotations

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import Span, SpanSet
from tests.core.machine.bench import MIB, ORIGIN, RIGHT, WRONG, Bench
from tests.core.machine.mirrored import MIRROR, at, brings, span_of


def complete_with_a_wrong_digest(length: int = 48 * MIB) -> tuple[Bench, SpanSet]:
    """The file is complete, and its digest wrong; and what the mirror has brought of it."""
    bench = Bench(mirrors=(MIRROR,), digests=(RIGHT,), connections=1, length=length)
    first = bench.open()
    bench.answer(first, length=length)
    starts, brought = at(bench, MIRROR), SpanSet()
    bench.bring(first.exchange, Span(0, 8 * MIB))
    bench.send(m.BodyEnded(first.exchange))
    starts += bench.all(m.StartExchange)
    while starts:
        start = starts.pop(0)
        if start.request.url == MIRROR and span_of(start).start >= 8 * MIB:
            brought = brought.add(span_of(start))
        starts += brings(bench, start, length)
    bench.send(m.Verified((WRONG,)))
    bench.commands += bench.send(m.BlocksProved(SpanSet.whole(length), SpanSet())) + bench.wait(0.5)
    return bench, brought


def test_after_a_wrong_digest_each_place_compares_what_the_other_one_has_brought() -> None:
    bench, brought = complete_with_a_wrong_digest()

    (own,), (other,) = at(bench, ORIGIN), at(bench, MIRROR)

    assert brought.covers(span_of(own))
    assert not brought.count_in(span_of(other))
