from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.errors import DestinationLockedError, StorageError
from anymatix_fetcher.queue.jobs import JobState, JobWanted, QueuedJob
from anymatix_fetcher.queue.store import DATABASE, JobStore
from tests.queue.sample import TROUBLE, URL, job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERYTHING = job(
    7,
    JobState.DONE,
    wanted=JobWanted(
        reference=URL,
        type="lora",
        digests=("sha256:" + "0" * 64,),
        mirrors=("https://mirror.example.org/m",),
        connections=3,
        overwrite=True,
        take_over=True,
        author=Author.FILE,
    ),
    priority=-4,
    place="/models/loras",
    started_at=2.5,
    name="m.safetensors",
    path="/models/loras/m.safetensors",
    destinations=("/models/loras/m.safetensors",),
    size=12,
    bytes_stored=12,
    attempts=2,
    not_before=3.0,
    waits_for="room",
    error=TROUBLE,
    result={"status": "downloaded", "files": [1, 2]},
    part_unwanted=True,
)


def stored(folder: Path) -> list[QueuedJob]:
    store = JobStore(folder, now=0.0)
    try:
        return sorted(store.load(), key=lambda one: one.id)
    finally:
        store.close()


def test_jobs_and_facts_come_back_as_they_were(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "state", now=0.0)
    store.write([job(1), EVERYTHING, job(2)])
    store.write([job(1, JobState.PAUSED)], removed=[job(2).id])
    store.keep("settings", {"limit_rate": 5})
    store.close()
    assert stored(tmp_path / "state") == [job(1, JobState.PAUSED), EVERYTHING]
    store = JobStore(tmp_path / "state", now=0.0)
    assert (store.fact("settings"), store.fact("other")) == ({"limit_rate": 5}, None)
    store.close()


def test_no_secret_is_in_any_file(tmp_path: Path) -> None:
    store = JobStore(tmp_path, now=0.0)
    wanted = JobWanted(
        reference="https://example.org/a?token=planted1",
        mirrors=("https://example.org/b?sig=planted2",),
        headers=(("Cookie", "planted3"),),
        proxy="http://u:planted4@proxy",
    )
    store.write([job(1, wanted=wanted)])
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    store.close()
    files += [path.read_bytes() for path in tmp_path.iterdir()]
    assert not any(b"planted" in content for content in files)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "state", now=0.0)
    store.write([job(1)])
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "state", tmp_path / "state" / DATABASE)}
    store.close()
    assert modes == {0}


def test_a_second_process_is_refused_and_the_lock_goes_with_its_holder(tmp_path: Path) -> None:
    store = JobStore(tmp_path, now=0.0)
    with pytest.raises(DestinationLockedError) as caught:
        JobStore(tmp_path, now=0.0)
    assert caught.value.hint
    store.close()
    JobStore(tmp_path, now=0.0).close()


WRITER = """
import sys, itertools
from pathlib import Path
from anymatix_fetcher.queue.store import JobStore
from tests.queue.sample import job
store = JobStore(Path(sys.argv[1]), now=0.0)
for number in itertools.count(int(sys.argv[2])):
    store.write([job(number)])
    print(number, flush=True)
"""


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    acknowledged = 0
    for round_number in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(acknowledged)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(5 + 7 * round_number):
                acknowledged = int(writer.stdout.readline()) + 1
            writer.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
            acknowledged = max([acknowledged, *(int(line) + 1 for line in writer.stdout.read().split())])
        found = [int(one.id, 16) for one in stored(tmp_path)]
        assert found[:acknowledged] == list(range(acknowledged))
        assert len(found) <= acknowledged + 1


def garble_header(path: Path) -> None:
    path.write_bytes(b"no database at all" + path.read_bytes()[18:])


def garble_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("damage", [garble_header, garble_middle, cut])
def test_a_damaged_database_is_set_aside_and_a_new_one_begins(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    store = JobStore(tmp_path, now=0.0)
    store.write([job(number) for number in range(40)])
    store.close()
    damage(tmp_path / DATABASE)
    store = JobStore(tmp_path, now=1234.5)
    assert store.load() == []
    assert store.set_aside == tmp_path / f"{DATABASE}.damaged-1234"
    assert store.set_aside.exists()
    store.write([job(1)])
    store.close()
    assert stored(tmp_path) == [job(1)]


def test_a_record_that_cannot_be_read_costs_no_other_one(tmp_path: Path) -> None:
    store = JobStore(tmp_path, now=0.0)
    store.write([job(1), job(2), job(3)])
    store.close()
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("UPDATE jobs SET record = '{' WHERE id = ?", [job(1).id])
        connection.execute("UPDATE jobs SET record = json_set(record, '$.wanted', 3) WHERE id = ?", [job(2).id])
    connection.close()
    assert stored(tmp_path) == [job(3)]


def test_what_an_older_version_has_not_written_is_as_it_is_by_default(tmp_path: Path) -> None:
    store = JobStore(tmp_path, now=0.0)
    store.write([replace(job(1), place="/somewhere")])
    store.close()
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute(
            "UPDATE jobs SET record = json_remove(record, '$.place', '$.part_unwanted', '$.destinations',"
            " '$.wanted.author', '$.wanted.proxy', '$.wanted.overwrite')"
        )
    connection.close()
    assert stored(tmp_path) == [job(1)]


def test_an_empty_file_is_brought_to_the_newest_schema_and_a_newer_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    assert stored(tmp_path) == []
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.close()
    with pytest.raises(StorageError) as caught:
        JobStore(tmp_path, now=0.0)
    assert "newer version" in caught.value.message
    assert [path.name for path in tmp_path.iterdir() if "damaged" in path.name] == []


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        JobStore(tmp_path / "file" / "state", now=0.0)
