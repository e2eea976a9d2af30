"""Somebody cuts the part file while it is written: that is seen, and what it holds is proved again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import BlocksProved, Identity, PartShortened, Published
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import StorageError
from tests.storage.opened import BLOCK, CONTENT, LENGTH, WHOLE, Opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return begun(tmp_path)


def begun(folder: Path, length: int | None = LENGTH) -> Opened:
    opened = Opened(folder / "model.bin")
    opened.store.set_identity(Identity(length, Validator()))
    return opened


def put(opened: Opened, start: int, stop: int) -> None:
    opened.store.sink.write(start, CONTENT[start:stop])


def cut(opened: Opened, length: int) -> None:
    os.truncate(f"{opened.destination}.part", length)


def proved(opened: Opened, blocks: SpanSet) -> tuple[SpanSet, SpanSet]:
    """Which of these are good, and which bad."""
    opened.events.clear()
    opened.store.prove(blocks)
    opened.workers.run()
    answers = [event for event in opened.events if isinstance(event, BlocksProved)]
    return SpanSet.of(*(span for one in answers for span in one.good)), SpanSet.of(
        *(span for one in answers for span in one.bad)
    )


@pytest.mark.parametrize("length", [0, 1, BLOCK, LENGTH - 1])
@pytest.mark.parametrize("before", [BLOCK, 2 * BLOCK - 5, LENGTH - 1])
def test_that_is_seen_before_the_last_byte_could_hide_it(opened: Opened, before: int, length: int) -> None:
    put(opened, 0, before)
    cut(opened, length)
    put(opened, before, LENGTH)
    assert opened.store.compared()[0] == PartShortened()
    assert opened.store.compared() == []
    assert opened.destination.with_name("model.bin.part").stat().st_size == LENGTH
    good, _ = proved(opened, opened.store.recorded)
    for span in good:
        stored = bytearray(len(span))
        opened.store.read_into(span.start, memoryview(stored))
        assert stored == CONTENT[span.start : span.stop]


def test_it_is_seen_where_the_last_bytes_come_first(opened: Opened) -> None:
    put(opened, 0, BLOCK)
    cut(opened, 0)
    put(opened, 3 * BLOCK, LENGTH)
    assert opened.store.compared() == [PartShortened()]


def test_it_is_seen_in_a_file_of_unknown_length(tmp_path: Path) -> None:
    opened = begun(tmp_path, None)
    put(opened, 0, BLOCK)
    cut(opened, 7)
    put(opened, BLOCK, 2 * BLOCK)
    assert opened.store.compared() == [PartShortened()]
    assert proved(opened, SpanSet.of(Span(0, BLOCK))) == (SpanSet(), SpanSet.of(Span(0, BLOCK)))


def test_it_is_seen_in_one_that_an_earlier_run_has_left(tmp_path: Path) -> None:
    opened = begun(tmp_path, None)
    put(opened, 0, 2 * BLOCK)
    opened.store.close()
    again = begun(tmp_path, None)
    cut(again, 7)
    put(again, 2 * BLOCK, 3 * BLOCK)
    assert again.store.compared() == [PartShortened()]


def test_it_is_seen_again_when_it_happens_again(opened: Opened) -> None:
    for _ in range(3):
        put(opened, 0, BLOCK)
        cut(opened, 0)
        put(opened, BLOCK, 2 * BLOCK)
        assert opened.store.compared()[0] == PartShortened()
        opened.store.forget(WHOLE)


def test_the_digest_is_asked_for_in_vain_and_is_right_when_all_has_come_again(opened: Opened) -> None:
    put(opened, 0, LENGTH)
    cut(opened, BLOCK + 3)
    assert opened.store.verify(LENGTH) is None
    opened.workers.run()
    assert opened.events == []
    assert opened.store.compared() == [PartShortened()]
    assert proved(opened, WHOLE) == (SpanSet.of(Span(0, BLOCK)), SpanSet.of(Span(BLOCK, LENGTH)))
    put(opened, BLOCK, LENGTH)
    opened.finish()
    assert opened.destination.read_bytes() == CONTENT


def test_a_digest_that_is_half_done_begins_anew(opened: Opened) -> None:
    put(opened, 0, 2 * BLOCK)
    opened.workers.run()
    assert opened.store.hashed_bytes == 2 * BLOCK
    cut(opened, 0)
    put(opened, 2 * BLOCK, LENGTH)
    opened.workers.run()
    assert opened.store.hashed_bytes == 0


def test_a_follower_that_reads_short_fails_nothing(opened: Opened) -> None:
    put(opened, 0, 2 * BLOCK)
    cut(opened, 10)
    opened.workers.run()
    assert opened.events == []
    assert opened.store.compared() == [PartShortened()]


def test_nothing_is_published_of_it(opened: Opened) -> None:
    put(opened, 0, LENGTH)
    opened.store.verify(LENGTH)
    opened.workers.run()
    cut(opened, BLOCK)
    opened.store.publish()
    opened.workers.run()
    assert not any(isinstance(event, Published) for event in opened.events)
    assert opened.store.compared() == [PartShortened()]


def test_nor_where_that_happens_while_it_is_published(opened: Opened) -> None:
    put(opened, 0, LENGTH)
    opened.store.verify(LENGTH)
    opened.workers.run()
    opened.store.publish()
    cut(opened, BLOCK)
    opened.workers.run()
    assert isinstance(opened.failure(), StorageError)
    assert not opened.destination.exists()


def test_what_an_earlier_run_has_left_may_be_shorter(tmp_path: Path) -> None:
    opened = begun(tmp_path)
    put(opened, 0, 2 * BLOCK)
    opened.store.close()
    cut(opened, BLOCK)
    again = Opened(tmp_path / "model.bin")
    again.store.set_identity(Identity(LENGTH, Validator()))
    assert again.store.compared() == []
    assert again.store.recorded == SpanSet.of(Span(0, BLOCK))
