from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.library.dedupe import LEAST_BYTES, Group, Hashed, dedupe, find_duplicates, groups_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.linking import Method
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import hexed
from tests.library.steps import result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK = OsDisk()
CONTENT = b"w" * LEAST_BYTES
OTHER = b"v" * LEAST_BYTES
SHA256 = Digest("sha256", hexed(CONTENT))


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        yield index


def make(folder: Path, **contents: bytes) -> list[Path]:
    paths = [folder / f"{name}.pt" for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    return paths


def cloner(source: Path, destination: Path) -> bool:
    shutil.copyfile(source, destination)
    return True


def test_files_of_one_digest_on_one_disk_are_a_group_and_the_first_is_kept(tmp_path: Path) -> None:
    def file(name: str, device: int, inode: int, digest: str) -> Hashed:
        return Hashed(tmp_path / name, FileState(device, inode, 9, 0, 0), Digest("sha256", digest * 64))

    files = [
        file("a", 1, 1, "a"),
        file("b", 1, 2, "a"),
        file("same file as a", 1, 1, "a"),
        file("another disk", 2, 1, "a"),
        file("alone", 1, 4, "b"),
        file("c", 1, 5, "a"),
    ]
    group = Group(Digest("sha256", "a" * 64), 9, tmp_path / "a", (tmp_path / "b", tmp_path / "c"))
    assert groups_of(files) == (group,)


def test_duplicates_are_found_and_only_files_of_equal_length_are_read(tmp_path: Path, index: Index) -> None:
    a, b, other = make(tmp_path, a=CONTENT, b=CONTENT, other=OTHER)
    (longer,) = make(tmp_path, longer=CONTENT + b"!")
    make(tmp_path, small1=b"x", small2=b"x")
    (tmp_path / "link.pt").symlink_to(a)
    (tmp_path / "text.txt").write_bytes(CONTENT)
    assert result(find_duplicates([tmp_path], index)) == (Group(SHA256, LEAST_BYTES, a, (b,)),)
    assert index.digests(other)
    assert not index.digests(longer)


def test_a_second_search_reads_nothing(tmp_path: Path, index: Index) -> None:
    make(tmp_path, a=CONTENT, b=CONTENT)
    assert [step.bytes_read for step in find_duplicates([tmp_path], index)] == [LEAST_BYTES, 2 * LEAST_BYTES]
    assert [step.bytes_read for step in find_duplicates([tmp_path], index)] == [0, 0]


def test_two_names_of_one_file_are_no_duplicates(tmp_path: Path, index: Index) -> None:
    (a,) = make(tmp_path, a=CONTENT)
    os.link(a, tmp_path / "b.pt")
    assert result(find_duplicates([tmp_path], index)) == ()


def test_duplicates_share_their_space_and_keep_their_time_and_mode(tmp_path: Path, index: Index) -> None:
    a, b = make(tmp_path, a=CONTENT, b=CONTENT)
    b.chmod(0o640)
    os.utime(b, ns=(5, 7))
    groups = result(find_duplicates([tmp_path], index))
    report = result(dedupe(groups, index, DISK, cloner=cloner))
    assert (report.linked, report.bytes_freed, report.differing, report.skipped) == ((b,), LEAST_BYTES, (), ())
    assert b.read_bytes() == CONTENT
    assert (b.stat().st_mtime_ns, b.stat().st_mode & 0o777) == (7, 0o640)
    assert index.digests(b) == (SHA256,)
    assert sorted(tmp_path.iterdir()) == [a, b]


def test_hard_links_are_made_where_they_are_asked_for(tmp_path: Path, index: Index) -> None:
    a, b = make(tmp_path, a=CONTENT, b=CONTENT)
    groups = result(find_duplicates([tmp_path], index))
    report = result(dedupe(groups, index, DISK, order=[Method.HARD_LINK]))
    assert report.linked == (b,)
    assert a.samefile(b)


def test_without_reflinks_nothing_is_done_and_it_is_said_why(tmp_path: Path, index: Index) -> None:
    a, b = make(tmp_path, a=CONTENT, b=CONTENT)
    groups = result(find_duplicates([tmp_path], index))
    report = result(dedupe(groups, index, DISK, order=[Method.REFLINK, Method.COPY], cloner=lambda _a, _b: False))
    assert report.linked == ()
    assert report.skipped[0][0] == b
    assert "reflink" in report.skipped[0][1]
    assert not a.samefile(b)


def test_files_that_a_digest_calls_the_same_and_are_not_stay_as_they_are(tmp_path: Path, index: Index) -> None:
    a, b = make(tmp_path, a=CONTENT, b=OTHER)
    report = result(dedupe([Group(SHA256, LEAST_BYTES, a, (b,))], index, DISK, order=[Method.HARD_LINK]))
    assert (report.linked, report.differing) == ((), (b,))
    assert b.read_bytes() == OTHER


def test_one_that_is_gone_does_not_stop_the_others(tmp_path: Path, index: Index) -> None:
    a, b = make(tmp_path, a=CONTENT, b=CONTENT)
    group = Group(SHA256, LEAST_BYTES, a, (tmp_path / "gone.pt", b))
    report = result(dedupe([group], index, DISK, order=[Method.HARD_LINK]))
    assert report.linked == (b,)
    assert [path for path, _ in report.skipped] == [tmp_path / "gone.pt"]
