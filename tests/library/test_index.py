from __future__ import annotations

import os
import time
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.blocks import BlockChecksums
from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Candidate, Entry, Index, Proof, Remembered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"weights"
SHA256 = Digest("sha256", sha256(CONTENT).hexdigest())
BLAKE3 = Digest("blake3", "ef" * 32)
OTHER = Digest("sha256", "00" * 32)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index(tmp_path / "data" / "index.sqlite") as index:
        yield index


def file(folder: Path, name: str = "x.pt", content: bytes = CONTENT) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def claimed(path: Path, *digests: Digest) -> Entry:
    return Entry(path, FileState.of(path.stat()), digests, Proof.CLAIMED)


def test_a_file_is_found_by_each_of_its_digests(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256, BLAKE3])
    expected = (Candidate(path, FileState.of(path.stat()), Proof.HASHED),)
    assert index.wanted(SHA256) == index.wanted(BLAKE3) == expected
    assert index.wanted(OTHER) == ()
    assert index.digests(path) == (BLAKE3, SHA256)


def test_weak_digests_find_nothing(tmp_path: Path, index: Index) -> None:
    md5, crc32 = Digest("md5", "0" * 32), Digest("crc32", "0" * 8)
    index.add(file(tmp_path), [md5, crc32])
    assert index.wanted(md5) == index.wanted(crc32) == ()


def test_what_is_learned_is_kept(tmp_path: Path, index: Index) -> None:
    index.add(file(tmp_path), [SHA256])
    with Index(tmp_path / "data" / "index.sqlite") as another:
        assert [candidate.path for candidate in another.wanted(SHA256)] == [tmp_path / "x.pt"]


@pytest.mark.parametrize("change", ["content", "time", "replaced"])
def test_a_file_that_has_changed_is_not_found_and_what_it_was_stays_recorded(
    tmp_path: Path, index: Index, change: str
) -> None:
    path = file(tmp_path)
    before = FileState.of(path.stat())
    index.add(path, [SHA256])
    if change == "content":
        path.write_bytes(CONTENT + b"!")
    elif change == "time":
        os.utime(path, ns=(1, 1))
    else:
        status = path.stat()
        other = file(tmp_path, "y.pt")
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.replace(path)
    assert index.digests(path) == ()
    assert index.wanted(SHA256) == ()
    assert index.remembered(path) == Remembered(before, {SHA256: Proof.HASHED})


def test_a_file_that_is_gone_is_not_found_but_stays_known_for_its_disk_may_come_back(
    tmp_path: Path, index: Index
) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256])
    hidden = path.rename(tmp_path / "hidden")
    assert index.wanted(SHA256) == ()
    hidden.rename(path)
    assert len(index.wanted(SHA256)) == 1


def test_missing_files_are_forgotten_where_their_folder_is_there(tmp_path: Path, index: Index) -> None:
    (tmp_path / "disk").mkdir()
    index.add(file(tmp_path), [SHA256])
    index.add(file(tmp_path / "disk"), [SHA256])
    (tmp_path / "x.pt").unlink()
    (tmp_path / "disk" / "x.pt").unlink()
    (tmp_path / "disk").rmdir()
    assert index.forget_missing() == 1
    assert [entry.path for entry in index.entries()] == [tmp_path / "disk" / "x.pt"]


def test_another_number_of_the_device_is_no_change(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    state = FileState.of(path.stat())
    moved = FileState(state.device + 1, state.inode, state.size, state.mtime_ns)
    index.add_many([Entry(path, moved, (SHA256,), Proof.HASHED)])
    assert index.wanted(SHA256) == (Candidate(path, state, Proof.HASHED),)


def test_what_changed_while_it_was_read_is_not_entered(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    before = FileState.of(path.stat())
    path.write_bytes(b"other")
    index.add(path, [SHA256], state=before)
    index.add(tmp_path / "missing", [SHA256])
    assert index.entries() == []


def test_a_claim_is_marked_so_and_comes_after_what_was_hashed(tmp_path: Path, index: Index) -> None:
    first, second = file(tmp_path, "a.pt"), file(tmp_path, "b.pt")
    index.add_many([claimed(first, SHA256)])
    index.add(second, [SHA256])
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [
        (second, Proof.HASHED),
        (first, Proof.CLAIMED),
    ]
    assert index.digests(first) == ()


def test_a_claim_never_replaces_what_was_hashed_and_hashing_replaces_a_claim(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256])
    index.add_many([claimed(path, OTHER)])
    assert index.wanted(OTHER) == ()
    other = file(tmp_path, "y.pt")
    index.add_many([claimed(other, OTHER)])
    index.add(other, [SHA256])
    assert index.wanted(OTHER) == ()
    assert len(index.wanted(SHA256)) == 2


def test_new_content_takes_the_place_of_the_old_with_all_its_digests(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256, BLAKE3])
    path.write_bytes(b"other content")
    index.add(path, [OTHER])
    assert index.digests(path) == (OTHER,)
    assert index.wanted(BLAKE3) == ()


