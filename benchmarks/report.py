"""Results as JSON for programs, and as Markdown for people. Both are written from the same values."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from benchmarks.counters import rates
from benchmarks.goals import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.figures import Figures, Run

_HOW_TO_READ = (
    "The time is the median until the files are proved, with the shortest and the longest one. Tools that don't check "
    "digests have the time of {checker} added. Connections are the most that the server had at one time. Failed runs "
    "are left out of a tool's times and named beside them. Processor seconds per GB include the added check. The floor "
    "is what no tool could be faster than: {floor}. What is in italics is no tool, but a part of the work by itself."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What one scenario has come to.

    Attributes:
        scenario: Its name.
        summary: What was tried.
        line: The line, in words.
        payload: What was fetched, in words.
        floor: What each part of the work takes by itself, in words.
        rounds: How often.
        size_factor: 1 for the real thing; other results are a quick look.
        date: When, in ISO form.
        checker: What proved the files of the tools that don't do it themselves.
        machine: Where.
        versions: Of everything that took part.
        figures: A contender's runs in numbers, each.
        verdicts: Of each goal.
        pictures: Names of the plots beside it.
    """

    scenario: str
    summary: str
    line: str
    payload: str
    floor: str
    rounds: int
    size_factor: float
    date: str
    checker: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    figures: Sequence[Figures]
    verdicts: Sequence[Verdict]
    pictures: Sequence[str] = ()


def write(results: Results, runs: Mapping[str, Sequence[Run]], folder: Path) -> None:
    """Writes ``SCENARIO.json``, with every run, and ``SCENARIO.md``."""
    content = asdict(results) | {"runs": {name: [_run_object(run) for run in some] for name, some in runs.items()}}
    (folder / f"{results.scenario}.json").write_text(json.dumps(content, indent=1) + "\n")
    (folder / f"{results.scenario}.md").write_text(page(results))


def _run_object(run: Run) -> dict[str, object]:
    content = asdict(run)
    content["samples"] = [[round(one.seconds, 3), one.bytes_sent, one.connections] for one in run.samples]
    content["peak_rate_bytes_per_second"] = round(max((rate for _, rate in rates(run.samples)), default=0.0))
    return content


def page(results: Results) -> str:
    """A scenario's page."""
    quick = "" if results.size_factor == 1 else f" **A quick look, with sizes times {results.size_factor:g}.**"
    facts = f"{results.payload}; {results.line}; {_rounds(results.rounds)}.{quick}"
    lines = [
        f"# {results.scenario}",
        "",
        f"{results.summary[:1].upper()}{results.summary[1:]}. {facts}",
        "",
        *table(results.figures),
        "",
        *goals_table([(None, verdict) for verdict in results.verdicts]),
        "",
        *(f"![{picture}]({picture})" for picture in results.pictures),
        "",
        _HOW_TO_READ.format(checker=results.checker, floor=results.floor),
        "",
        *environment(results),
    ]
    return "\n".join(lines) + "\n"


def table(figures: Iterable[Figures]) -> list[str]:
    """The contenders' figures, the fastest first."""
    ordered = sorted(figures, key=lambda one: (one.seconds is None, one.seconds or 0.0))
    refusals = any(one.refusals is not None and one.refusals > 0 for one in ordered)
    header = ["", "time", "spread", "MB/s", "of the floor", "connections", "memory", "processor", "processor per GB"]
    header += ["refusals"] * refusals + ["failed"]
    rows = [header, ["---"] + ["---:"] * (len(header) - 2) + ["---"]]
    for one in ordered:
        row = [
            f"**{one.name}**" if one.ours else f"*{one.name}*" if one.is_floor else one.name,
            _number(one.seconds, "{:.2f} s"),
            "" if one.fastest is None or one.runs == 1 else f"{one.fastest:.2f} to {one.slowest:.2f}",
            _number(one.bytes_per_second and one.bytes_per_second / 1e6, "{:.1f}"),
            _number(_times_floor(one), "{:.2f} x"),
            _number(one.connections, "{}"),
            _number(one.peak_memory_megabytes, "{:.0f} MB"),
            _number(one.processor_seconds, "{:.2f} s"),
            _number(one.processor_seconds_per_gigabyte, "{:.2f} s"),
        ]
        row += [_number(one.refusals, "{}")] * refusals
        rows.append([*row, _failures(one)])
    return [f"| {' | '.join(row)} |" for row in rows]


def _times_floor(figures: Figures) -> float | None:
    if figures.seconds is None or not figures.floor_seconds:
        return None
    return figures.seconds / figures.floor_seconds


def goals_table(verdicts: Sequence[tuple[str | None, Verdict]]) -> list[str]:
    """Goals, each with its scenario where one is given."""
    named = any(name is not None for name, _ in verdicts)
    lines = ["| scenario " * named + "| goal | reached | |", "| --- " * named + "| --- | ---: | --- |"]
    for name, verdict in verdicts:
        mark = f"**{verdict.outcome}**" if verdict.outcome == "not met" else verdict.outcome
        scenario = f"| [{name}]({name}.md) " if named else ""
        lines.append(f"{scenario}| {verdict.goal} | {verdict.value} | {mark} |")
    return lines


def environment(results: Results) -> list[str]:
    """The machine and the versions, in two lines."""
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in results.versions.items())
    return [f"{results.date}. {machine}.", "", f"Versions: {versions}."]


def summary(all_results: Sequence[Mapping[str, object]]) -> str:
    """``RESULTS.md``: every scenario's goals in one table, from the JSON of their results."""
    rows = [(str(one["scenario"]), row) for one in all_results for row in _verdicts(one)]
    whole = all(one["size_factor"] == 1 for one in all_results)
    scenarios = [
        f"- [{one['scenario']}]({one['scenario']}.md): {one['summary']} ({one['payload']}; {one['line']}; "
        f"{_rounds(one['rounds'])}, {one['date']})"
        for one in all_results
    ]
    warning = [] if whole else ["**Some of these are quick looks at smaller sizes.**", ""]
    return "\n".join(["# Results", "", *warning, *goals_table(rows), "", *scenarios]) + "\n"


def _verdicts(results: Mapping[str, object]) -> list[Verdict]:
    given = results["verdicts"]
    return [Verdict(**one) for one in given] if isinstance(given, list) else []


def _rounds(count: object) -> str:
    return f"{count} round" if count == 1 else f"{count} rounds"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _failures(figures: Figures) -> str:
    if not figures.failures:
        return ""
    text = "; ".join(dict.fromkeys(figures.failures)).replace("|", "\\|").replace("\n", " ")
    return f"{len(figures.failures)} of {figures.runs}: {text}"
