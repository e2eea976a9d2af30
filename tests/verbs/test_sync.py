"""How it stands with locked files, where that has to be read: what is told meanwhile, and how it is ended."""

from __future__ import annotations

import hashlib
import os
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Status, moment
from anymatix_fetcher.errors import DownloadCancelled, ReferenceSyntaxError
from anymatix_fetcher.library.lock_file_format import LockedFile, LockFile, Root, read, write
from anymatix_fetcher.library.reading import Reading, read_through
from anymatix_fetcher.library.roots import find_models
from anymatix_fetcher.storage.hashing import new_hasher
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.verbs.comparing import LocalFiles, SyncState, plan_sync
from anymatix_fetcher.verbs.fetch import fetch_many
from anymatix_fetcher.verbs.sync import fetch_items
from anymatix_fetcher.wiring.composition import open_index
from tests.mutations import as_toml, mutated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.verbs.progress import CareProgress

SIZE = 6_000_000
THEIRS = LockedFile(
    SafeName("a.safetensors"),
    Root.MODELS,
    (SafeName("loras"), SafeName("sub")),
    ("https://example.org/a.safetensors",),
    5,
    (Digest("md5", "0" * 32),),
    "lora",
)
NAMES = ("a.bin", "b.bin", "c.bin")


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[LocalFiles]:
    root = find_models(tmp_path / "models", environment=os.environ, current=tmp_path, home=tmp_path)
    with open_index() as index:
        yield LocalFiles(root.folders(()), tmp_path, index)


def locked(folder: Path) -> LockFile:
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
    return LockFile(tuple(files))


def test_each_file_is_told_in_its_order_and_how_far_the_reading_is(surroundings: LocalFiles, tmp_path: Path) -> None:
    told: list[CareProgress] = []
    items = plan_sync(locked(tmp_path), surroundings, on_progress=told.append)
    assert [(item.file.name, item.state) for item in items] == [
        ("a.bin", SyncState.HERE),
        ("b.bin", SyncState.DIFFERENT),
        ("c.bin", SyncState.MISSING),
    ]
    assert (told[-1].files_done, told[-1].files, told[-1].bytes_done) == (2, 2, 2 * SIZE)
    assert all(one.bytes_to_do == 2 * SIZE for one in told)


def test_what_was_read_once_is_not_read_again(surroundings: LocalFiles, tmp_path: Path) -> None:
    lock = locked(tmp_path)
    first = plan_sync(lock, surroundings)
    told: list[CareProgress] = []
    again = plan_sync(lock, surroundings, on_progress=told.append)
    assert [item.state for item in again] == [item.state for item in first]
    assert told == []
    plan_sync(lock, surroundings, check=True, on_progress=told.append)
    assert told[-1].bytes_done == 2 * SIZE


def test_a_result_says_when_what_is_here_was_read(surroundings: LocalFiles, tmp_path: Path) -> None:
    here = plan_sync(locked(tmp_path), surroundings)[:1]
    before = time.time()
    (result,) = fetch_items(plan_sync(locked(tmp_path), surroundings)[:1], surroundings, fetch_many=fetch_many)
    known = surroundings.index.current(tmp_path / "a.bin")
    assert here[0].state is SyncState.HERE
    assert (result.status, result.verified) == (Status.PRESENT, "sha256")
    assert known is not None
    assert result.verified_at == moment(known.read_at)
    assert known.read_at is not None
    assert known.read_at > before, "it was written anew, and so read again"


