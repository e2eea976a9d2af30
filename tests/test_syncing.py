"""How it stands with locked files, where that has to be read: what is told meanwhile, and how it is ended."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.api import fetch_many
from anymatix_fetcher.composition import open_index
from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.filenames import SafeName
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Result, Status, moment
from anymatix_fetcher.errors import DownloadCancelled, NotFoundError, StorageError
from anymatix_fetcher.library.content import digest_of
from anymatix_fetcher.library.roots import find_models
from anymatix_fetcher.lockfile import Lock, LockedFile, Root
from anymatix_fetcher.syncing import Content, State, Surroundings, content_digests, fetch_items, plan_sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher.care.progress import CareProgress
    from anymatix_fetcher.library.file_state import FileState

SIZE = 6_000_000
NAMES = ("a.bin", "b.bin", "c.bin")


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    root = find_models(tmp_path / "models", environment=os.environ, current=tmp_path, home=tmp_path)
    with open_index() as index:
        yield Surroundings(root.folders(()), tmp_path, index)


def locked(folder: Path) -> Lock:
    """Three files that are locked: one is here, another one differs, the third is missing."""
    files = []
    for number, name in enumerate(NAMES):
        content = bytes([number]) * SIZE
        digest = Digest("sha256", hashlib.sha256(content).hexdigest())
        files.append(LockedFile(SafeName(name), Root.HERE, (), (f"https://example.org/{name}",), SIZE, (digest,)))
        if name == "a.bin":
            (folder / name).write_bytes(content)
        elif name == "b.bin":
            (folder / name).write_bytes(bytes(SIZE))
    return Lock(tuple(files))


def test_each_file_is_told_in_its_order_and_how_far_the_reading_is(surroundings: Surroundings, tmp_path: Path) -> None:
    told: list[CareProgress] = []
    items = plan_sync(locked(tmp_path), surroundings, on_progress=told.append)
    assert [(item.file.name, item.state) for item in items] == [
        ("a.bin", State.HERE),
        ("b.bin", State.DIFFERENT),
        ("c.bin", State.MISSING),
    ]
    assert (told[-1].files_done, told[-1].files, told[-1].bytes_done) == (2, 2, 2 * SIZE)
    assert all(one.bytes_to_do == 2 * SIZE for one in told)


def test_what_was_read_once_is_not_read_again(surroundings: Surroundings, tmp_path: Path) -> None:
    lock = locked(tmp_path)
    first = plan_sync(lock, surroundings)
    told: list[CareProgress] = []
    again = plan_sync(lock, surroundings, on_progress=told.append)
    assert [item.state for item in again] == [item.state for item in first]
    assert told == []
    plan_sync(lock, surroundings, check=True, on_progress=told.append)
    assert told[-1].bytes_done == 2 * SIZE


def test_a_result_says_when_what_is_here_was_read(surroundings: Surroundings, tmp_path: Path) -> None:
    here = plan_sync(locked(tmp_path), surroundings)[:1]
    before = time.time()
    (result,) = fetch_items(plan_sync(locked(tmp_path), surroundings)[:1], surroundings, fetch_many=fetch_many)
    known = surroundings.index.current(tmp_path / "a.bin")
    assert here[0].state is State.HERE
    assert (result.status, result.verified) == (Status.PRESENT, "sha256")
    assert known is not None
    assert result.verified_at == moment(known.read_at)
    assert known.read_at is not None
    assert known.read_at > before, "it was written anew, and so read again"


def test_reading_ends_when_it_is_cancelled(surroundings: Surroundings, tmp_path: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(DownloadCancelled, match="nothing was begun"):
        plan_sync(locked(tmp_path), surroundings, on_progress=lambda _: cancel.cancel(), cancel=cancel)


def test_a_file_that_cannot_be_read_is_no_reason_to_leave_the_others(
    surroundings: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, algorithm: str, *, on_bytes: Callable[[int], None]) -> tuple[Digest, FileState]:
        if path.name == "a.bin":
            raise PermissionError(13, "Permission denied")
        return digest_of(path, algorithm, on_bytes=on_bytes)

    monkeypatch.setattr("anymatix_fetcher.syncing.digest_of", refuse)
    items = plan_sync(locked(tmp_path), surroundings)
    assert [item.state for item in items] == [State.UNUSABLE, State.DIFFERENT, State.MISSING]
    assert "a.bin can't be read: Permission denied" in str(items[0].error)


def test_what_was_there_already_is_hashed_on_demand_and_how_far_that_is_is_told(tmp_path: Path) -> None:
    files = {name: bytes([number]) * SIZE for number, name in enumerate(NAMES)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    refused = NotFoundError("it isn't there")
    results = [
        Result(reference="https://example.org/x", status=Status.FAILED, error=refused),
        *(present(tmp_path / name) for name in NAMES[:2]),
        replace(present(tmp_path / NAMES[2]), sha256="ab" * 32),
        present(tmp_path / "gone.bin", size=1),
    ]
    told: list[CareProgress] = []
    *found, gone = content_digests(results, on_progress=told.append)
    known = [Content(SIZE, Digest("sha256", hashlib.sha256(files[name]).hexdigest())) for name in NAMES[:2]]
    assert found == [refused, *known, Content(SIZE, Digest("sha256", "ab" * 32))]
    assert isinstance(gone, StorageError)
    assert (told[-1].doing, told[-1].files_done, told[-1].bytes_done) == ("hashing", 3, 2 * SIZE)


def test_hashing_on_demand_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(30 * SIZE))
    cancel = CancelToken()
    (found,) = content_digests([present(tmp_path / "a.bin")], on_progress=lambda _: cancel.cancel(), cancel=cancel)
    assert isinstance(found, DownloadCancelled)


def present(path: Path, size: int = SIZE) -> Result:
    """What is there already, and was known by its length only."""
    return Result(reference=f"https://example.org/{path.name}", status=Status.PRESENT, path=path, size=size)
