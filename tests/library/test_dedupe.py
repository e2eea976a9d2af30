from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
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
    def file(names: str, device: int, digest: str, *, is_shared: bool = False) -> Hashed:
        paths = tuple(tmp_path / name for name in names.split())
        return Hashed(paths, FileState(device, 1, 9, 0, 0), Digest("sha256", digest * 64), is_shared)

    def group(keep: str, *others: str, may_link: bool = True) -> Group:
        names = tuple(tuple(tmp_path / name for name in other.split()) for other in others)
        return Group(Digest("sha256", "a" * 64), 9, tmp_path / keep, names, may_link)

    others = [file("another_disk", 2, "a"), file("alone", 1, "b")]
    assert groups_of([file("a also_a", 1, "a"), file("b also_b", 1, "a"), *others, file("c", 1, "a")]) == (
        group("a", "b also_b", "c"),
    )
    assert groups_of(others) == ()
    elsewhere = file("elsewhere", 1, "a", is_shared=True)
    assert groups_of([elsewhere, file("a", 1, "a"), file("b", 1, "a")]) == (group("a", "b"),)
    assert groups_of([file("a", 1, "a"), elsewhere]) == (group("elsewhere", "a", may_link=False),)
    assert groups_of([elsewhere, elsewhere]) == ()


def test_duplicates_are_found_and_only_files_of_equal_length_are_read(tmp_path: Path, index: Index) -> None:
    a, b, other = make(tmp_path, a=CONTENT, b=CONTENT, other=OTHER)
    (longer,) = make(tmp_path, longer=CONTENT + b"!")
    make(tmp_path, small1=b"x", small2=b"x")
    (tmp_path / "link.pt").symlink_to(a)
    (tmp_path / "text.txt").write_bytes(CONTENT)
    assert result(find_duplicates([tmp_path], index)) == (Group(SHA256, LEAST_BYTES, a, ((b,),)),)
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
    report = result(dedupe([Group(SHA256, LEAST_BYTES, a, ((b,),))], index, DISK, order=[Method.HARD_LINK]))
    assert (report.linked, report.differing) == ((), (b,))
    assert b.read_bytes() == OTHER


def test_one_that_is_gone_does_not_stop_the_others(tmp_path: Path, index: Index) -> None:
    a, b = make(tmp_path, a=CONTENT, b=CONTENT)
    group = Group(SHA256, LEAST_BYTES, a, ((tmp_path / "gone.pt",), (b,)))
    report = result(dedupe([group], index, DISK, order=[Method.HARD_LINK]))
    assert report.linked == (b,)
    assert [path for path, _ in report.skipped] == [tmp_path / "gone.pt"]


def used(folder: Path) -> int:
    """Bytes that the files take on the disk."""
    states = [path.stat() for path in folder.rglob("*")]
    return sum({status.st_ino: status.st_blocks * 512 for status in states}.values())


def test_every_name_of_a_file_is_linked_and_its_bytes_are_counted_once(tmp_path: Path, index: Index) -> None:
    (tmp_path / "checkpoints").mkdir()
    (copy,) = make(tmp_path / "checkpoints", copy=CONTENT)
    (a,) = make(tmp_path, zoo=CONTENT)
    names = [a, tmp_path / "zoo2.pt", tmp_path / "zoo.bak"]
    for name in names[1:]:
        os.link(a, name)
    before = used(tmp_path)
    groups = (Group(SHA256, LEAST_BYTES, copy, (tuple(names),)),)
    found = result(find_duplicates([tmp_path / "checkpoints", tmp_path], index))
    assert [(group.keep, sorted(group.names), group.bytes_won) for group in found] == [
        (copy, sorted(names), LEAST_BYTES)
    ]
    report = result(dedupe(groups, index, DISK, order=[Method.HARD_LINK]))
    assert report.bytes_freed == before - used(tmp_path) == LEAST_BYTES
    assert all(name.samefile(copy) for name in names)
    assert {bool(index.digests(name)) for name in (copy, *names)} == {True}, "our own links leave them known"
    assert result(find_duplicates([tmp_path], index)) == ()


@pytest.mark.parametrize("order", [[Method.HARD_LINK], [Method.REFLINK]])
def test_links_of_the_user_stay_links_of_each_other(tmp_path: Path, index: Index, order: list[Method]) -> None:
    a, z = make(tmp_path, a=CONTENT, z=CONTENT)
    also = tmp_path / "also_z.pt"
    os.link(z, also)
    groups = [Group(SHA256, LEAST_BYTES, a, ((z, also),))]
    report = result(dedupe(groups, index, DISK, order=order, cloner=cloner))
    assert report.linked == (z, also)
    assert z.samefile(also)
    assert z.samefile(a) is (order == [Method.HARD_LINK])
    assert z.read_bytes() == CONTENT
    assert {path.name for path in tmp_path.iterdir()} == {"a.pt", "z.pt", "also_z.pt"}


def test_what_lies_elsewhere_or_has_a_name_there_is_left_alone(tmp_path: Path, index: Index) -> None:
    models, outside = tmp_path / "models", tmp_path / "outside"
    models.mkdir()
    outside.mkdir()
    (training,) = make(outside, training=CONTENT)
    (models / "ext").symlink_to(outside)
    (mine,) = make(models, mine=CONTENT)
    os.link(mine, outside / "also_mine.pt")
    (a,) = make(models, a=CONTENT)
    before = {path: path.stat().st_ino for path in (training, mine, a)}
    groups = result(find_duplicates([models], index))
    report = result(dedupe(groups, index, DISK, order=[Method.REFLINK, Method.HARD_LINK], cloner=lambda _a, _b: False))
    assert (report.linked, report.bytes_freed) == ((), 0)
    assert {path: path.stat().st_ino for path in before} == before


class Stubborn(OsDisk):
    """Replaces all but one name."""

    def replace(self, source: Path, destination: Path) -> None:
        if destination.name == "c.pt":
            raise PermissionError(13, "held by a scanner", str(destination))
        super().replace(source, destination)


def test_where_one_name_cannot_be_replaced_none_is(tmp_path: Path, index: Index) -> None:
    keep, a = make(tmp_path, keep=CONTENT, a=CONTENT)
    names = (a, tmp_path / "b.pt", tmp_path / "c.pt")
    for name in names[1:]:
        os.link(a, name)
    report = result(dedupe([Group(SHA256, LEAST_BYTES, keep, (names,))], index, Stubborn(), order=[Method.HARD_LINK]))
    assert (report.linked, report.bytes_freed) == ((), 0)
    assert [path for path, _ in report.skipped] == list(names)
    assert all(name.samefile(a) and not name.samefile(keep) for name in names)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pt", "b.pt", "c.pt", "keep.pt"]
