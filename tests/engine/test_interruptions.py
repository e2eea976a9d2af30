"""Processes that are killed, interrupted or in each other's way: the next run goes on, and every byte is right."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.storage.leftovers import JournalWatch
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.testing import File

SIZE = 48_000_000
BLOCK = 1 << 20
CONNECTIONS = 4


@pytest.fixture
def served() -> Iterator[tuple[Origin, File]]:
    with Origin(seed=21) as origin:
        file = origin.add("/model.safetensors", size=SIZE)
        origin.script("throttle:rate=12M")
        yield origin, file


def command(file: File, folder: Path, *options: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "anymatix_fetcher", "--json", "--progress", "none", "-c", str(CONNECTIONS)]
    return subprocess.Popen(
        [*arguments, "-d", str(folder), *options, file.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def recorded(folder: Path) -> int:
    watch = JournalWatch(folder / "model.safetensors", "", OsDisk())
    watch.look()
    return watch.progress.bytes_recorded if watch.progress else 0


def wait_until_recorded(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    while recorded(folder) < count:
        assert process.poll() is None, "it ended before it was to be interrupted"
        time.sleep(0.002)


def finish(file: File, folder: Path, *options: str) -> dict[str, Any]:
    process = command(file, folder, *options)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors"]
    content = (folder / "model.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256()
    result: dict[str, Any] = json.loads(out)
    return result


@pytest.mark.parametrize("moment", [1, 9 * BLOCK, 30 * BLOCK])
def test_after_sigkill_only_what_was_never_recorded_comes_again(
    moment: int, served: tuple[Origin, File], tmp_path: Path
) -> None:
    _, file = served
    process = command(file, tmp_path)
    wait_until_recorded(tmp_path, moment, process)
    process.kill()
    process.communicate()
    kept = recorded(tmp_path)
    result = finish(file, tmp_path)
    assert result["status"] == "resumed"
    assert result["bytes_resumed"] == kept
    assert result["bytes_downloaded"] == SIZE - kept


def test_damaged_blocks_and_only_those_come_again(served: tuple[Origin, File], tmp_path: Path) -> None:
    _, file = served
    process = command(file, tmp_path)
    wait_until_recorded(tmp_path, 20 * BLOCK, process)
    process.kill()
    process.communicate()
    kept = recorded(tmp_path)
    with (tmp_path / "model.safetensors.part").open("r+b") as part:
        for offset in (5, 3 * BLOCK + 77):  # two blocks of the first segment, which is recorded by now
            part.seek(offset)
            byte = part.read(1)
            part.seek(offset)
            part.write(bytes([byte[0] ^ 1]))
    result = finish(file, tmp_path)
    assert result["bytes_resumed"] == kept - 2 * BLOCK
    assert result["bytes_downloaded"] == SIZE - kept + 2 * BLOCK


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_soon_and_keeps_everything(
    number: signal.Signals, code: int, served: tuple[Origin, File], tmp_path: Path
) -> None:
    _, file = served
    process = command(file, tmp_path)
    wait_until_recorded(tmp_path, 5 * BLOCK, process)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert time.monotonic() - began < 10.0, "half a second is promised, and a busy machine has its own pace"
    assert "run the same command again" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.safetensors.part",
        "model.safetensors.part.journal",
    ]
    result = finish(file, tmp_path)
    assert result["status"] == "resumed"
    assert result["bytes_resumed"] + result["bytes_downloaded"] == SIZE
    assert result["bytes_resumed"] >= json.loads(out)["bytes_downloaded"], "what was stored came twice"


def test_many_kills_in_a_row_end_in_the_right_file(served: tuple[Origin, File], tmp_path: Path) -> None:
    _, file = served
    moments = random.Random(5)
    for _ in range(6):
        before = recorded(tmp_path)
        process = command(file, tmp_path)
        wait_until_recorded(tmp_path, min(before + moments.randrange(1, 6 * BLOCK), SIZE - 8 * BLOCK), process)
        process.kill()
        process.communicate()
        assert recorded(tmp_path) >= before
    assert finish(file, tmp_path)["status"] == "resumed"


def test_a_second_process_waits_for_the_first_and_takes_its_result(served: tuple[Origin, File], tmp_path: Path) -> None:
    origin, file = served
    first = command(file, tmp_path)
    wait_until_recorded(tmp_path, BLOCK, first)
    second = command(file, tmp_path)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert json.loads(out)["status"] == "present"
    assert json.loads(out)["sha256"] == file.sha256()
    assert first.wait(timeout=20) == 0
    first.communicate()
    assert origin.ledger().paths["/model.safetensors"].bytes_sent < 1.1 * SIZE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors"]


def test_a_complete_part_file_needs_no_network(served: tuple[Origin, File], tmp_path: Path) -> None:
    origin, file = served
    process = command(file, tmp_path, "--sha256", "0" * 64)
    process.communicate(timeout=60)
    assert process.returncode == 6
    before = origin.ledger().requests
    result = finish(file, tmp_path, "--sha256", file.sha256())
    assert (result["bytes_downloaded"], result["bytes_resumed"]) == (0, SIZE)
    assert origin.ledger().requests == before
