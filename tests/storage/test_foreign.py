"""What other programs have left, told by its name; and its bytes made into recorded blocks."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.messages import FOREIGN, Identity, StorageFailed
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.storage.foreign import aria2_pair, find_beside, read_partial
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.takeover import TakenOver
from tests.storage.opened import BLOCK, CONTENT, LENGTH, Opened

if TYPE_CHECKING:
    from pathlib import Path

DISK = OsDisk()
SHA = Digest("sha256", "ab" * 32)


def control(length: int, bits: bytes) -> bytes:
    return struct.pack(">HIIIQQI", 1, 0, 0, BLOCK, length, 0, len(bits)) + bits + bytes(4)


@pytest.mark.parametrize("suffix", [".part.foreign", ".part", ".crdownload", ".incomplete"])
def test_it_is_found_beside_the_destination_by_its_name(suffix: str, tmp_path: Path) -> None:
    destination = tmp_path / "m.bin"
    assert find_beside(destination, DISK) is None
    left = tmp_path / f"m.bin{suffix}"
    left.write_bytes(b"begun")
    found = find_beside(destination, DISK)
    assert found is not None
    assert (found.path, found.size, found.control) == (left, 5, None)
    assert find_beside(destination, DISK, ours=[left]) is None


def test_aria2s_pair_goes_first_and_its_control_file_names_it_too(tmp_path: Path) -> None:
    destination = tmp_path / "m.bin"
    destination.write_bytes(bytes(LENGTH))
    (tmp_path / "m.bin.part").write_bytes(b"begun")
    assert aria2_pair(destination, DISK) is None
    (tmp_path / "m.bin.aria2").write_bytes(control(LENGTH, b"\xa0"))
    found = find_beside(destination, DISK)
    assert found is not None
    assert found == aria2_pair(destination, DISK) == read_partial(tmp_path / "m.bin.aria2", DISK)
    assert found.stored(LENGTH, ()) == SpanSet.of(Span(0, BLOCK), Span(2 * BLOCK, 3 * BLOCK))
    assert found.stored(LENGTH + 1, ()) is None, "another file's"


def test_a_control_file_without_its_file_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.bin.aria2").write_bytes(control(LENGTH, b"\xf0"))
    assert aria2_pair(tmp_path / "m.bin", DISK) is None


def test_what_a_control_file_claims_beyond_the_files_end_doesnt_count(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(bytes(BLOCK + 5))
    (tmp_path / "m.bin.aria2").write_bytes(control(LENGTH, b"\xf0"))
    found = aria2_pair(tmp_path / "m.bin", DISK)
    assert found is not None
    assert found.stored(LENGTH, ()) == SpanSet.of(Span(0, BLOCK + 5))


@pytest.mark.parametrize("name", ["{}.incomplete", "{}.0123abcd.incomplete"])
def test_a_name_that_is_a_digest_has_to_be_the_right_one(name: str, tmp_path: Path) -> None:
    left = tmp_path / name.format(SHA.hex)
    left.write_bytes(b"begun")
    found = read_partial(left, DISK)
    assert found is not None
    assert found.stored(LENGTH, [SHA]) == found.stored(LENGTH, ()) == SpanSet.of(Span(0, 5))
    assert found.stored(LENGTH, [Digest("sha256", "cd" * 32)]) is None
    assert found.stored(4, ()) is None, "it is longer than the file"


def test_a_link_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "m.bin.crdownload").symlink_to(tmp_path / "real")
    assert find_beside(tmp_path / "m.bin", DISK) is None


# Taking over ----------------------------------------------------------------------------------------------


def taken_over(tmp_path: Path, data: bytes, stored: SpanSet) -> tuple[Opened, list[TakenOver | StorageFailed]]:
    left = tmp_path / "left"
    left.write_bytes(data)
    partial = read_partial(left, DISK)
    assert partial is not None
    opened, told = Opened(tmp_path / "m.bin"), list[TakenOver | StorageFailed]()
    opened.store.take_over(partial, stored, LENGTH, told.append)
    opened.workers.run()
    assert left.read_bytes() == data
    return opened, told


def test_whole_blocks_are_recorded_and_survive_the_process(tmp_path: Path) -> None:
    opened, told = taken_over(tmp_path, CONTENT[: 2 * BLOCK + 5], SpanSet.of(Span(0, 2 * BLOCK + 5)))
    assert told == [TakenOver()]
    opened.store.close()
    kept = Opened(tmp_path / "m.bin").store.kept
    assert kept is not None
    assert kept.blocks == SpanSet.of(Span(0, 2 * BLOCK))
    assert kept.identity == Identity(LENGTH, Validator(), FOREIGN)
    assert (tmp_path / "m.bin.part").read_bytes()[: 2 * BLOCK] == CONTENT[: 2 * BLOCK]


def test_the_last_block_may_be_short(tmp_path: Path) -> None:
    opened, _ = taken_over(tmp_path, CONTENT, SpanSet.of(Span(3 * BLOCK, LENGTH)))
    kept = opened.store.kept
    assert kept is not None
    assert kept.blocks == SpanSet.of(Span(3 * BLOCK, LENGTH))


def test_zeroes_and_what_isnt_there_are_left_out(tmp_path: Path) -> None:
    data = bytes(BLOCK) + CONTENT[BLOCK : 2 * BLOCK]
    opened, told = taken_over(tmp_path, data, SpanSet.whole(LENGTH))
    kept = opened.store.kept
    assert told == [TakenOver()]
    assert kept is not None
    assert kept.blocks == SpanSet.of(Span(BLOCK, 2 * BLOCK))


def test_nothing_of_any_use_leaves_nothing_to_go_on_with(tmp_path: Path) -> None:
    opened, told = taken_over(tmp_path, random.Random(1).randbytes(100), SpanSet.of(Span(0, 100)))
    assert told == [TakenOver()]
    assert opened.store.kept is None
