from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.entries import Candidate, HowKnown, IndexEntry, Remembered
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Index
from tests.effort import effort

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"weights"
SHA256 = Digest("sha256", sha256(CONTENT).hexdigest())
BLAKE3 = Digest("blake3", "ef" * 32)
OTHER = Digest("sha256", "00" * 32)


NOW = 1_800_000_000.0


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index(tmp_path / "data" / "index.sqlite", lambda: NOW) as index:
        yield index


def file(folder: Path, name: str = "x.pt", content: bytes = CONTENT) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def claimed(path: Path, *digests: Digest) -> IndexEntry:
    return IndexEntry(path, FileState.of(path.stat()), digests, HowKnown.CLAIMED)


def test_a_file_is_found_by_each_of_its_digests(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256, BLAKE3])
    expected = (Candidate(path, FileState.of(path.stat()), HowKnown.HASHED),)
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


def change(path: Path, how: str) -> None:
    status = path.stat()
    if how == "longer":
        path.write_bytes(CONTENT + b"!")
    elif how == "content":
        path.write_bytes(CONTENT[::-1])
    elif how == "rotten":
        path.write_bytes(CONTENT[::-1])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif how == "time":
        os.utime(path, ns=(1, 1))
    elif how == "mode":
        path.chmod(0o600)
    else:
        other = file(path.parent, "y.pt", CONTENT)
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.replace(path)


@pytest.mark.parametrize("how", ["content", "rotten", "time", "mode", "replaced"])
def test_what_is_known_of_a_file_is_a_claim_once_anything_about_it_has_changed(
    tmp_path: Path, index: Index, how: str
) -> None:
    path = file(tmp_path)
    before = FileState.of(path.stat())
    index.add(path, [SHA256], verified="length")
    change(path, how)
    assert index.digests(path) == ()
    assert index.current(path) is None
    assert index.wanted(SHA256) == (Candidate(path, FileState.of(path.stat()), HowKnown.CLAIMED),)
    assert index.remembered(path) == Remembered(before, (SHA256,), NOW, "length")


def test_a_file_of_another_length_than_what_was_read_isnt_it(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256])
    change(path, "longer")
    assert index.wanted(SHA256) == ()
    index.add_many([claimed(path, SHA256)])
    assert [found.proof for found in index.wanted(SHA256)] == [HowKnown.CLAIMED], "somebody else says so of it as it is"


@pytest.mark.parametrize("how", ["time", "mode", "replaced"])
def test_the_same_content_in_another_state_keeps_all_that_is_known(tmp_path: Path, index: Index, how: str) -> None:
    path, blocks = file(tmp_path), BlockChecksums.of(4, len(CONTENT), [1, 2])
    entry = IndexEntry(
        path,
        FileState.of(path.stat()),
        (SHA256, BLAKE3),
        HowKnown.HASHED,
        ("one",),
        "length",
        read_at=5.0,
        blocks=blocks,
    )
    index.add_many([entry])
    change(path, how)
    index.add(path, [SHA256])
    now = FileState.of(path.stat())
    assert index.current(path) == Remembered(now, (BLAKE3, SHA256), NOW, "length", blocks)
    assert index.came_from(path, ["one"])


def test_what_the_disk_has_changed_is_refuted_and_not_taken_for_new(tmp_path: Path, index: Index) -> None:
    path, blocks = file(tmp_path), BlockChecksums.of(4, len(CONTENT), [1, 2])
    before = FileState.of(path.stat())
    index.add(path, [SHA256], blocks=blocks)
    change(path, "rotten")
    index.add(path, [OTHER])
    now = FileState.of(path.stat())
    assert index.remembered(path) == Remembered(before, (SHA256,), NOW, "none", blocks, refuted=now)
    assert index.wanted(SHA256) == index.wanted(OTHER) == ()
    index.add(path, [OTHER], verified="sha256")
    assert index.digests(path) == (OTHER,), "unless it is proved to be right"


def test_what_we_do_to_a_files_names_and_mode_leaves_it_known_under_all_of_them(tmp_path: Path, index: Index) -> None:
    first, second = file(tmp_path), tmp_path / "second.pt"
    os.link(first, second)
    for path in (first, second):
        index.add(path, [SHA256], read_at=5.0)
    with index.keeping(first):
        os.link(first, tmp_path / "third.pt")
        first.chmod(0o600)
    assert index.digests(first) == index.digests(second) == (SHA256,)
    with index.keeping(first):
        first.unlink()
    assert index.digests(second) == (SHA256,)
    with index.keeping(second):
        change(second, "content")
    assert index.digests(second) == ()


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
    index.add_many([claimed(file(tmp_path, "y.pt"), SHA256)])
    for name in ("x.pt", "y.pt", "disk/x.pt"):
        (tmp_path / name).unlink()
    (tmp_path / "disk").rmdir()
    assert index.forget_missing() == 2
    assert index.paths() == [tmp_path / "disk" / "x.pt"]


