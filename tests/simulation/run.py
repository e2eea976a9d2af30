"""Runs seeds by hand: ``python -m tests.simulation.run 1234`` tells what happens, ``--seeds 0:20000`` is a campaign."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from tests.simulation.simulation import Simulation


def tell(line: str) -> None:
    """Prints a line of what happens."""
    sys.stdout.write(f"{line}\n")


def run_all(seeds: range) -> int:
    """Runs many seeds and tells of those that fail; how many that are."""
    began, failures = time.perf_counter(), 0
    for seed in seeds:
        try:
            Simulation(seed).run()
        except Exception as error:  # noqa: BLE001 - every failure is a finding
            failures += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            tell(f"{seed}: {type(error).__name__}: {str(error)[:150]} ({where.name}:{where.lineno})")
    tell(f"{failures} of {len(seeds)} failed in {time.perf_counter() - began:.1f} s")
    return failures


def main() -> int:
    """The exit code: 1 where a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="run this one and tell all that happens")
    parser.add_argument("--seeds", metavar="FIRST:STOP", help="run all of these and tell of those that fail")
    options = parser.parse_args()
    if options.seeds is not None:
        first, stop = map(int, options.seeds.split(":"))
        return 1 if run_all(range(first, stop)) else 0
    Simulation(options.seed, trace=tell).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
