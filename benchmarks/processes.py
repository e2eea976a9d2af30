"""Runs one command and watches it: how long, how much memory, how much of the processors, and when it is too long."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.counters import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.counters import Counters

_LOOK_SECONDS = 0.02
"""How often the memory is looked at,"""
_SAMPLE_SECONDS = 0.1
"""and how often the line."""
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_QUOTED_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What became of a command.

    Attributes:
        seconds: From starting it to its end.
        exit_code: As the shell has it: 128 and the signal's number for one that was killed.
        timed_out: It was ended by us, for it had had its time.
        peak_memory_bytes: The most physical memory that it had at one time.
        processor_seconds: User and system time together, of it and its children.
        output: Its standard output.
        complaint: The end of its standard error.
        samples: The line while it ran.
    """

    seconds: float
    exit_code: int
    timed_out: bool
    peak_memory_bytes: int
    processor_seconds: float
    output: str
    complaint: str
    samples: tuple[Sample, ...]


def watch(
    command: Sequence[str], *, counters: Counters, environment: Mapping[str, str], folder: Path, limit_seconds: float
) -> Watched:
    """Runs ``command`` in ``folder``, with its output in files there, at most for ``limit_seconds``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stdout").open("wb") as output, (folder / "stderr").open("wb") as errors:
        first, _ = counters.read()
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        watcher = _Watcher(process.pid, counters, first, started)
        try:
            timed_out = not watcher.until(started + limit_seconds)
        finally:
            # A group of its own, so that whatever it has started ends with it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)  # else Popen would wait for it once more
    code = process.returncode
    return Watched(
        seconds=watcher.ended - started,
        exit_code=code if code >= 0 else 128 - code,
        timed_out=timed_out,
        peak_memory_bytes=watcher.peak_memory_bytes,
        processor_seconds=usage.ru_utime + usage.ru_stime,
        output=(folder / "stdout").read_text(errors="replace"),
        complaint=(folder / "stderr").read_text(errors="replace").strip()[-_QUOTED_CHARACTERS:],
        samples=tuple(watcher.samples),
    )


class _Watcher:
    """Looks at a process and at the line until the process has ended."""

    def __init__(self, process_id: int, counters: Counters, first: int, started: float) -> None:
        self._handle = os.pidfd_open(process_id)
        self._status = Path(f"/proc/{process_id}/status")
        self._counters = counters
        self._first = first
        self._started = started
        self.ended = started
        self.peak_memory_bytes = 0
        self.samples: list[Sample] = [Sample(0.0, 0, 0)]

    def until(self, deadline: float) -> bool:
        """Watches till the end; whether it came before the deadline."""
        try:
            while True:
                ready, _, _ = select.select([self._handle], [], [], _LOOK_SECONDS)
                self.ended = time.perf_counter()
                if ready or self.ended >= deadline:
                    self._sample()
                    return bool(ready)
                self._look()
                if self.ended - self._started - self.samples[-1].seconds >= _SAMPLE_SECONDS:
                    self._sample()
        finally:
            os.close(self._handle)

    def _look(self) -> None:
        # Not wait4's ru_maxrss: that one counts the memory that the process had as our copy, before its exec.
        with suppress(OSError):
            found = _PEAK.search(self._status.read_text())
            if found:
                self.peak_memory_bytes = max(self.peak_memory_bytes, int(found.group(1)) * 1024)

    def _sample(self) -> None:
        sent, connections = self._counters.read()
        self.samples.append(Sample(self.ended - self._started, sent - self._first, connections))
