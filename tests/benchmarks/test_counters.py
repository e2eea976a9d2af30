from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress

import pytest

from benchmarks.counters import Counters, Sample, bytes_sent, established, peak_connections, rates

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D0A1 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:D0A1 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   3: 0100007F:1F90 0100007F:D0A2 06 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
   4: 0100007F:1F90 0100007F:D0A3 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1
"""

DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
    lo: 1000      10    0    0    0     0          0         0  2000       10    0    0    0     0       0          0
  far0:30000      20    0    0    0     0          0         0 40000       25    0    0    0     0       0          0
"""


def test_only_established_connections_to_the_servers_own_port_count() -> None:
    assert established(TCP, 8080) == 2
    assert established(TCP, 0xD0A1) == 1
    assert established(TCP, 80) == 0


def test_the_bytes_that_a_device_sent_are_found_with_and_without_a_space_after_its_name() -> None:
    assert bytes_sent(DEV, "lo") == 2000
    assert bytes_sent(DEV, "far0") == 40000


def test_a_device_that_is_not_there_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(ValueError, match="near0"):
        bytes_sent(DEV, "near0")


def _listener_below_the_ephemeral_ports() -> socket.socket:
    """A listener on a port that no client of another test's is given as its own."""
    for port in range(21_000, 32_000):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    raise AssertionError("no port is free")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_the_kernels_own_tables_are_understood() -> None:
    with _listener_below_the_ephemeral_ports() as listener:
        port = listener.getsockname()[1]
        counters = Counters(os.getpid(), port, "lo")
        before, none = counters.read()
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(bytes(5000))
                assert len(client.recv(5000, socket.MSG_WAITALL)) == 5000
                after, one = counters.read()
    assert (none, one) == (0, 1)
    assert after - before >= 5000


def test_rates_are_between_looks_and_two_looks_at_one_moment_divide_by_nothing() -> None:
    samples = (Sample(0.0, 0, 0), Sample(0.5, 1000, 1), Sample(0.5, 1500, 4), Sample(1.5, 2500, 2))
    assert rates(samples) == [(0.5, 2000.0), (1.5, 1000.0)]
    assert peak_connections(samples) == 4
    assert peak_connections(()) == 0
