from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest
from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.journal import decode
from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import Places
from anymatix_fetcher.storage.salvage import salvage

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 1000
CONTENT = random.Random(5).randbytes(10 * SIZE + 123)
RIGHT = BlockChecksums.of(
    SIZE, len(CONTENT), (xxh3_64_intdigest(CONTENT[start : start + SIZE]) for start in range(0, len(CONTENT), SIZE))
)
REFERENCE = "https://example.org/x.pt"


def no_clone(_source: Path, _destination: Path) -> bool:
    return False


def copying(source: Path, destination: Path) -> bool:
    shutil.copyfile(source, destination)
    return True


def damaged(folder: Path, content: bytes) -> Places:
    places = Places.of(folder / "x.pt")
    places.destination.write_bytes(content)
    return places


def flipped(*offsets: int) -> bytes:
    content = bytearray(CONTENT)
    for offset in offsets:
        content[offset] ^= 1
    return bytes(content)


@pytest.mark.parametrize("clone", [no_clone, copying])
def test_good_blocks_are_in_the_part_file_and_in_the_journal(tmp_path: Path, clone: object) -> None:
    content = flipped(0, 2 * SIZE, len(CONTENT) - 1)
    places = damaged(tmp_path, content)
    counted: list[int] = []
    kept = salvage(
        places,
        OsDisk(),
        reference=REFERENCE,
        right=RIGHT,
        clone=no_clone if clone is no_clone else copying,
        on_bytes=counted.append,
    )
    journal = decode(places.journal.read_bytes())
    good = SpanSet.of(Span(SIZE, 2 * SIZE), Span(3 * SIZE, 10 * SIZE))
    assert journal.header is not None
    assert journal.header.is_for(REFERENCE)
    assert journal.identity == Identity(len(CONTENT), Validator())
    assert journal.blocks.spans(SIZE) == good
    part = places.part.read_bytes()
    assert len(part) == len(CONTENT)
    assert all(part[span.start : span.stop] == CONTENT[span.start : span.stop] for span in good)
    assert (kept, sum(counted)) == (good.total, len(CONTENT))
    assert places.destination.read_bytes() == content


def test_of_a_file_that_was_cut_what_is_left_is_kept(tmp_path: Path) -> None:
    places = damaged(tmp_path, CONTENT[: 4 * SIZE + 5])
    assert salvage(places, OsDisk(), reference=REFERENCE, right=RIGHT, clone=no_clone) == 4 * SIZE
    assert places.part.stat().st_size == len(CONTENT)


def test_of_a_file_that_is_too_long_the_rest_is_cut(tmp_path: Path) -> None:
    places = damaged(tmp_path, CONTENT + b"more")
    assert salvage(places, OsDisk(), reference=REFERENCE, right=RIGHT, clone=copying) == len(CONTENT)
    assert places.part.read_bytes() == CONTENT


def test_a_repair_that_was_begun_is_left_as_it_is(tmp_path: Path) -> None:
    places = damaged(tmp_path, CONTENT)
    salvage(places, OsDisk(), reference=REFERENCE, right=RIGHT, clone=no_clone)
    journal = places.journal.read_bytes()
    assert salvage(places, OsDisk(), reference=REFERENCE, right=RIGHT, clone=no_clone) == 0
    assert places.journal.read_bytes() == journal


def test_another_download_isnt_touched(tmp_path: Path) -> None:
    places = damaged(tmp_path, CONTENT)
    places.part.write_bytes(b"somebody's")
    with pytest.raises(StorageError, match="belongs to another download") as caught:
        salvage(places, OsDisk(), reference=REFERENCE, right=RIGHT, clone=no_clone)
    assert "prune" in caught.value.hint
    assert places.part.read_bytes() == b"somebody's"
    assert not places.journal.exists()


def test_whoever_stops_it_leaves_nothing(tmp_path: Path) -> None:
    places = damaged(tmp_path, CONTENT)

    def stop(_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        salvage(places, OsDisk(), reference=REFERENCE, right=RIGHT, clone=no_clone, on_bytes=stop)
    assert list(tmp_path.iterdir()) == [places.destination]
