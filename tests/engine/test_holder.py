"""Waiting for another process that has the destination: as long as that lives, however slow it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.engine.holder import HEARTBEAT_SECONDS, LOOK_SECONDS, PATIENCE_SECONDS, Holder
from anymatix_fetcher.errors import DestinationLockedError
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.store import Store
from tests.storage.doubles import ManualWorkers

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://host/model.bin"
BLOCK = 1 << 20


class Taken:
    """A lock that another process has, and that shows what the test says."""

    def __init__(self) -> None:
        self.signs = 0

    def try_acquire(self) -> bool:
        return False

    def is_held(self) -> bool:
        return False

    def show_life(self) -> None:
        raise AssertionError("only the holder does")

    def signs_of_life(self) -> object:
        return self.signs

    def release(self) -> None:
        """Nothing is held."""


class Watch:
    """A holder that is watched, and the time."""

    def __init__(self, destination: Path) -> None:
        self.now = 100.0
        self.lock = Taken()
        self.holder = Holder(destination, URL, self.lock, OsDisk(), lambda: self.now)

    def let_pass(self, seconds: float) -> None:
        self.now += seconds
        self.holder.look()


def test_a_holder_that_lives_is_waited_for_without_end(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "x.bin")
    for _ in range(1000):
        watch.lock.signs += 1
        watch.let_pass(HEARTBEAT_SECONDS)
    for _ in range(3):
        watch.let_pass(PATIENCE_SECONDS / 4)
    with pytest.raises(DestinationLockedError, match="no sign of life for 60 s"):
        watch.let_pass(PATIENCE_SECONDS / 4)


def test_a_beat_may_come_late_by_several_times_its_period() -> None:
    assert PATIENCE_SECONDS >= 4 * HEARTBEAT_SECONDS


def test_what_the_holder_records_is_shown_and_is_a_sign_of_life(tmp_path: Path) -> None:
    destination = tmp_path / "x.bin"
    watch = Watch(destination)
    watch.let_pass(LOOK_SECONDS)
    assert (watch.holder.stored, watch.holder.length, watch.holder.same_reference) == (0, None, False)
    store = Store.open(destination, reference=URL, disk=OsDisk(), workers=ManualWorkers(), report=print)
    store.set_identity(Identity(4 * BLOCK, Validator()))
    for number in range(4):
        watch.let_pass(PATIENCE_SECONDS - 1)
        assert (watch.holder.stored, watch.holder.length) == (number * BLOCK, 4 * BLOCK)
        assert watch.holder.same_reference
        store.sink.write(number * BLOCK, bytes(BLOCK))
    store.close()


def test_it_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "x.bin")
    watch.let_pass(LOOK_SECONDS)
    watch.lock.signs += 1
    watch.let_pass(LOOK_SECONDS / 2)
    watch.lock.signs -= 1
    watch.let_pass(PATIENCE_SECONDS - LOOK_SECONDS)
    with pytest.raises(DestinationLockedError):
        watch.let_pass(LOOK_SECONDS)
