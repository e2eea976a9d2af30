from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.counters import Counters
from benchmarks.processes import Watched, watch

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches through Linux's /proc and pidfd")


def watched(folder: Path, code: str, *, limit_seconds: float = 30.0) -> Watched:
    return watch(
        [sys.executable, "-c", code],
        counters=Counters(os.getpid(), 1, "lo"),
        environment={"WORD": "here"},
        folder=folder,
        limit_seconds=limit_seconds,
    )


def test_what_a_command_says_and_how_it_ends_is_kept(tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['WORD'], list(os.environ)[:1]); sys.stderr.write('oh'); sys.exit(7)"
    result = watched(tmp_path, code)
    assert result.output.startswith("here ")
    assert (result.complaint, result.exit_code, result.timed_out) == ("oh", 7, False)
    assert result.samples[-1].seconds == result.seconds > 0


def test_a_command_that_is_killed_has_the_shells_exit_code(tmp_path: Path) -> None:
    assert watched(tmp_path, "import os; os.kill(os.getpid(), 9)").exit_code == 137


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import subprocess; subprocess.run(['sleep', '60'])"
    result = watched(tmp_path, code, limit_seconds=0.5)
    assert result.timed_out
    assert result.seconds < 10


def test_the_memory_is_the_commands_own_and_not_what_it_had_of_ours(tmp_path: Path) -> None:
    ballast = bytearray(os.urandom(1 << 20) * 200)
    code = "import time; kept = bytearray(b'x') * 50_000_000; time.sleep(0.3)"
    result = watched(tmp_path, code)
    assert len(ballast) == 200 << 20
    assert 50_000_000 < result.peak_memory_bytes < 150_000_000
