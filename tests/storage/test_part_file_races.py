"""The part file with failing writes, and with several writers at a time."""

from __future__ import annotations

import errno
import random
import threading

import pytest
from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.spans import SpanSet
from tests.storage.part_file_bench import BLOCK, CONTENT, LENGTH, OTHER, Bench, expected, spans


def test_a_failed_write_counts_nothing_but_its_replacement_does() -> None:
    bench = Bench()
    bench.put(0, 1000)

    def full(_offset: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    bench.file.before_write = full
    with pytest.raises(OSError, match="full"):
        bench.put(1000, BLOCK)
    bench.file.before_write = lambda _offset: None
    bench.put(2000, BLOCK)
    assert bench.journaled() == {}
    bench.put(1000, 2000)
    assert bench.journaled() == expected(0)


def test_a_failed_write_over_stored_bytes_makes_them_unknown() -> None:
    bench = Bench()
    bench.put(0, 5000)

    def broken(_offset: int) -> None:
        raise OSError(errno.EIO, "broken")

    bench.file.before_write = broken
    with pytest.raises(OSError, match="broken"):
        bench.put(1000, 2000)
    bench.file.before_write = lambda _offset: None
    bench.put(5000, BLOCK)
    assert bench.journaled() == {}
    bench.put(1000, 2000)
    assert bench.journaled() == expected(0)


def test_a_record_that_cannot_be_written_leaves_the_block_unrecorded_and_a_later_one_whole() -> None:
    bench = Bench()

    def full(_offset: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    bench.journal.before_write = full
    with pytest.raises(OSError, match="full"):
        bench.put(0, BLOCK)
    assert bench.part.recorded == SpanSet()
    bench.journal.before_write = lambda _offset: None
    bench.put(BLOCK, 2 * BLOCK)
    assert bench.journaled() == expected(1)


def test_a_second_writer_that_is_still_writing_keeps_the_block_open_until_it_is_done() -> None:
    # The slow one's bytes reach the disk after the fast one has brought the whole block: what counts is the disk.
    bench = Bench()
    slow_is_writing, fast_is_done = threading.Event(), threading.Event()

    def hold(offset: int) -> None:
        if offset == 4096:
            slow_is_writing.set()
            fast_is_done.wait(30)

    bench.file.before_write = hold
    slow = threading.Thread(target=bench.put, args=(4096, 8192, OTHER))
    slow.start()
    slow_is_writing.wait(30)
    bench.put(0, BLOCK)
    assert bench.journaled() == {}
    fast_is_done.set()
    slow.join()
    mixed = CONTENT[:4096] + OTHER[4096:8192] + CONTENT[8192:BLOCK]
    assert bytes(bench.file.data[:BLOCK]) == mixed
    assert bench.journaled() == {0: (BLOCK, xxh3_64_intdigest(mixed))}


def test_a_write_during_the_reading_back_makes_it_be_read_again() -> None:
    bench = Bench()
    bench.put(BLOCK // 2, BLOCK)
    reads = 0

    def interfere(_offset: int) -> None:
        nonlocal reads
        reads += 1
        if reads == 1:
            bench.put(100, 200, OTHER)

    bench.file.after_read = interfere
    bench.put(0, BLOCK // 2 - 5)
    bench.put(BLOCK // 2 - 5, BLOCK // 2)
    assert reads == 2
    mixed = CONTENT[:100] + OTHER[100:200] + CONTENT[200:BLOCK]
    assert bench.journaled() == {0: (BLOCK, xxh3_64_intdigest(mixed))}


def test_many_threads_that_race_over_the_same_blocks_record_what_the_disk_has() -> None:
    bench = Bench()

    def work(seed: int) -> None:
        shuffled = random.Random(seed)
        pieces = [(start, min(start + 50_000, LENGTH)) for start in range(0, LENGTH, 50_000)]
        shuffled.shuffle(pieces)
        for start, stop in pieces:
            bench.put(start, stop)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bytes(bench.file.data) == CONTENT
    assert bench.journaled() == expected(0, 1, 2, 3)
    assert bench.part.front == LENGTH


def test_forgetting_waits_for_a_write_under_way() -> None:
    bench = Bench()
    writing, go_on = threading.Event(), threading.Event()

    def hold(_offset: int) -> None:
        writing.set()
        go_on.wait(30)

    bench.file.before_write = hold
    writer = threading.Thread(target=bench.put, args=(0, 500))
    writer.start()
    writing.wait(30)
    forgetter = threading.Thread(target=bench.part.forget, args=(spans(0),))
    forgetter.start()
    forgetter.join(0.1)
    assert bench.forgotten == []
    go_on.set()
    writer.join()
    forgetter.join()
    assert bench.forgotten == [0]
    assert bench.part.is_empty


def test_an_unreadable_block_is_a_bad_one() -> None:
    bench = Bench()
    bench.put(0, BLOCK)

    def broken(_offset: int) -> None:
        raise OSError(errno.EIO, "broken")

    bench.file.after_read = broken
    assert not bench.part.prove(0)
    assert bench.part.recorded == SpanSet()
