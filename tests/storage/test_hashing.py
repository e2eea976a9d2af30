from __future__ import annotations

import hashlib
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.messages import Event, StorageFailed, Verified
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.storage.hashing import Crc32, Follower, new_hasher
from anymatix_fetcher.storage.workers import Step
from tests.storage.part_file_bench import BLOCK, CONTENT, LENGTH, OTHER, Bench

if TYPE_CHECKING:
    from collections.abc import Iterable


class Following:
    """A follower on a part file in memory, stepped by hand."""

    def __init__(self, algorithms: Iterable[str] = ()) -> None:
        self.events: list[Event] = []
        self.bench = Bench()
        self.follower = Follower(self.bench.part, Path("x.part"), algorithms=algorithms, report=self.events.append)

    def run(self) -> None:
        while self.follower.step() is Step.MORE:
            pass


def sha256(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


def test_the_digest_follows_the_front_and_is_told_when_asked_for() -> None:
    following = Following()
    following.bench.put(0, BLOCK + 5)
    following.run()
    assert following.follower.hashed_bytes == BLOCK
    following.bench.put(BLOCK + 5, LENGTH)
    following.run()
    assert following.follower.hashed_bytes == LENGTH
    assert following.events == []
    following.follower.verify(LENGTH)
    following.run()
    assert following.events == [Verified((sha256(CONTENT),))]


def test_asking_before_everything_is_hashed_is_answered_at_the_end_and_once() -> None:
    following = Following()
    following.bench.put(0, LENGTH)
    following.follower.verify(LENGTH)
    following.run()
    following.run()
    assert following.events == [Verified((sha256(CONTENT),))]


def test_an_empty_file_has_a_digest() -> None:
    following = Following()
    following.follower.verify(0)
    following.run()
    assert following.events == [Verified((sha256(b""),))]


def test_several_algorithms_go_along_in_one_reading() -> None:
    following = Following(["crc32", "md5", "sha256", "md5"])
    following.bench.put(0, LENGTH)
    following.follower.verify(LENGTH)
    following.run()
    md5 = Digest("md5", hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())
    crc32 = Digest("crc32", f"{zlib.crc32(CONTENT):08x}")
    assert following.events == [Verified((sha256(CONTENT), crc32, md5))]


def test_after_a_rewind_the_new_bytes_are_hashed_and_not_the_old_ones() -> None:
    following = Following()
    following.bench.put(0, LENGTH, OTHER)
    following.run()
    following.bench.part.forget(SpanSet.of(Span(BLOCK, 2 * BLOCK)))
    following.follower.rewind(BLOCK)
    assert following.follower.hashed_bytes == 0
    following.bench.put(BLOCK, 2 * BLOCK)
    following.follower.verify(LENGTH)
    following.run()
    mixed = OTHER[:BLOCK] + CONTENT[BLOCK : 2 * BLOCK] + OTHER[2 * BLOCK :]
    assert following.events == [Verified((sha256(mixed),))]


def test_a_rewind_ahead_of_the_hash_costs_nothing() -> None:
    following = Following()
    following.bench.put(0, BLOCK)
    following.run()
    following.follower.rewind(BLOCK)
    assert following.follower.hashed_bytes == BLOCK


@pytest.mark.parametrize("first", [0, 1])
def test_a_rewind_in_the_middle_of_a_step_drops_what_the_step_has_read(first: int) -> None:
    following = Following()
    following.bench.put(0, LENGTH, OTHER)

    def interfere(offset: int) -> None:
        if offset == BLOCK:
            following.bench.file.after_read = lambda _offset: None
            following.bench.part.forget(SpanSet.of(Span(first * BLOCK, LENGTH)))
            following.follower.rewind(first * BLOCK)

    following.bench.file.after_read = interfere
    following.run()
    assert following.follower.hashed_bytes == first * BLOCK
    following.bench.put(first * BLOCK, LENGTH)
    following.follower.verify(LENGTH)
    following.run()
    assert following.events == [Verified((sha256(OTHER[: first * BLOCK] + CONTENT[first * BLOCK :]),))]


def test_a_rewind_withdraws_the_question() -> None:
    following = Following()
    following.bench.put(0, LENGTH)
    following.follower.verify(LENGTH)
    following.follower.rewind(0)
    following.run()
    assert following.events == []


def test_a_file_that_was_shortened_fails_and_is_not_hashed_as_something_else() -> None:
    following = Following()
    following.bench.put(0, LENGTH)
    del following.bench.file.data[BLOCK:]
    with pytest.raises(Exception, match="shortened") as caught:
        following.run()
    assert isinstance(caught.value, Exception)
    following.follower.fail(caught.value)
    assert [type(event) for event in following.events] == [StorageFailed]


@pytest.mark.parametrize("algorithm", ["sha512", "sha384", "sha256", "sha1", "md5"])
def test_the_algorithms_of_the_standard_library_are_there(algorithm: str) -> None:
    hasher = new_hasher(algorithm)
    hasher.update(memoryview(b"abc"))
    assert hasher.hexdigest() == hashlib.new(algorithm, b"abc").hexdigest()


def test_crc32_has_eight_digits_always() -> None:
    assert Crc32().hexdigest() == "00000000"


def test_blake3_is_computed_where_its_package_is_and_else_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)
    with pytest.raises(ReferenceSyntaxError, match="isn't installed") as caught:
        new_hasher("blake3")
    assert "pip install" in caught.value.hint


def test_an_unknown_algorithm_is_the_callers_mistake() -> None:
    with pytest.raises(ReferenceSyntaxError, match="isn't known"):
        new_hasher("rot13")
