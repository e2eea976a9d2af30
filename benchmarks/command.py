"""The command line: which scenarios, how often, how big, and where the results go."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import machine, report
from benchmarks.checking import CHECKERS, fastest_checker
from benchmarks.figures import rotated, summarised
from benchmarks.floors import floor_of
from benchmarks.goals import judge
from benchmarks.material import made
from benchmarks.measuring import Bench
from benchmarks.memory import at_hand
from benchmarks.places import may_have_namespaces
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import Nginx, find_nginx
from benchmarks.wan.line import LineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.figures import Run
    from benchmarks.material import Material
    from benchmarks.scenario import Scenario

_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - a folder in memory is wanted; a fresh one is made in it
_DEFAULT_OUT = Path(__file__).parent / "results"
_SAMPLE_BYTES = 200_000_000
_MEMORY_FACTOR = 1.25
_OTHERS_BYTES = 600_000_000
"""What is kept at hand beside so many times what a run writes: the tools, the line and sockets take it."""


class Checker(NamedTuple):
    """What proves the peers' files, and how fast the fastest one hashes here."""

    name: str
    bytes_per_second: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the chosen scenarios; 0 where all of them could be run, whatever came out."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(f"{one.name:15} {one.summary}" for one in SCENARIOS))
        return 0
    try:
        chosen = chosen_scenarios(options.scenarios)
    except ValueError as error:
        parser.error(str(error))
    chosen = [one.with_fixed() for one in chosen] if options.fixed else chosen
    chosen = [one.ablated() for one in chosen] if options.ablate else chosen
    chosen = [only(one, options.only) for one in chosen] if options.only else chosen
    # An exception, so that servers end and namespaces are deleted on the way out.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="anyfetch-bench-", dir=options.folder) as scratch:
        checker = _choose_checker(Path(scratch), options.checker)
        bench = Bench(Path(scratch), CHECKERS[checker.name])
        done = [_measure(one.scaled(options.size_factor), bench, options, checker) for one in chosen]
    return 0 if all(done) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures anyfetch against its peers.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="which ones; all of them if none is named")
    parser.add_argument("--list", action="store_true", help="say which scenarios there are, and end")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each contender (%(default)s)")
    parser.add_argument("--size-factor", type=float, default=1.0, metavar="F", help="e.g. 0.05 for a quick look")
    parser.add_argument("--fixed", action="store_true", help="also our fixed numbers of connections, where they matter")
    parser.add_argument("--ablate", action="store_true", help="the controller alone, with each of its rules off")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="contenders whose names begin so, and no others; repeatable"
    )
    parser.add_argument("--out", type=Path, default=_DEFAULT_OUT, metavar="FOLDER", help="where results go")
    parser.add_argument(
        "--folder",
        type=Path,
        default=_MEMORY_FOLDER if _MEMORY_FOLDER.is_dir() else None,
        metavar="FOLDER",
        help="where files are served from and downloaded to; in memory (%(default)s), or the disk is measured too",
    )
    parser.add_argument(
        "--checker",
        choices=[*CHECKERS, "fastest"],
        default="fastest",
        help="what proves the peers' files: the %(default)s that is here, or one by its name",
    )
    parser.add_argument("--no-plots", dest="plots", action="store_false", help="tables only")
    return parser


def chosen_scenarios(names: Sequence[str]) -> list[Scenario]:
    """The scenarios with these names, in the order of the catalogue; all of them for none.

    Raises:
        ValueError: There is no scenario of one of these names.
    """
    known = {one.name: one for one in SCENARIOS}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    return [one for one in SCENARIOS if not names or one.name in names]


def only(scenario: Scenario, beginnings: Sequence[str]) -> Scenario:
    """The scenario with those contenders only whose names begin with one of ``beginnings``."""
    left = tuple(one for one in scenario.contenders if one.name.startswith(tuple(beginnings)))
    return replace(scenario, contenders=left)


def _choose_checker(folder: Path, wanted: str) -> Checker:
    sample = folder / "sample"
    sample.write_bytes(bytes(_SAMPLE_BYTES))
    fastest, seconds = fastest_checker(sample)
    name = fastest if wanted == "fastest" else wanted
    sample.unlink()
    rates = ", ".join(f"{one} {_SAMPLE_BYTES / taken / 1e9:.2f} GB/s" for one, taken in seconds.items())
    print(f"SHA-256: {rates}; the peers are given {name}")
    if not may_have_namespaces():
        print("without root loopback is the machine's own, so other traffic on it shows in the pictures")
    return Checker(name, _SAMPLE_BYTES / seconds[fastest])