def test_what_changed_while_it_was_read_is_not_entered(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    before = FileState.of(path.stat())
    path.write_bytes(b"other")
    index.add(path, [SHA256], state=before)
    index.add(tmp_path / "missing", [SHA256])
    assert index.paths() == []


def test_a_claim_is_marked_so_and_comes_after_what_was_hashed(tmp_path: Path, index: Index) -> None:
    first, second = file(tmp_path, "a.pt"), file(tmp_path, "b.pt")
    index.add_many([claimed(first, SHA256)])
    index.add(second, [SHA256])
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [
        (second, HowKnown.HASHED),
        (first, HowKnown.CLAIMED),
    ]
    assert index.digests(first) == ()


def test_a_claim_never_replaces_what_was_hashed_and_hashing_replaces_a_claim(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256])
    index.add_many([claimed(path, OTHER)])
    assert index.wanted(OTHER) == ()
    assert index.digests(path) == (SHA256,)
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
    assert index.paths() == []
    assert index.digests(path) == ()


def test_checksums_of_blocks_and_the_time_are_kept_beside_the_digests(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    blocks = BlockChecksums.of(4, len(CONTENT), [1, 2**64 - 1])
    index.add(path, [SHA256], blocks=blocks, read_at=5.0)
    expected = Remembered(FileState.of(path.stat()), (SHA256,), 5.0, blocks=blocks)
    assert index.remembered(path) == expected
    assert index.all_remembered() == {path: replace(expected, blocks=None)}
    index.add(path, [SHA256], verified="sha256", read_at=6.0)
    assert index.remembered(path) == replace(expected, verified="sha256", read_at=6.0)
    path.write_bytes(b"other")
    index.add(path, [OTHER])
    assert index.remembered(path) == Remembered(FileState.of(path.stat()), (OTHER,), NOW)
    assert index.remembered(tmp_path / "unknown") is None


def test_a_refuted_file_is_offered_to_nobody_until_it_is_read_and_right_again(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    blocks = BlockChecksums.of(4, len(CONTENT), [1, 2])
    index.add(path, [SHA256], blocks=blocks)
    index.refute(path)
    index.add_many([claimed(path, SHA256)])
    assert index.wanted(SHA256) == ()
    assert index.digests(path) == ()
    known, state = index.remembered(path), FileState.of(path.stat())
    assert known is not None
    assert (known.is_refuted(state), known.holds(state)) == (True, False)
    assert (known.blocks, known.digests) == (blocks, (SHA256,))
    index.add(path, [SHA256])
    assert [found.proof for found in index.wanted(SHA256)] == [HowKnown.HASHED]


def test_a_refuted_file_that_was_replaced_is_worth_reading(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.add(path, [SHA256])
    index.refute(path)
    change(path, "replaced")
    assert [found.proof for found in index.wanted(SHA256)] == [HowKnown.CLAIMED]


def test_what_was_never_read_is_refuted_too(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    index.refute(path)
    index.refute(tmp_path / "missing")
    index.add_many([claimed(path, OTHER)])
    assert index.wanted(OTHER) == ()
    state = FileState.of(path.stat())
    assert index.remembered(path) == Remembered(state, refuted=state)
    index.add(path, [SHA256])
    assert index.digests(path) == (SHA256,)


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
        IndexEntry(tmp_path / f"{number}.pt", state, (Digest("sha256", f"{number:064x}"),), HowKnown.HASHED)
        for number in range(10_000)
    ]
    index.add_many(entries)
    index.add(path, [SHA256])
    with effort() as spent:
        for _ in range(20):
            assert len(index.wanted(SHA256)) == 1
    assert spent.seconds / 20 < 0.05


def test_it_is_known_which_references_led_to_a_file_while_its_content_is_the_same(tmp_path: Path, index: Index) -> None:
    path = file(tmp_path)
    entry = IndexEntry(path, FileState.of(path.stat()), (SHA256,), HowKnown.HASHED, ("one", "two"))
    index.add_many([entry])
    index.add(path, [SHA256])
    assert index.came_from(path, ["three", "two"])
    assert not index.came_from(path, ["three"])
    change(path, "content")
    index.add(path, [OTHER])
    assert not index.came_from(path, ["two"])


def test_a_file_that_was_read_is_known_under_each_of_its_names(tmp_path: Path, index: Index) -> None:
    path, other, link = file(tmp_path), tmp_path / "other.pt", tmp_path / "link.pt"
    os.link(path, other)
    link.symlink_to(path)
    index.add(path, [SHA256])
    assert index.digests(other) == index.digests(link) == (SHA256,)
    index.add_many([claimed(other, SHA256), claimed(link, OTHER)])
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [
        (other, HowKnown.HASHED),
        (path, HowKnown.HASHED),
    ]
    assert index.wanted(OTHER) == ()
    index.refute(other)
    assert index.digests(path) == index.digests(link) == ()
