"""Pieces of unfinished blocks: recorded when a download is stopped, and believed once they have been read back."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import KeptBlocks, Published
from anymatix_fetcher.core.values.spans import EVERYTHING, Span, SpanSet
from tests.storage.opened import BLOCK, CONTENT, IDENTITY, LENGTH, WHOLE, Opened, leave

if TYPE_CHECKING:
    from pathlib import Path

LEFT = (
    Span(0, BLOCK + 5),
    Span(BLOCK + 900, BLOCK + 1000),
    Span(2 * BLOCK, 2 * BLOCK + 70_000),
    Span(LENGTH - 3, LENGTH),
)


def gone_on(destination: Path) -> tuple[Opened, SpanSet]:
    """The next run, and what it has proved of what an earlier one has left."""
    opened = Opened(destination)
    kept = opened.store.kept
    assert kept is not None
    opened.store.set_identity(IDENTITY)
    opened.store.prove(kept.blocks)
    opened.workers.run()
    good, bad = opened.proved()
    assert good | bad == kept.blocks
    return opened, good


def test_what_a_stopped_run_had_of_unfinished_blocks_is_all_there_for_the_next_one(destination: Path) -> None:
    leave(destination, *LEFT)
    assert Opened(destination).store.kept == KeptBlocks(SpanSet.of(*LEFT), IDENTITY)
    opened, good = gone_on(destination)
    assert good == SpanSet.of(*LEFT)
    for span in WHOLE - good:
        opened.fill(span)
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_a_piece_that_isnt_what_was_recorded_comes_again_and_takes_nothing_else_with_it(destination: Path) -> None:
    leave(destination, *LEFT)
    part = destination.with_name("model.bin.part")
    data = bytearray(part.read_bytes())
    data[BLOCK + 3] ^= 1
    part.write_bytes(data)
    opened, good = gone_on(destination)
    assert good == SpanSet.of(*LEFT) - SpanSet.of(Span(BLOCK, BLOCK + 5))
    for span in WHOLE - good:
        opened.fill(span)
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_the_rest_of_a_block_may_come_before_its_piece_is_proved(destination: Path) -> None:
    leave(destination, *LEFT)
    opened = Opened(destination)
    for span in WHOLE - SpanSet.of(*LEFT):
        opened.fill(span)
    assert not opened.store.recorded & SpanSet.of(Span(BLOCK, LENGTH))
    opened.store.prove(SpanSet.of(*LEFT))
    opened.workers.run()
    assert opened.store.recorded == WHOLE
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


@pytest.mark.parametrize("seed", range(10))
def test_however_often_it_is_stopped_nothing_of_it_comes_twice(destination: Path, seed: int) -> None:
    chance = random.Random(seed)
    there = SpanSet()
    for _ in range(6):
        opened = Opened(destination)
        if there:
            assert opened.store.kept == KeptBlocks(there, IDENTITY)
        opened.store.set_identity(IDENTITY)
        if there and chance.random() < 0.7:
            opened.store.prove(there)
            opened.workers.run()
            assert opened.proved() == (there, SpanSet())
        start = chance.randrange(LENGTH)
        for span in SpanSet.of(Span(start, min(LENGTH, start + chance.randrange(1, BLOCK)))) - there:
            opened.fill(span)
            there = there.add(span)
        opened.store.close()
    opened, good = gone_on(destination)
    assert good == there
    for span in WHOLE - good:
        opened.fill(span)
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_what_is_forgotten_is_forgotten_in_the_journal_too(destination: Path) -> None:
    leave(destination, *LEFT)
    opened, _ = gone_on(destination)
    opened.store.forget(EVERYTHING)
    opened.store.close()
    assert Opened(destination).store.kept is None


def test_nothing_is_recorded_of_what_is_in_dispute(destination: Path) -> None:
    leave(destination, Span(0, BLOCK))
    opened, _ = gone_on(destination)
    opened.fill(Span(0, BLOCK), content=bytes(LENGTH))  # it comes otherwise: what else that body brings is in doubt
    opened.fill(Span(2 * BLOCK, 2 * BLOCK + 5), content=bytes(LENGTH))
    opened.store.close()
    assert Opened(destination).store.kept == KeptBlocks(SpanSet.of(Span(0, BLOCK)), IDENTITY)