def test_reading_ends_when_it_is_cancelled(surroundings: LocalFiles, tmp_path: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(DownloadCancelled, match="files were being compared"):
        plan_sync(locked(tmp_path), surroundings, on_progress=lambda _: cancel.cancel(), cancel=cancel)


def test_a_file_that_cannot_be_read_is_no_reason_to_leave_the_others(
    surroundings: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *arguments: Any, **options: Any) -> Reading:  # noqa: ANN401 - whatever it is asked with
        if path.name == "a.bin":
            raise PermissionError(13, "Permission denied")
        return read_through(path, *arguments, **options)

    monkeypatch.setattr("anymatix_fetcher.verbs.comparing.read_through", refuse)
    items = plan_sync(locked(tmp_path), surroundings)
    assert [item.state for item in items] == [SyncState.UNUSABLE, SyncState.DIFFERENT, SyncState.MISSING]
    assert "a.bin can't be read: Permission denied" in str(items[0].error)


@pytest.mark.parametrize("algorithm", list(HEX_LENGTHS))
def test_every_digest_that_is_locked_is_checked(surroundings: LocalFiles, tmp_path: Path, algorithm: str) -> None:
    content = b"x" * 5000
    (tmp_path / "a.bin").write_bytes(content)
    lock = one_file(content, algorithm)
    (here,) = plan_sync(lock, surroundings)
    assert (here.state, here.proof) == (SyncState.HERE, algorithm)
    assert here.read_at is not None
    assert plan_sync(lock, surroundings)[0] == here, "it is known now"
    (tmp_path / "a.bin").write_bytes(b"y" * 5000)
    for check in (False, True):
        assert plan_sync(lock, surroundings, check=check)[0].state is SyncState.DIFFERENT


def test_of_several_locked_digests_each_has_to_be_right(surroundings: LocalFiles, tmp_path: Path) -> None:
    content = b"x" * 5000
    (tmp_path / "a.bin").write_bytes(content)
    (file,) = one_file(content, "sha256").files
    for algorithm in ("md5", "blake3", "crc32"):
        wrong = replace(file, digests=(*file.digests, Digest(algorithm, "0" * HEX_LENGTHS[algorithm])))
        assert plan_sync(LockFile((wrong,)), surroundings, check=True)[0].state is SyncState.DIFFERENT


@pytest.mark.parametrize(("size", "proof"), [(5000, "length"), (None, "none")])
def test_where_no_digest_is_locked_no_more_is_said_than_that(
    surroundings: LocalFiles, tmp_path: Path, size: int | None, proof: str
) -> None:
    (tmp_path / "a.bin").write_bytes(b"y" * 5000)
    (file,) = one_file(b"x" * 5000, "md5").files
    lock = LockFile((replace(file, digests=(), size=size),))
    for check in (False, True):
        (item,) = plan_sync(lock, surroundings, check=check)
        assert (item.state, item.proof, item.read_at) == (SyncState.HERE, proof, None)
        (result,) = fetch_items([item], surroundings, fetch_many=fetch_many)
        assert (result.status, result.verified, result.verified_at) == (Status.PRESENT, proof, None)


def test_what_has_come_by_a_weak_digest_is_known_by_it(surroundings: LocalFiles) -> None:
    with Origin(seed=3) as origin:
        file = origin.add("/a.bin", size=5000)
        lock = one_file(file.read(), "md5", file.url)
        (result,) = fetch_items(plan_sync(lock, surroundings), surroundings, fetch_many=fetch_many)
    assert (result.status, result.verified) == (Status.DOWNLOADED, "md5")
    told: list[CareProgress] = []
    (item,) = plan_sync(lock, surroundings, on_progress=told.append)
    assert (item.state, item.proof, told) == (SyncState.HERE, "md5", [])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(mutated(tomllib.loads(write(LockFile((THEIRS,))))))
def test_whatever_a_lock_file_says_every_file_has_its_place_within_or_an_error(
    surroundings: LocalFiles, tmp_path: Path, document: object
) -> None:
    try:
        lock = read(as_toml(document))
    except ReferenceSyntaxError:
        return
    for item in plan_sync(lock, surroundings):
        if item.path is None:
            assert item.error is not None
            assert item.error.message.isprintable()
            continue
        real = Path(os.path.realpath(item.path))
        assert real.is_relative_to(tmp_path)
        assert not {"custom_nodes", "configs"} & {part.casefold() for part in real.relative_to(tmp_path).parts}


def one_file(content: bytes, algorithm: str, source: str = "https://example.org/a.bin") -> LockFile:
    """A lock of one file by one digest."""
    hasher = new_hasher(algorithm)
    hasher.update(memoryview(content))
    digests = (Digest(algorithm, hasher.hexdigest()),)
    return LockFile((LockedFile(SafeName("a.bin"), Root.HERE, (), (source,), len(content), digests),))
