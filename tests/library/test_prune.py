from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.journal import MAGIC
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.prune import Leftover, PruneReport, find_leftovers, leftovers_of, remove_leftovers, stale
from anymatix_fetcher.library.walking import SeenFile
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.steps import result

if TYPE_CHECKING:
    from pathlib import Path

DISK = OsDisk()
NOW = 1_800_000_000.0
DAY = 86_400.0


def make(folder: Path, *names: str, age_days: float) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes((MAGIC if path.name.endswith("journal") else b"") + b"x" * 4992)
        os.utime(path, (NOW - age_days * DAY, NOW - age_days * DAY))
    return paths


def old(folder: Path, days: float = 7) -> list[Leftover]:
    return stale(find_leftovers([folder], DISK), wall_seconds=NOW, older_than_seconds=days * DAY)


def test_the_files_of_one_download_belong_together_and_the_youngest_tells_its_age(tmp_path: Path) -> None:
    def seen(name: str, seconds: int, *, is_link: bool = False) -> SeenFile:
        return SeenFile(tmp_path / name, FileState(1, 1, 1, seconds * 1_000_000_000, 1), is_link)

    files = [
        seen("a.pt.part", 5),
        seen("a.pt.part.journal", 9),
        seen("a.pt.part.lock", 2),
        seen("b.pt.part", 1),
        seen("whole.pt", 1),
        seen(".part", 1),
        seen("c.part", 1, is_link=True),
    ]
    paths = tuple(tmp_path / f"a.pt{suffix}" for suffix in (".part", ".part.journal", ".part.lock"))
    assert leftovers_of(files, lambda _: True) == [
        Leftover(tmp_path / "a.pt", paths, 9.0),
        Leftover(tmp_path / "b.pt", (tmp_path / "b.pt.part",), 1.0, is_ours=False),
    ]


@pytest.mark.parametrize(
    ("names", "ours"),
    [
        ("a.part a.part.journal", "a.part a.part.journal"),
        ("a.part a.part.lock", "a.part a.part.lock"),
        ("a.part.journal", "a.part.journal"),
        ("a.part", ""),
        ("a.part.foreign", "a.part.foreign"),
        ("a.part a.part.foreign", "a.part.foreign"),
        ("anyfetch-0123456789abcdef.part", "anyfetch-0123456789abcdef.part"),
        ("anyfetch-mine.part", ""),
        ("a.part theirs.part.journal theirs.part", ""),
    ],
)
def test_only_what_a_journal_or_a_lock_or_its_name_tells_to_be_ours_is_ours(
    tmp_path: Path, names: str, ours: str
) -> None:
    files = [SeenFile(tmp_path / name, FileState(1, 1, 1, 1, 1), is_link=False) for name in names.split()]
    found = leftovers_of(files, lambda path: not path.name.startswith("theirs"))
    told = {path.name: one.is_ours for one in found for path in one.files}
    assert told == {name: name in ours.split() for name in names.split()}


def test_what_another_program_has_not_finished_stays_and_so_does_what_lies_elsewhere(tmp_path: Path) -> None:
    models, outside = tmp_path / "models", tmp_path / "outside"
    models.mkdir()
    outside.mkdir()
    (models / "link").symlink_to(outside)
    (models / "inner").mkdir()
    (models / "also").symlink_to(models / "inner")
    stays = make(models, "firefox.safetensors.part", "split.zip.part", age_days=20)
    stays += make(outside, "precious.part", "ours.pt.part", "ours.pt.part.journal", age_days=20)
    make(models / "inner", "gone.pt.part", "gone.pt.part.journal", "other.pt.part.foreign", age_days=20)
    report = result(remove_leftovers(old(models), DestinationLock, DISK))
    assert report.removed == (models / "inner" / "gone.pt", models / "inner" / "other.pt")
    assert all(path.exists() for path in stays)
    assert list((models / "inner").iterdir()) == []


def test_a_text_that_is_called_like_a_journal_is_none(tmp_path: Path) -> None:
    make(tmp_path, "a.pt.part", "a.pt.part.journal", age_days=20)
    journal = tmp_path / "a.pt.part.journal"
    journal.write_text("dear diary")
    os.utime(journal, (NOW - 20 * DAY, NOW - 20 * DAY))
    assert [one.is_ours for one in old(tmp_path)] == [False]


def test_what_is_old_goes_and_what_is_young_stays(tmp_path: Path) -> None:
    gone = make(
        tmp_path, "a.pt.part", "a.pt.part.journal", "a.pt.part.lock", "b.pt.part", "b.pt.part.journal", age_days=8
    )
    make(tmp_path, "c.pt.part", age_days=8)
    stays = make(tmp_path, "c.pt.part.journal", age_days=6) + make(tmp_path, "d.pt", age_days=100)
    report = result(remove_leftovers(old(tmp_path), DestinationLock, DISK))
    assert report.removed == (tmp_path / "a.pt", tmp_path / "b.pt")
    assert report.bytes_freed == 20_000 - 2 * 8
    assert (report.held, report.failed) == ((), ())
    assert not any(path.exists() for path in gone)
    assert sorted(tmp_path.iterdir()) == sorted([*stays, tmp_path / "c.pt.part"])


def test_what_somebody_holds_stays(tmp_path: Path) -> None:
    part, _ = make(tmp_path, "a.pt.part", "a.pt.part.journal", age_days=8)
    lock = DestinationLock(tmp_path / "a.pt")
    assert lock.try_acquire()
    os.utime(lock.path, (1, 1))
    try:
        report = result(remove_leftovers(old(tmp_path), DestinationLock, DISK))
    finally:
        lock.release()
    assert report == PruneReport((), 0, (tmp_path / "a.pt",), ())
    assert part.exists()


def test_what_somebody_went_on_with_since_the_search_stays(tmp_path: Path) -> None:
    part, journal = make(tmp_path, "a.pt.part", "a.pt.part.journal", age_days=8)
    leftovers = old(tmp_path)
    os.utime(part, (NOW, NOW))
    assert result(remove_leftovers(leftovers, DestinationLock, DISK)).held == (tmp_path / "a.pt",)
    assert sorted(tmp_path.iterdir()) == [part, journal]


def test_what_is_gone_meanwhile_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    first, _ = make(tmp_path, "a.pt.part", "a.pt.part.journal", age_days=8)
    second, _ = make(tmp_path, "b.pt.part", "b.pt.part.journal", age_days=8)
    leftovers = old(tmp_path)
    first.unlink()
    report = result(remove_leftovers(leftovers, DestinationLock, DISK))
    assert report.removed == (tmp_path / "b.pt",)
    assert [path for path, _ in report.failed] == [tmp_path / "a.pt"]
    assert not second.exists()


def test_a_sparse_part_counts_for_what_it_takes(tmp_path: Path) -> None:
    part = tmp_path / "a.pt.part"
    with part.open("wb") as file:
        file.truncate(1 << 30)
    os.utime(part, (1, 1))
    make(tmp_path, "a.pt.part.journal", age_days=8)
    assert result(remove_leftovers(old(tmp_path), DestinationLock, DISK)).bytes_freed < 1 << 20
