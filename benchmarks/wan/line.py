"""The line between two namespaces: builds ``wanpath.c`` once, runs it, and gives both ends their addresses."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.wan.namespaces import ip

if TYPE_CHECKING:
    from collections.abc import Iterator

NEAR_ADDRESS = "10.77.0.1"
FAR_ADDRESS = "10.77.0.2"
NEAR_DEVICE = "near0"
FAR_DEVICE = "far0"

_SOURCE = Path(__file__).with_name("wanpath.c")
_QUEUE_PACKETS = "5000"
"""Of the devices themselves: so many that packets are dropped by the line's queue only, never before it."""


class LineError(Exception):
    """The line can't be set up here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is like, the same in both directions.

    Attributes:
        mbit_per_second: The rate, in units of 1000 000 bits.
        round_trip_ms: The delay there and back, without queueing.
        loss_percent: How many packets are lost at random, in each direction.
        queue_ms: How much may stand in the queue before the line, as the time that sending it takes.
        congestion_control: The server's: cubic, bbr or reno.
    """

    mbit_per_second: float
    round_trip_ms: float
    loss_percent: float = 0.0
    queue_ms: float = 50.0
    congestion_control: str = "cubic"

    @property
    def bytes_per_second(self) -> float:
        """The rate, headers included."""
        return self.mbit_per_second * 1e6 / 8

    def arguments(self, seed: int) -> tuple[str, ...]:
        """The numbers that ``wanpath`` wants, in its units."""
        return (
            str(round(self.round_trip_ms * 1000 / 2)),
            str(round(self.bytes_per_second)),
            str(round(self.loss_percent * 10_000)),
            str(round(max(self.bytes_per_second * self.queue_ms / 1000, 65536))),
            str(seed),
        )

    def __str__(self) -> str:
        loss = f"{self.loss_percent:g} % loss" if self.loss_percent else "no loss"
        return (
            f"{self.mbit_per_second:g} Mbit/s, {self.round_trip_ms:g} ms round trip, {loss}, {self.congestion_control}"
        )


def missing_for_a_line() -> list[str]:
    """What this machine lacks for a line; empty where it can be had."""
    missing = [f"the command {name}" for name in ("ip", "nsenter", "gcc") if shutil.which(name) is None]
    if os.geteuid() != 0:
        missing.append("root (namespaces and TUN devices)")
    if not Path("/dev/net/tun").exists():
        missing.append("/dev/net/tun")
    return missing


@contextmanager
def laid(line: Line, near: str, far: str, *, seed: int) -> Iterator[None]:
    """Joins the namespaces ``near`` and ``far`` while it is open.

    Raises:
        LineError: It can't be done here.
    """
    if missing := missing_for_a_line():
        raise LineError(f"a long line needs {', '.join(missing)}")
    command = [str(_program()), near, NEAR_DEVICE, far, FAR_DEVICE, *line.arguments(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise LineError(f"wanpath didn't start: {' '.join(command)}")
        _connect(near, NEAR_DEVICE, NEAR_ADDRESS)
        _connect(far, FAR_DEVICE, FAR_ADDRESS)
        _choose_congestion_control(far, line.congestion_control)
        yield
    finally:
        process.terminate()
        process.communicate()


def _connect(namespace: str, device: str, address: str) -> None:
    ip("-n", namespace, "address", "add", f"{address}/24", "dev", device)
    ip("-n", namespace, "link", "set", device, "up", "txqueuelen", _QUEUE_PACKETS)


def _choose_congestion_control(namespace: str, name: str) -> None:
    # By the route, and not by the namespace's setting, which containers often can't write.
    network = f"{FAR_ADDRESS.rpartition('.')[0]}.0/24"
    route = ("route", "replace", network, "dev", FAR_DEVICE, "src", FAR_ADDRESS, "congctl", name)
    try:
        ip("-n", namespace, *route)
    except subprocess.CalledProcessError as error:
        raise LineError(f"the kernel has no congestion control {name!r}: {error.stderr.strip()}") from error


@cache
def _program() -> Path:
    """The emulator, built once a run in a folder of its own."""
    folder = tempfile.mkdtemp(prefix="anyfetch-wanpath-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / "wanpath"
    subprocess.run(["gcc", "-O2", "-o", str(program), str(_SOURCE), "-lpthread"], check=True)
    return program
