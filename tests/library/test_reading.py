from __future__ import annotations

import random
from hashlib import md5, sha256
from typing import TYPE_CHECKING

import pytest
from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.journal import MIN_BLOCK_SIZE
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.reading import READ_BYTES, read_through
from anymatix_fetcher.storage.hashing import new_hasher

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (0, 1, MIN_BLOCK_SIZE, MIN_BLOCK_SIZE + 1, READ_BYTES, 4 * READ_BYTES + 12_345)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("block_size", [None, 300_000])
def test_digests_and_blocks_are_those_of_the_content(tmp_path: Path, size: int, block_size: int | None) -> None:
    content = random.Random(size).randbytes(size)
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    counted: list[int] = []
    reading = read_through(path, ["md5"], new_hasher, block_size=block_size, on_bytes=counted.append)
    step = block_size or MIN_BLOCK_SIZE
    pieces = [content[start : start + step] for start in range(0, size, step)]
    assert reading.blocks == BlockChecksums.of(step, size, map(xxh3_64_intdigest, pieces))
    assert reading.digests == (
        Digest("sha256", sha256(content).hexdigest()),
        Digest("md5", md5(content, usedforsecurity=False).hexdigest()),
    )
    assert reading.sha256 == reading.digests[0]
    assert reading.state == FileState.of(path.stat())
    assert sum(counted) == size


def test_a_file_that_isnt_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_through(tmp_path / "x.pt", (), new_hasher)


def test_whoever_is_told_of_bytes_may_end_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(bytes(3 * READ_BYTES))
    counted: list[int] = []

    def count(more: int) -> None:
        counted.append(more)
        raise KeyError

    with pytest.raises(KeyError):
        read_through(path, (), new_hasher, on_bytes=count)
    assert counted == [READ_BYTES]