def _measure(scenario: Scenario, bench: Bench, options: argparse.Namespace, checker: Checker) -> bool:
    """Measures and reports one scenario; whether that could be done here."""
    print(f"\n{scenario.name}: {scenario.summary}")
    on_disk = isinstance(scenario.server, Nginx)
    if on_disk and find_nginx() is None:
        print(f"{scenario.name} can't be run here: nginx is missing", file=sys.stderr)
        return False
    try:
        with (
            made(bench.folder / "material", served=scenario.served, on_disk=on_disk) as material,
            at_hand(int(_MEMORY_FACTOR * _most_bytes(scenario)) + _OTHERS_BYTES),
        ):
            runs = _rounds(scenario, bench, material, options.rounds)
    except LineError as error:
        print(f"{scenario.name} can't be run here: {error}", file=sys.stderr)
        return False
    results = _results(scenario, runs, options, checker)
    if options.plots:
        results = replace(results, pictures=_pictures(results, runs, options.out))
    report.write(results, runs, options.out)
    _write_summary(options.out)
    goals = report.goals_table([(None, one) for one in results.verdicts])
    print("\n".join(["", *report.table(results.figures), "", *goals]))
    return True


def _most_bytes(scenario: Scenario) -> int:
    """The most that one run brings."""
    return max(sum(scenario.lengths(one)) for one in scenario.contenders)


def _rounds(scenario: Scenario, bench: Bench, material: Material, rounds: int) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {one.name: [] for one in scenario.contenders}
    for number in range(rounds):
        for contender in rotated(scenario.contenders, number):
            # All contenders of a round meet the same seed; another round has other losses.
            run = bench.run(scenario, contender, material, seed=number + 1)
            runs[contender.name].append(run)
            print(f"  round {number + 1}  {contender.name:28} {run.seconds:8.2f} s  {run.failure}", flush=True)
    return runs


def _results(
    scenario: Scenario, runs: dict[str, list[Run]], options: argparse.Namespace, checker: Checker
) -> report.Results:
    lengths = {one.name: scenario.lengths(one) for one in scenario.contenders}
    bare = {
        one.name: summarised(
            one.name, runs[one.name], ours=one.ours, payload_bytes=sum(lengths[one.name]), is_floor=one.is_floor
        )
        for one in scenario.contenders
    }
    floors = {
        name: floor_of(scenario, some, hashed_per_second=checker.bytes_per_second, figures=bare)
        for name, some in lengths.items()
    }
    by_name = {name: replace(one, floor_seconds=floors[name].seconds) for name, one in bare.items()}
    first = scenario.contenders[0].name
    return report.Results(
        scenario=scenario.name,
        summary=scenario.summary,
        line="loopback" if scenario.line is None else str(scenario.line),
        payload=_payload(lengths[first]),
        floor=floors[first].described(),
        rounds=options.rounds,
        size_factor=options.size_factor,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        checker=checker.name,
        machine=machine.described(),
        versions=machine.versions(),
        figures=list(by_name.values()),
        verdicts=[judge(goal, by_name) for goal in scenario.goals],
    )


def _payload(lengths: Sequence[int]) -> str:
    count = len(lengths)
    if len(set(lengths)) > 1:
        return f"{count} files, {sum(lengths) / 1e6:g} MB"
    return f"{count} x {lengths[0] / 1e6:g} MB" if count > 1 else f"{lengths[0] / 1e6:g} MB"


def _pictures(results: report.Results, runs: dict[str, list[Run]], folder: Path) -> tuple[str, ...]:
    try:
        from benchmarks.plots import draw  # noqa: PLC0415 - needs matplotlib, which may be missing

        return draw(results.scenario, results.figures, runs, folder)
    except ImportError:
        print("no pictures: matplotlib is missing (pip install anymatix-fetcher[bench])", file=sys.stderr)
        return ()


def _write_summary(folder: Path) -> None:
    """From all results in the folder, so that scenarios can be run one at a time."""
    order = [one.name for one in SCENARIOS]
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    found = sorted((one for one in found if one.get("scenario") in order), key=lambda one: order.index(one["scenario"]))
    (folder / "RESULTS.md").write_text(report.summary(found))
