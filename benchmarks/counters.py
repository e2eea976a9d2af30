"""What the kernel counts, at the server's end: the same truth for every tool, whatever it says of itself.

Both files are read through a process that lives in the namespace in question: ``/proc/PID/net`` is that process's view.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the line.

    Attributes:
        seconds: Since the command was started.
        bytes_sent: What the server's device has sent since then, headers and repetitions included.
        connections: Established TCP connections to the server's port.
    """

    seconds: float
    bytes_sent: int
    connections: int


def established(table: str, port: int) -> int:
    """How many connections to the local ``port`` a ``/proc/net/tcp`` shows as established."""
    ending = f":{port:04X}"
    rows = (row.split() for row in table.splitlines()[1:])
    return sum(1 for row in rows if len(row) > 3 and row[1].endswith(ending) and row[3] == _ESTABLISHED)


def bytes_sent(table: str, device: str) -> int:
    """How many bytes ``device`` has sent, from a ``/proc/net/dev``.

    Raises:
        ValueError: There is no such device.
    """
    for row in table.splitlines():
        name, separator, numbers = row.partition(":")
        if separator and name.strip() == device:
            return int(numbers.split()[8])
    raise ValueError(f"no device {device!r}")


@dataclass(frozen=True, slots=True)
class Counters:
    """The kernel's counters where ``process_id`` lives, for one port and one device."""

    process_id: int
    port: int
    device: str

    def read(self) -> tuple[int, int]:
        """Bytes sent by the device so far, and connections established now."""
        net = Path(f"/proc/{self.process_id}/net")
        return bytes_sent((net / "dev").read_text(), self.device), established((net / "tcp").read_text(), self.port)


def peak_connections(samples: tuple[Sample, ...]) -> int:
    """The most connections that were seen at one time."""
    return max((sample.connections for sample in samples), default=0)


def rates(samples: tuple[Sample, ...]) -> list[tuple[float, float]]:
    """(seconds, bytes a second) between each look and the one before; looks at the same moment are passed over."""
    return [
        (after.seconds, (after.bytes_sent - before.bytes_sent) / (after.seconds - before.seconds))
        for before, after in pairwise(samples)
        if after.seconds > before.seconds
    ]
