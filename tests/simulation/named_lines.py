"""The lines that have a name, each with what makes one count right for it and others wrong."""

from __future__ import annotations

from tests.simulation.lines import Line

MEGABIT = 1_000_000 / 8
CLEAN = 500 * MEGABIT * 0.96
"""What 500 Mbit/s carry, without the headers of their packets."""

NAMED_LINES = {
    # A connection's rate was measured: 1 MB/s in the long run and ten times that after its first second.
    "lossy, cubic": Line(round_trip=0.1, capacity=CLEAN, seconds=8, loss_rate=1e6, burst=9),
    "lossy, bbr": Line(round_trip=0.1, capacity=CLEAN, seconds=7),
    # The same as it was measured: what waits behind lost packets comes at once, so that 0.2 s bring from 4 to 200 MB/s.
    "lossy, bbr, in bursts": Line(round_trip=0.1, capacity=CLEAN, seconds=7, held=0.85),
    "clean": Line(round_trip=0.05, capacity=CLEAN, seconds=8),
    "capped connections": Line(round_trip=0.02, capacity=2 * CLEAN, seconds=8, cap=4e6),
    "collapse above four": Line(round_trip=0.02, capacity=CLEAN, seconds=15, cap=CLEAN / 4, collapse_above=4),
    "refusals above three": Line(round_trip=0.02, capacity=CLEAN, seconds=15, cap=5e6, limit=3),
    "refusals that linger": Line(round_trip=0.02, capacity=CLEAN, seconds=15, cap=5e6, limit=3, lingering=1.0),
    "one is best": Line(round_trip=0.02, capacity=CLEAN, seconds=15, starvation=0.1),
    "one only": Line(round_trip=0.0001, capacity=CLEAN, seconds=15, collapse_above=1),
    "loopback": Line(round_trip=0.0001, capacity=2.5e9, seconds=1, cap=2e9),
}
