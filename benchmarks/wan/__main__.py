"""``python -m benchmarks.wan``: measures the long line itself, so that what is measured over it can be believed.

Everything is done with UDP and one TCP handshake, at rates that a line is asked for and above: the round trip of an
empty line, the rate that comes out of an overloaded one, and the loss on one that is half full.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.wan.line import FAR_ADDRESS, Line, LineError, laid
from benchmarks.wan.namespaces import inside, namespace

LINES = (Line(100, 50), Line(100, 100, loss_percent=1), Line(500, 100, loss_percent=0.05), Line(1000, 20))
_SECONDS = 2.0
_PORT = 5000
_PACKET_BYTES = 1500
_HEADER_BYTES = 28  # IPv4 and UDP
_QUIET_SECONDS = 1.0

_SHAKE_HANDS = f"""
import socket, time
best = 9.0
for _ in range(5):
    started = time.perf_counter()
    try:
        socket.create_connection(("{FAR_ADDRESS}", 9), 2)
    except ConnectionRefusedError:
        best = min(best, time.perf_counter() - started)
print(best * 1000)
"""

_SEND = f"""
import socket, sys, time
rate = float(sys.argv[1])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect(("{FAR_ADDRESS}", {_PORT}))
packet, count, started = bytes({_PACKET_BYTES - _HEADER_BYTES}), 0, time.perf_counter()
while (seconds := time.perf_counter() - started) < {_SECONDS}:
    if count * {_PACKET_BYTES} < rate * seconds:
        sock.send(packet)
        count += 1
print(count)
"""

_RECEIVE = f"""
import socket, time
SO_RCVBUFFORCE = 33
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
sock.bind(("", {_PORT}))
print("ready", flush=True)
count, first, last = 0, None, None
try:
    while True:
        sock.recv(2048)
        count, last = count + 1, time.perf_counter()
        first = first or last
        sock.settimeout({_QUIET_SECONDS})
except TimeoutError:
    print(count, last - first)
"""


def main() -> int:
    """Prints what was asked for and what was measured, for a few lines."""
    try:
        for line in LINES:
            print(f"{line}: {measured(line)}")
    except LineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measured(line: Line) -> str:
    """What the line turns out to be, in words."""
    with namespace("bench-check-near") as near, namespace("bench-check-far") as far, laid(line, near, far, seed=1):
        round_trip_ms = float(_python(near, _SHAKE_HANDS))
        _, received, seconds = _flood(line, near, far, share=1.2)
        mbit = (received - 1) * _PACKET_BYTES * 8 / seconds / 1e6
        time.sleep(line.queue_ms / 1000)
        sent, received, _ = _flood(line, near, far, share=0.5)
    loss = 100 * (sent - received) / sent
    return f"{mbit:.1f} Mbit/s, {round_trip_ms:.1f} ms, {loss:.3f} % of {sent} packets lost"


def _flood(line: Line, near: str, far: str, *, share: float) -> tuple[int, int, float]:
    """Packets sent at ``share`` of the line's rate, packets received, and the seconds from the first to the last."""
    command = [*inside(far), sys.executable, "-c", _RECEIVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        if receiver.stdout is None or receiver.stdout.readline() != "ready\n":
            raise LineError("the receiver didn't start")
        sent = int(_python(near, _SEND, str(line.bytes_per_second * share)))
        count, seconds = receiver.stdout.read().split()
    return sent, int(count), float(seconds)


def _python(name: str, program: str, *arguments: str) -> str:
    command = [*inside(name), sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
