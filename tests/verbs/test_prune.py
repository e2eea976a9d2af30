from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import CancelToken, DownloadCancelled
from anymatix_fetcher.library.dedupe import LEAST_BYTES
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.verbs.dedupe import find_duplicates, share_space, shares_space
from anymatix_fetcher.verbs.prune import find_stale, prune_found
from tests.verbs.models import begun, content, model

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.verbs.progress import CareProgress

DATA = content(LEAST_BYTES)
DAY = 86_400.0


def aged(part: Path) -> Path:
    for path in (part, part.with_name(f"{part.name}.journal")):
        os.utime(path, (1e9, 1e9))
    return part


def test_old_parts_go_and_young_and_held_ones_stay(tmp_path: Path) -> None:
    old = aged(begun(tmp_path / "old.pt.part", b"half"))
    held = aged(begun(tmp_path / "held.pt.part", b"half"))
    young = begun(tmp_path / "young.pt.part", b"half")
    found = find_stale(DAY, models=tmp_path)
    assert [one.destination.name for one in found] == ["held.pt", "old.pt"]
    lock = DestinationLock(tmp_path / "held.pt")
    assert lock.try_acquire()
    report = prune_found(found)
    lock.release()
    assert (report.removed, report.held) == ((tmp_path / "old.pt",), (tmp_path / "held.pt",))
    assert (old.exists(), held.exists(), young.exists()) == (False, True, True)


def test_duplicates_are_found_by_reading_each_file_once_with_progress(tmp_path: Path) -> None:
    a, b = model(tmp_path / "a.pt", DATA), model(tmp_path / "b.pt", DATA)
    model(tmp_path / "c.pt", content(LEAST_BYTES, seed=2))
    model(tmp_path / "d.pt", DATA + b"!")
    seen: list[CareProgress] = []
    (group,) = find_duplicates(models=tmp_path, on_progress=seen.append)
    assert (group.keep, group.names) == (a, (b,))
    assert (seen[-1].bytes_done, seen[-1].bytes_to_do) == (3 * LEAST_BYTES, 3 * LEAST_BYTES)
    seen.clear()
    assert find_duplicates(models=tmp_path, on_progress=seen.append) == (group,)
    assert seen == []


def test_hard_links_are_made_where_they_are_asked_for(tmp_path: Path) -> None:
    a, b = model(tmp_path / "a.pt", DATA), model(tmp_path / "b.pt", DATA)
    seen: list[CareProgress] = []
    groups = find_duplicates(models=tmp_path)
    report = share_space(groups, hard_links=True, models=tmp_path, on_progress=seen.append)
    assert (report.linked, report.bytes_freed) == ((b,), LEAST_BYTES)
    assert seen[-1].bytes_done == LEAST_BYTES
    assert b.read_bytes() == DATA
    if not shares_space(groups):
        assert a.samefile(b)
    assert {path.name for path in tmp_path.iterdir()} == {"a.pt", "b.pt"}


def test_a_stop_before_all_is_compared_changes_nothing(tmp_path: Path) -> None:
    a, b = model(tmp_path / "a.pt", DATA), model(tmp_path / "b.pt", DATA)
    groups, cancel = find_duplicates(models=tmp_path), CancelToken()
    cancel.cancel()
    with pytest.raises(DownloadCancelled):
        find_duplicates(models=tmp_path, cancel=cancel)
    assert share_space(groups, hard_links=True, models=tmp_path, cancel=cancel).linked == ()
    assert not a.samefile(b)


def test_a_changed_model_that_a_repair_has_set_aside_goes_only_where_that_is_said(tmp_path: Path) -> None:
    names = ("a.pt.changed", "a.pt.changed-2", "notes.changed", "a.changed.pt")
    for name in names:
        os.utime(model(tmp_path / name, DATA), (1e9, 1e9))
    found = find_stale(DAY, models=tmp_path)
    assert [(one.destination.name, one.is_ours, one.is_changed) for one in found] == [
        ("a.pt.changed", False, True),
        ("a.pt.changed-2", False, True),
    ]
    assert prune_found(found).removed == ()
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert prune_found(found, changed=True).bytes_freed >= 2 * len(DATA)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.changed", "a.changed.pt"}
