from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import blake3
import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import DestinationExistsError
from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.linking import Method
from anymatix_fetcher.library.reuse import take
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.effort import effort
from tests.library.first_fetcher import hexed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK = OsDisk()
CONTENT = b"weights" * 1000
SHA256 = Digest("sha256", hexed(CONTENT))
BLAKE3 = Digest("blake3", "ef" * 32)


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        yield index


@pytest.fixture
def here(tmp_path: Path) -> Path:
    path = tmp_path / "here.pt"
    path.write_bytes(CONTENT)
    return path


def claim(index: Index, path: Path, *digests: Digest) -> None:
    index.add_many([IndexEntry(path, FileState.of(path.stat()), digests, HowKnown.CLAIMED)])


def test_a_wanted_file_that_is_here_is_linked_and_known_in_both_places(
    tmp_path: Path, here: Path, index: Index
) -> None:
    index.add(here, [SHA256])
    linked = take(index, SHA256, tmp_path / "there.pt", DISK)
    assert linked is not None
    assert (tmp_path / "there.pt").read_bytes() == CONTENT
    assert len(index.wanted(SHA256)) == 2


def test_what_is_not_here_is_not_made(tmp_path: Path, index: Index) -> None:
    assert take(index, SHA256, tmp_path / "there.pt", DISK) is None
    assert list(tmp_path.iterdir()) == []


def test_a_true_claim_is_read_once_and_then_known(tmp_path: Path, here: Path, index: Index) -> None:
    claim(index, here, SHA256)
    read: list[int] = []
    assert take(index, SHA256, tmp_path / "b", DISK, order=[Method.HARD_LINK], on_bytes=read.append) is not None
    assert sum(read) == len(CONTENT)
    assert take(index, SHA256, tmp_path / "c", DISK, order=[Method.HARD_LINK], on_bytes=read.append) is not None
    assert sum(read) == len(CONTENT)


def test_a_false_claim_brings_nothing_and_is_corrected(tmp_path: Path, here: Path, index: Index) -> None:
    wrong = Digest("sha256", "0" * 64)
    claim(index, here, wrong)
    assert take(index, wrong, tmp_path / "b", DISK) is None
    assert not (tmp_path / "b").exists()
    assert [found.proof for found in index.wanted(SHA256)] == [HowKnown.HASHED]


def test_a_claim_that_cannot_be_checked_brings_nothing(tmp_path: Path, here: Path, index: Index) -> None:
    claim(index, here, BLAKE3)
    assert take(index, BLAKE3, tmp_path / "b", DISK) is None


def test_a_blake3_that_is_claimed_is_proved_by_reading(tmp_path: Path, here: Path, index: Index) -> None:
    right = Digest("blake3", blake3.blake3(CONTENT).hexdigest())
    claim(index, here, right)
    linked = take(index, right, tmp_path / "b", DISK)
    assert linked is not None
    assert linked.source == here
    assert (tmp_path / "b").read_bytes() == CONTENT
    assert set(index.digests(tmp_path / "b")) == {right, SHA256}


def test_one_bad_source_does_not_stand_in_the_way_of_a_good_one(tmp_path: Path, here: Path, index: Index) -> None:
    rotten = tmp_path / "a_rotten.pt"
    rotten.write_bytes(CONTENT)
    index.add(rotten, [SHA256])
    status = rotten.stat()
    rotten.write_bytes(CONTENT[::-1])
    os.utime(rotten, ns=(status.st_atime_ns, status.st_mtime_ns))
    index.add(here, [SHA256])
    linked = take(index, SHA256, tmp_path / "b", DISK, order=[Method.COPY])
    assert linked is not None
    assert linked.source == here
    known = [found.path for found in index.wanted(SHA256) if found.proof is HowKnown.HASHED]
    assert known == [tmp_path / "b", here]


