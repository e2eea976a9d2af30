from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.contracts.disk import DiskContract
from tests.simulation.disk import PAGE_BYTES, PowerGone, SimulatedDisk

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.ports import Disk

FOLDER = Path("/simulated")
FILE, OTHER = FOLDER / "a", FOLDER / "b"


class TestSimulatedDisk(DiskContract):
    @pytest.fixture
    def disk(self) -> Disk:
        return SimulatedDisk()

    @pytest.fixture
    def folder(self, disk: Disk) -> Path:
        disk.make_folder(FOLDER)
        return FOLDER


def written(data: bytes) -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.make_folder(FOLDER)
    file = disk.open(FILE)
    file.write_at(0, data)
    return disk


def test_what_is_synced_survives_every_power_cut() -> None:
    for seed in range(50):
        disk = written(b"kept" * PAGE_BYTES)
        disk.open(FILE).sync()
        disk.sync_folder(FOLDER)
        disk.power_cut(Random(seed))
        assert disk.content(FILE) == b"kept" * PAGE_BYTES


def test_what_is_not_synced_survives_wholly_partly_or_not_at_all() -> None:
    found = set()
    for seed in range(200):
        disk = written(b"")
        disk.sync_folder(FOLDER)
        disk.open(FILE).write_at(0, b"x" * (3 * PAGE_BYTES))
        disk.power_cut(Random(seed))
        content = disk.content(FILE)
        assert content is not None
        assert set(content) <= {0, ord("x")}
        found.add((len(content) == 3 * PAGE_BYTES, b"\0" in content, b"x" in content))
    assert {(True, False, True), (True, True, True), (True, True, False), (False, False, False)} <= found
    assert (False, False, True) in found


def test_a_rename_that_is_not_synced_has_happened_or_not_but_the_file_is_never_gone() -> None:
    found = set()
    for seed in range(50):
        disk = written(b"x")
        disk.open(FILE).sync()
        disk.sync_folder(FOLDER)
        disk.replace(FILE, OTHER)
        disk.power_cut(Random(seed))
        assert len(disk.files()) == 1
        found.add((disk.content(FILE), disk.content(OTHER)))
    assert found == {(b"x", None), (None, b"x")}


def test_a_process_that_dies_at_an_operation_leaves_the_ones_before() -> None:
    disk = written(b"x")
    disk.dies_at = disk.operations + 2
    file = disk.open(FILE)
    file.write_at(0, b"y")
    with pytest.raises(PowerGone):
        file.write_at(0, b"z")
    assert disk.content(FILE) == b"y"


def test_a_full_disk_takes_a_part_and_says_so() -> None:
    disk = written(b"")
    disk.full_at = 0
    with pytest.raises(OSError, match="space"):
        disk.open(FILE).write_at(0, b"abcdef")
    assert disk.content(FILE) == b"ab"
    disk.mend()
    disk.open(FILE).write_at(0, b"abcdef")
    assert disk.content(FILE) == b"abcdef"


def test_rot_flips_one_bit() -> None:
    disk = written(bytes(100))
    disk.rot(FILE, Random(1))
    content = disk.content(FILE)
    assert content is not None
    assert sum(byte.bit_count() for byte in content) == 1
