from __future__ import annotations

import hashlib
import queue
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.messages import (
    BlockCompared,
    Event,
    Identity,
    Published,
    Verified,
)
from anymatix_fetcher.core.values.spans import EVERYTHING, Span
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.store import AT_ONCE_BYTES, Store
from anymatix_fetcher.storage.workers import ThreadWorkers
from tests.storage.doubles import FaultyDisk
from tests.storage.opened import BLOCK, CONTENT, IDENTITY, LENGTH, OTHER, REFERENCE, WHOLE, Opened, names

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_stored_verified_and_published_and_nothing_else_is_left(destination: Path) -> None:
    opened = Opened(destination)
    assert opened.store.kept is None
    opened.fill(Span(2 * BLOCK, LENGTH), Span(0, 2 * BLOCK))
    assert not destination.exists()
    assert names(destination) == ["model.bin.part", "model.bin.part.journal"]
    assert opened.store.recorded == WHOLE
    digest = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
    assert opened.finish() == [Verified((digest,)), Published()]
    opened.store.close()
    assert destination.read_bytes() == CONTENT
    assert names(destination) == ["model.bin"]


def test_the_same_on_threads(destination: Path) -> None:
    events: queue.Queue[Event] = queue.Queue()
    store = Store.open(
        destination,
        reference=REFERENCE,
        disk=OsDisk(),
        workers=ThreadWorkers(),
        report=events.put,
        algorithms=["md5"],
    )
    store.set_identity(IDENTITY)
    store.sink.write(0, CONTENT)
    store.verify(LENGTH)
    verified = events.get(timeout=30)
    assert isinstance(verified, Verified)
    assert [digest.algorithm for digest in verified.digests] == ["sha256", "md5"]
    assert store.hashed_bytes == LENGTH
    store.publish()
    assert events.get(timeout=30) == Published()
    store.close()
    assert destination.read_bytes() == CONTENT


def test_the_last_piece_alone_wakes_nobody_for_its_digest_but_being_asked_for_it_does(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill(Span(0, 3 * BLOCK))
    opened.workers.run()
    assert opened.store.hashed_bytes == 3 * BLOCK
    opened.fill(Span(3 * BLOCK, LENGTH))
    assert not any(worker.awake for worker in opened.workers.workers)
    assert opened.finish() == [Verified((Digest("sha256", hashlib.sha256(CONTENT).hexdigest()),)), Published()]


@pytest.mark.parametrize(("length", "at_once"), [(1, True), (AT_ONCE_BYTES, True), (AT_ONCE_BYTES + 1, False)])
def test_a_small_file_has_its_digests_at_once(destination: Path, length: int, *, at_once: bool) -> None:
    opened = Opened(destination)
    opened.store.set_identity(Identity(length, Validator()))
    opened.store.sink.write(0, CONTENT[:length])
    answer = opened.store.verify(length)
    assert any(worker.awake for worker in opened.workers.workers) is not at_once
    opened.workers.run()
    verified = Verified((Digest("sha256", hashlib.sha256(CONTENT[:length]).hexdigest()),))
    assert (answer, opened.events) == ((verified, []) if at_once else (None, [verified]))


def test_a_small_file_whose_digests_were_wrong_has_them_again_when_its_bytes_have_come_again(destination: Path) -> None:
    opened = Opened(destination)
    opened.store.set_identity(Identity(1000, Validator()))
    for content in (OTHER, CONTENT):
        opened.store.sink.write(0, content[:1000])
        verified = opened.store.verify(1000)
        assert verified == Verified((Digest("sha256", hashlib.sha256(content[:1000]).hexdigest()),))
        opened.store.forget(EVERYTHING)


def test_a_small_file_that_is_shortened_meanwhile_has_no_digest(
    destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Opened(destination)
    opened.store.set_identity(Identity(1000, Validator()))
    opened.store.sink.write(0, CONTENT[:1000])
    monkeypatch.setattr(opened.store.sink, "read_into", lambda _offset, _buffer: False)
    with pytest.raises(StorageError, match="shortened"):
        opened.store.verify(1000)


def test_an_empty_file_is_published(destination: Path) -> None:
    opened = Opened(destination)
    opened.store.set_identity(Identity(0, Validator()))
    opened.store.verify(0)
    opened.workers.run()
    opened.store.publish()
    opened.workers.run()
    assert opened.events[-1] == Published()
    assert destination.read_bytes() == b""


def test_a_file_of_unknown_length_is_published_with_the_length_that_it_has(destination: Path) -> None:
    opened = Opened(destination)
    opened.store.set_identity(Identity(None, Validator()))
    opened.store.sink.write(0, CONTENT)
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_a_published_file_is_synced_before_it_has_its_name_and_the_folder_after(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    opened.finish()
    order = [call for call in disk.calls if call[0] in {"sync", "move", "sync_folder", "remove"}]
    assert order == [
        ("sync", "model.bin.part"),
        ("move", "model.bin.part"),
        ("sync_folder", "models"),
        ("remove", "model.bin.part.journal"),
    ]


def test_nothing_is_synced_while_bytes_arrive(destination: Path) -> None:
    disk = FaultyDisk()
    Opened(destination, disk=disk).fill()
    assert not {"sync", "sync_folder"} & {operation for operation, _ in disk.calls}


def test_verifying_what_is_not_whole_is_a_bug(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill(Span(0, 2 * BLOCK))
    with pytest.raises(ValueError, match="must be proved"):
        opened.store.verify(LENGTH)


def test_a_recorded_block_that_arrives_again_is_compared(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill(Span(0, BLOCK))
    opened.fill(Span(0, BLOCK))
    opened.fill(Span(0, BLOCK), content=OTHER)
    block = Span(0, BLOCK)
    assert opened.store.compared() == [BlockCompared(block, equal=True), BlockCompared(block, equal=False)]


def test_a_forgotten_block_is_hashed_anew_with_its_new_bytes(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill(content=OTHER)
    opened.store.verify(LENGTH)
    opened.workers.run()
    opened.store.forget(EVERYTHING)
    assert opened.store.hashed_bytes == 0
    opened.fill()
    opened.events.clear()
    digest = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
    assert opened.finish() == [Verified((digest,)), Published()]
    assert destination.read_bytes() == CONTENT
