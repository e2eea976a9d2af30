from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.prune import Leftover, PruneReport, find_leftovers, leftovers_of, prune, stale
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
        path.write_bytes(b"x" * 5000)
        os.utime(path, (NOW - age_days * DAY, NOW - age_days * DAY))
    return paths


def old(folder: Path, days: float = 7) -> list[Leftover]:
    return stale(find_leftovers([folder]), wall_seconds=NOW, older_than_seconds=days * DAY)


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
    assert leftovers_of(files) == [
        Leftover(tmp_path / "a.pt", paths, 9.0),
        Leftover(tmp_path / "b.pt", (tmp_path / "b.pt.part",), 1.0),
    ]


def test_what_is_old_goes_and_what_is_young_stays(tmp_path: Path) -> None:
    gone = make(tmp_path, "a.pt.part", "a.pt.part.journal", "a.pt.part.lock", "b.pt.part", age_days=8)
    make(tmp_path, "c.pt.part", age_days=8)
    stays = make(tmp_path, "c.pt.part.journal", age_days=6) + make(tmp_path, "d.pt", age_days=100)
    report = result(prune(old(tmp_path), DestinationLock, DISK))
    assert report.removed == (tmp_path / "a.pt", tmp_path / "b.pt")
    assert report.bytes_freed == 15_000
    assert (report.held, report.failed) == ((), ())
    assert not any(path.exists() for path in gone)
    assert sorted(tmp_path.iterdir()) == sorted([*stays, tmp_path / "c.pt.part"])


def test_what_somebody_holds_stays(tmp_path: Path) -> None:
    (part,) = make(tmp_path, "a.pt.part", age_days=8)
    lock = DestinationLock(tmp_path / "a.pt")
    assert lock.try_acquire()
    os.utime(lock.path, (1, 1))
    try:
        report = result(prune(old(tmp_path), DestinationLock, DISK))
    finally:
        lock.release()
    assert report == PruneReport((), 0, (tmp_path / "a.pt",), ())
    assert part.exists()


def test_what_somebody_went_on_with_since_the_search_stays(tmp_path: Path) -> None:
    (part,) = make(tmp_path, "a.pt.part", age_days=8)
    leftovers = old(tmp_path)
    os.utime(part, (NOW, NOW))
    assert result(prune(leftovers, DestinationLock, DISK)).held == (tmp_path / "a.pt",)
    assert list(tmp_path.iterdir()) == [part]


def test_what_is_gone_meanwhile_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    first, second = make(tmp_path, "a.pt.part", "b.pt.part", age_days=8)
    leftovers = old(tmp_path)
    first.unlink()
    report = result(prune(leftovers, DestinationLock, DISK))
    assert report.removed == (tmp_path / "b.pt",)
    assert [path for path, _ in report.failed] == [tmp_path / "a.pt"]
    assert not second.exists()


def test_a_sparse_part_counts_for_what_it_takes(tmp_path: Path) -> None:
    part = tmp_path / "a.pt.part"
    with part.open("wb") as file:
        file.truncate(1 << 30)
    os.utime(part, (1, 1))
    assert result(prune(old(tmp_path), DestinationLock, DISK)).bytes_freed < 1 << 20