def test_a_doubter_has_every_source_read(tmp_path: Path, here: Path, index: Index) -> None:
    index.add(here, [SHA256])
    status = here.stat()
    here.write_bytes(CONTENT[::-1])
    os.utime(here, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert take(index, SHA256, tmp_path / "b", DISK, order=[Method.HARD_LINK], read_all=True) is None


def rot(path: Path) -> None:
    """Changes the content and sets the time of the last writing back, as ``rsync -t`` of other bytes does."""
    status = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_was_read_is_read_again_where_its_change_time_is_another(tmp_path: Path, here: Path, index: Index) -> None:
    index.add(here, [SHA256])
    rot(here)
    read: list[int] = []
    assert take(index, SHA256, tmp_path / "b", DISK, on_bytes=read.append) is None
    assert not (tmp_path / "b").exists()
    known = index.remembered(here)
    assert known is not None
    assert (known.digests, known.is_refuted(FileState.of(here.stat()))) == ((SHA256,), True)
    assert take(index, SHA256, tmp_path / "b", DISK, on_bytes=read.append) is None
    assert sum(read) == len(CONTENT), "it is read once"


@pytest.mark.parametrize("change", ["mode", "time", "device"])
def test_the_same_content_in_another_state_is_read_once_and_used(
    tmp_path: Path, here: Path, index: Index, change: str
) -> None:
    index.add(here, [SHA256], read_at=5.0)
    if change == "mode":
        here.chmod(0o600)
    elif change == "time":
        os.utime(here, ns=(1, 1))
    else:
        state = FileState.of(here.stat())
        index.add_many([IndexEntry(here, replace(state, device=state.device + 1), (SHA256,), HowKnown.HASHED)])
    read: list[int] = []
    assert take(index, SHA256, tmp_path / "b", DISK, order=[Method.HARD_LINK], on_bytes=read.append) is not None
    assert take(index, SHA256, tmp_path / "c", DISK, order=[Method.HARD_LINK], on_bytes=read.append) is not None
    assert sum(read) == len(CONTENT)
    known = index.current(tmp_path / "c")
    assert known is not None
    assert known.read_at is not None
    assert known.read_at > 5.0


def test_our_own_links_leave_every_name_of_a_file_known(tmp_path: Path, here: Path, index: Index) -> None:
    os.link(here, tmp_path / "also.pt")
    for path in (here, tmp_path / "also.pt"):
        index.add(path, [SHA256], read_at=5.0)

    def read(_: int) -> None:
        raise AssertionError("nothing is read")

    for name in ("b", "c"):
        assert take(index, SHA256, tmp_path / name, DISK, order=[Method.HARD_LINK], on_bytes=read) is not None
    known = {path.name: index.current(path) for path in tmp_path.iterdir()}
    assert {name: one and one.read_at for name, one in known.items()} == dict.fromkeys(
        ("here.pt", "also.pt", "b", "c"), 5.0
    )


def test_a_file_with_several_names_is_read_once_and_not_for_each(tmp_path: Path, here: Path, index: Index) -> None:
    os.link(here, tmp_path / "also.pt")
    (tmp_path / "link.pt").symlink_to(here)
    wrong = Digest("sha256", "0" * 64)
    for path in (here, tmp_path / "also.pt", tmp_path / "link.pt"):
        claim(index, path, wrong)
    read: list[int] = []
    assert take(index, wrong, tmp_path / "b", DISK, on_bytes=read.append) is None
    assert sum(read) == len(CONTENT)


def test_where_only_links_are_allowed_and_none_can_be_made_it_is_left_to_the_download(
    tmp_path: Path, here: Path, index: Index
) -> None:
    index.add(here, [SHA256])
    assert take(index, SHA256, tmp_path / "b", DISK, order=[]) is None


def test_the_file_itself_is_no_source_for_itself(here: Path, index: Index) -> None:
    index.add(here, [SHA256])
    assert take(index, SHA256, here, DISK, overwrite=True) is None
    assert here.read_bytes() == CONTENT


def test_what_is_at_the_destination_is_not_replaced_unasked(tmp_path: Path, here: Path, index: Index) -> None:
    index.add(here, [SHA256])
    (tmp_path / "b").write_bytes(b"other")
    with pytest.raises(DestinationExistsError):
        take(index, SHA256, tmp_path / "b", DISK)
    assert take(index, SHA256, tmp_path / "b", DISK, overwrite=True) is not None
    assert (tmp_path / "b").read_bytes() == CONTENT


def test_a_gigabyte_is_linked_in_milliseconds(tmp_path: Path, index: Index) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(1 << 30)
    index.add(big, [SHA256])
    with effort() as spent:
        assert take(index, SHA256, tmp_path / "b", DISK, order=[Method.REFLINK, Method.HARD_LINK]) is not None
    assert spent.seconds < 0.2, "to read it would take half a second"


def test_only_some_files_may_be_taken(tmp_path: Path, here: Path, index: Index) -> None:
    index.add(here, [SHA256])
    assert take(index, SHA256, tmp_path / "there.pt", DISK, among=lambda path: path != here) is None
