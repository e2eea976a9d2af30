from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.pace.learned import KnownHost
from anymatix_fetcher.storage.host_memory import MOST_HOSTS, HostMemory

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
DAY = 86_400.0
HOST = "https://example.org"


def memory(folder: Path, now: float = NOW) -> HostMemory:
    return HostMemory(folder / "anymatix-fetcher" / "hosts.json", lambda: now)


def place(folder: Path) -> Path:
    path = folder / "anymatix-fetcher" / "hosts.json"
    path.parent.mkdir(exist_ok=True)
    return path


def test_what_is_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    known = KnownHost(connections=8, limit=12, http2=True, seen_at=NOW, paused_until=NOW + 5)
    memory(tmp_path).write({HOST: known})
    assert memory(tmp_path).read() == {HOST: known}


def test_nothing_is_known_where_there_is_no_file(tmp_path: Path) -> None:
    assert memory(tmp_path).read() == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("age", "is_known"), [(0.0, True), (DAY - 1, True), (DAY, False), (-60.0, False)])
def test_what_is_older_than_a_day_or_from_the_future_is_not_known(tmp_path: Path, age: float, is_known: bool) -> None:  # noqa: FBT001 - a case
    memory(tmp_path, NOW - age).write({HOST: KnownHost(connections=8, seen_at=NOW - age)})
    assert (HOST in memory(tmp_path).read()) is is_known


def test_what_is_old_is_dropped_when_the_file_is_written(tmp_path: Path) -> None:
    memory(tmp_path, NOW - DAY).write({"https://old.example": KnownHost(seen_at=NOW - DAY)})
    memory(tmp_path).write({HOST: KnownHost(seen_at=NOW)})
    assert list(json.loads(place(tmp_path).read_bytes())) == [HOST]


def test_processes_add_to_what_the_others_have_learned(tmp_path: Path) -> None:
    first, second = memory(tmp_path), memory(tmp_path)
    assert first.read() == second.read() == {}
    first.write({HOST: KnownHost(connections=8, limit=9, http2=True, seen_at=NOW, paused_until=NOW + 60)})
    second.write({"https://other.example": KnownHost(connections=2, seen_at=NOW)})
    second.write({HOST: KnownHost(seen_at=NOW, paused_until=NOW + 5)})
    assert first.read() == {
        HOST: KnownHost(connections=8, limit=9, http2=True, seen_at=NOW, paused_until=NOW + 60),
        "https://other.example": KnownHost(connections=2, seen_at=NOW),
    }


def test_a_new_count_replaces_the_old_one_with_its_limit(tmp_path: Path) -> None:
    memory(tmp_path).write({HOST: KnownHost(connections=2, limit=2, seen_at=NOW)})
    memory(tmp_path).write({HOST: KnownHost(connections=16, seen_at=NOW)})
    assert memory(tmp_path).read()[HOST] == KnownHost(connections=16, seen_at=NOW)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"https://example.org": 5}',
        b'{"https://example.org": {"seen_at": "now"}}',
        b'{"https://example.org": {"seen_at": NaN}}',
        b"[" * 100_000,
        b"9" * 10_000,
    ],
)
def test_a_damaged_file_says_nothing_and_is_replaced(tmp_path: Path, data: bytes) -> None:
    place(tmp_path).write_bytes(data)
    known = memory(tmp_path)
    assert known.read() == {}
    known.write({HOST: KnownHost(connections=3, seen_at=NOW)})
    assert memory(tmp_path).read() == {HOST: KnownHost(connections=3, seen_at=NOW)}


def test_absurd_values_count_as_none(tmp_path: Path) -> None:
    entry = {"connections": 10**9, "limit": True, "http2": 1, "seen_at": NOW, "paused_until": float("inf")}
    place(tmp_path).write_text(json.dumps({HOST: entry}))
    assert memory(tmp_path).read() == {HOST: KnownHost(seen_at=NOW)}


def test_the_newest_hosts_are_kept(tmp_path: Path) -> None:
    many = {f"https://{number}.example": KnownHost(seen_at=NOW - number) for number in range(MOST_HOSTS + 50)}
    memory(tmp_path).write(many)
    kept = memory(tmp_path).read()
    assert len(kept) == MOST_HOSTS
    assert "https://0.example" in kept
    assert f"https://{MOST_HOSTS}.example" not in kept


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_is_the_users_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    memory(tmp_path).write({HOST: KnownHost(seen_at=NOW)})
    assert stat.S_IMODE(place(tmp_path).stat().st_mode) == 0o600
    assert [path.name for path in place(tmp_path).parent.iterdir()] == ["hosts.json"]


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "anymatix-fetcher").write_bytes(b"in the way")
    known = memory(tmp_path)
    known.write({HOST: KnownHost(seen_at=NOW)})
    assert known.read() == {}
