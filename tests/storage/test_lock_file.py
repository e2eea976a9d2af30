from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.lock_file import DestinationLock

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from anymatix_fetcher.storage.lock_file import DestinationLock
lock = DestinationLock(Path(sys.argv[1]))
print(lock.try_acquire(), flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""

RACER = """
import os, sys
from pathlib import Path
from anymatix_fetcher.storage.lock_file import DestinationLock
destination = Path(sys.argv[1])
witness = destination.with_name("witness")
won = 0
while won < 150:
    lock = DestinationLock(destination)
    if lock.try_acquire():
        handle = os.open(witness, os.O_CREAT | os.O_EXCL)
        os.close(handle)
        os.unlink(witness)
        won += 1
        lock.release()
print("never two at once")
"""


def start(script: str, destination: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(destination)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def say(process: subprocess.Popen[str]) -> str:
    """Lets the process go on by one line; its answer."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return hear(process)


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_another_process_waits_until_the_lock_is_released(tmp_path: Path) -> None:
    destination = tmp_path / "folder" / "model.bin"
    with start(HOLDER, destination) as holder:
        assert hear(holder) == "True"
        lock = DestinationLock(destination)
        assert not lock.try_acquire()
        assert say(holder) == "released"
        assert lock.try_acquire()
        with start(HOLDER, destination) as second:
            assert hear(second) == "False"
            second.communicate("\n\n")
        lock.release()
        holder.communicate("\n")
    assert list(destination.parent.iterdir()) == []


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    destination = tmp_path / "model.bin"
    with start(HOLDER, destination) as holder:
        assert hear(holder) == "True"
        holder.kill()
        holder.communicate()
    lock = DestinationLock(destination)
    assert lock.try_acquire()
    lock.release()


def test_processes_that_race_through_removed_lock_files_never_hold_it_together(tmp_path: Path) -> None:
    destination = tmp_path / "model.bin"
    racers = [start(RACER, destination) for _ in range(3)]
    assert [racer.communicate()[0].strip() for racer in racers] == ["never two at once"] * 3
    assert list(tmp_path.iterdir()) == []


def test_two_locks_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    first, second = DestinationLock(tmp_path / "a"), DestinationLock(tmp_path / "a")
    assert first.try_acquire()
    assert first.is_held()
    assert not second.try_acquire()
    assert not second.is_held()
    first.release()
    first.release()
    assert not first.is_held()
    assert second.try_acquire()
    second.release()


@pytest.mark.skipif(sys.platform == "win32", reason="no open file can be removed there")
def test_a_holder_whose_file_was_removed_knows_it_and_leaves_the_next_ones_alone(tmp_path: Path) -> None:
    first, second = DestinationLock(tmp_path / "a"), DestinationLock(tmp_path / "a")
    assert first.try_acquire()
    first.path.unlink()
    assert second.try_acquire()
    assert not first.is_held()
    first.release()
    assert second.is_held()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_one_process_may_hold_the_locks_of_many_destinations_in_any_thread(tmp_path: Path) -> None:
    locks = [DestinationLock(tmp_path / str(number)) for number in range(5)]
    assert all(lock.try_acquire() for lock in locks)
    threads = [threading.Thread(target=lock.release) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(tmp_path.iterdir()) == []


def test_a_link_planted_as_lock_file_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "a.part.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(StorageError, match="symbolic link"):
        DestinationLock(tmp_path / "a").try_acquire()
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_a_holder_shows_those_who_wait_that_it_lives(destination: Path) -> None:
    holder, waiting = DestinationLock(destination), DestinationLock(destination)
    assert waiting.signs_of_life() == (None, None)
    waiting.show_life()
    assert holder.try_acquire()
    os.utime(holder.path, (1, 1))
    before = waiting.signs_of_life()
    assert waiting.signs_of_life() == before
    waiting.show_life()
    assert waiting.signs_of_life() == before, "only who holds it can say so"
    holder.show_life()
    shown = waiting.signs_of_life()
    assert shown != before
    part = destination.with_name(f"{destination.name}.part")
    part.write_bytes(b"1")
    grown = waiting.signs_of_life()
    assert grown != shown
    os.utime(part, (1, 1))
    assert waiting.signs_of_life() != grown
    holder.release()


def test_where_it_cant_be_taken_the_file_is_named_that_can_then_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    destination = tmp_path / "a-file" / "model.bin"
    with pytest.raises(StorageError) as caught:
        DestinationLock(destination).try_acquire()
    assert str(destination) in caught.value.message
    assert "lock" not in caught.value.message