def test_names_that_are_no_text_are_kept_too(tmp_path: Path, index: Index) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.pt")
    path.write_bytes(CONTENT)
    index.add(path, [SHA256])
    assert [candidate.path for candidate in index.wanted(SHA256)] == [path]


def test_a_relative_path_is_found_from_everywhere(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = file(tmp_path)
    index.add(path.relative_to(tmp_path), [SHA256])
    monkeypatch.chdir("/")
    assert [candidate.path for candidate in index.wanted(SHA256)] == [path]


def test_files_are_forgotten_when_asked(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256])
    index.forget([path])
    assert index.entries() == []
    assert index.digests(path) == ()


def test_checksums_of_blocks_and_the_time_are_kept_beside_the_digests(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    blocks = BlockChecksums.of(4, len(CONTENT), [1, 2**64 - 1])
    index.add(path, [SHA256], blocks=blocks, read_at=5.0)
    expected = Remembered(FileState.of(path.stat()), {SHA256: Proof.HASHED}, 5.0, blocks)
    assert index.remembered(path) == expected
    assert index.all_remembered() == {path: replace(expected, blocks=None)}
    index.add(path, [SHA256])
    assert index.remembered(path) == expected
    path.write_bytes(b"other")
    index.add(path, [OTHER])
    assert index.remembered(path) == Remembered(FileState.of(path.stat()), {OTHER: Proof.HASHED})
    assert index.remembered(tmp_path / "unknown") is None


def test_a_refuted_file_is_offered_to_nobody_until_it_is_read_and_right_again(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    blocks = BlockChecksums.of(4, len(CONTENT), [1, 2])
    index.add(path, [SHA256], blocks=blocks)
    index.refute(path, [SHA256])
    index.add_many([replace(claimed(path, SHA256), proof=Proof.HASHED)])
    assert index.wanted(SHA256) == ()
    assert index.digests(path) == ()
    known = index.remembered(path)
    assert known is not None
    assert (known.is_refuted, known.blocks, set(known.digests)) == (True, blocks, {SHA256})
    index.add(path, [SHA256])
    assert len(index.wanted(SHA256)) == 1


def test_what_was_never_entered_is_refuted_too(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.refute(path, [OTHER])
    index.refute(tmp_path / "missing", [OTHER])
    index.add_many([claimed(path, OTHER)])
    assert index.wanted(OTHER) == ()
    assert index.remembered(path) == Remembered(FileState.of(path.stat()), {OTHER: Proof.REFUTED})


def test_answers_are_kept_for_as_long_as_they_are_good(index: Index) -> None:
    assert index.answer("who?", not_before=0.0) is None
    index.keep_answer("who?", "nobody", 10.0)
    assert index.answer("who?", not_before=10.0) == "nobody"
    assert index.answer("who?", not_before=11.0) is None
    index.keep_answer("who?", "somebody", 12.0)
    assert index.answer("who?", not_before=11.0) == "somebody"


def test_with_ten_thousand_models_a_digest_is_found_in_milliseconds(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    state = FileState.of(path.stat())
    entries = [
        Entry(tmp_path / f"{number}.pt", state, (Digest("sha256", f"{number:064x}"),), Proof.HASHED)
        for number in range(10_000)
    ]
    index.add_many(entries)
    index.add(path, [SHA256])
    started = time.perf_counter()
    for _ in range(20):
        assert len(index.wanted(SHA256)) == 1
    assert (time.perf_counter() - started) / 20 < 0.05


def test_it_is_known_which_references_led_to_a_file_while_it_is_the_same(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    entry = Entry(path, FileState.of(path.stat()), (SHA256,), Proof.HASHED, ("one", "two"))
    index.add_many([entry])
    index.add(path, [SHA256])
    assert index.came_from(path, ["three", "two"])
    assert not index.came_from(path, ["three"])
    path.write_bytes(CONTENT + b"!")
    assert not index.came_from(path, ["two"])
    index.add(path, [SHA256])
    assert not index.came_from(path, ["two"])
