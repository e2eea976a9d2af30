"""The forms of progress on stderr: nothing, occasional lines, JSON lines, or (in ``live``) a live display."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.picture import FINAL_PHASES, fraction_of, name_of, overall_facts
from anymatix_fetcher.engine.facts import Phase, Progress
from anymatix_fetcher.errors import DownloadCancelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.cli.display.streams import PatientStream
    from anymatix_fetcher.engine.facts import Result

PERIOD_SECONDS = 5.0
"""The shortest time between two plain lines."""
STEP_PERCENT = 10
"""The least progress between two plain lines, in percent."""
SILENCE_SECONDS = 60.0
"""A plain line is printed after this time even without progress."""

_NUMBER = re.compile(r"\d+(\.\d+)?")


class Display(Protocol):
    """Receives the progress of all downloads about four times a second, and is closed at their end."""

    def show(self, progress: tuple[Progress, ...]) -> None:
        """Shows the current progress, one entry per download in the order of the references."""

    def close(self, results: Sequence[Result] | None = None) -> None:
        """Called when the downloads have ended with ``results``, or when an exception has ended them."""


class NoDisplay:
    """Shows nothing."""

    def show(self, progress: tuple[Progress, ...]) -> None:
        """Does nothing."""

    def close(self, results: Sequence[Result] | None = None) -> None:
        """Does nothing."""


class JsonDisplay:
    """Writes a JSON object a line for each active reference, and a last one at its end."""

    def __init__(self, stream: PatientStream) -> None:
        self._stream = stream
        self._last: dict[int, Progress] = {}

    def show(self, progress: tuple[Progress, ...]) -> None:
        """Writes the downloads that haven't ended."""
        for index, one in enumerate(progress):
            before = self._last.get(index)
            if before is None or before.phase not in FINAL_PHASES:
                self._last[index] = one
                self._write(one)
        self._stream.flush()

    def close(self, results: Sequence[Result] | None = None) -> None:
        """Writes the last object of each download that has none yet."""
        for index, result in enumerate(results or ()):
            last = self._last.get(index) or Progress(result.reference)
            if last.phase not in FINAL_PHASES:
                self._write(_ended(last, result))
        self._stream.flush()

    def _write(self, progress: Progress) -> None:
        self._stream.write(json.dumps(progress_object(progress)) + "\n")


def progress_object(progress: Progress) -> dict[str, object]:
    """One download's progress as a JSON object; times in seconds, to the millisecond."""
    eta_seconds = progress.eta_seconds
    return {
        "reference": progress.reference,
        "name": progress.name,
        "phase": progress.phase.value,
        "length": progress.length,
        "bytes_stored": progress.bytes_stored,
        "bytes_resumed": progress.bytes_resumed,
        "bytes_verified": progress.bytes_verified,
        "bytes_per_second": round(progress.bytes_per_second),
        "eta_seconds": None if eta_seconds is None else round(eta_seconds, 1),
        "connections": progress.connections,
        "seconds": round(progress.seconds, 3),
        "note": progress.note,
    }


def _ended(last: Progress, result: Result) -> Progress:
    if result.error is not None:
        phase = Phase.CANCELLED if isinstance(result.error, DownloadCancelled) else Phase.FAILED
        return replace(last, phase=phase, eta_seconds=None, connections=0, bytes_per_second=0.0)
    size = last.bytes_stored if result.size is None else result.size
    return replace(
        last,
        name=last.name or (result.path.name if result.path else None),
        phase=Phase.DONE,
        length=size,
        bytes_stored=max(size, last.bytes_stored),
        eta_seconds=0.0,
        connections=0,
        seconds=max(result.seconds, last.seconds),
    )


@dataclass(slots=True)
class _Said:
    """What was last printed about one download, or about all together."""

    seconds: float = float("-inf")
    percent: int = -STEP_PERCENT
    phase: Phase = Phase.OPENING
    notes: set[str] = field(default_factory=set)


class PlainDisplay:
    """Prints occasional lines for logs and pipes: at the start, at each change of phase, and at intervals between."""

    def __init__(self, stream: PatientStream) -> None:
        self._stream = stream
        self._said: dict[int, _Said] = {}
        self._overall = _Said(seconds=0.0, percent=0)

    def show(self, progress: tuple[Progress, ...]) -> None:
        """Prints a line for each download that has news."""
        for index, one in enumerate(progress):
            said = self._said.setdefault(index, _Said())
            # Notes that count seconds down are one note.
            kind = _NUMBER.sub("", one.note)
            if (
                kind and kind not in said.notes and one.phase is not Phase.DONE
            ):  # notes that remain are printed at the end
                said.notes.add(kind)
                self._write(f"{name_of(one)}: {format.printable(one.note)}")
            if one.phase is not said.phase:
                said.phase = one.phase
                self._say_phase(one, said)
            elif len(progress) == 1 and one.phase is Phase.TRANSFERRING:
                self._say_pace(one, said)
        if len(progress) > 1:
            self._say_overall(progress)
        self._stream.flush()

    def close(self, results: Sequence[Result] | None = None) -> None:
        """Prints nothing: the results are the last lines."""

    def _say_phase(self, one: Progress, said: _Said) -> None:
        name = name_of(one)
        match one.phase:
            case Phase.TRANSFERRING:
                said.seconds, said.percent = one.seconds, _percent(one)
                whole = "unknown size" if one.length is None else format.size(one.length)
                kept = f", {format.size(one.bytes_resumed)} resumed" if one.bytes_resumed else ""
                self._write(f"{name}: {whole}{kept}")
            case Phase.WAITING:
                self._write(f"{name}: waiting for another process that downloads it")
            case Phase.VERIFYING:
                self._write(f"{name}: verifying")
            case _:
                pass

    def _say_pace(self, one: Progress, said: _Said) -> None:
        percent = _percent(one)
        if not _is_due(said, one.seconds, percent):
            return
        said.seconds, said.percent = one.seconds, percent
        if one.length is None:
            facts = [format.size(one.bytes_stored)]
        else:
            facts = [f"{percent} %", format.size_of(one.bytes_stored, one.length)]
        facts += [format.rate(one.bytes_per_second), format.eta(one.eta_seconds)]
        facts.append(format.plural(one.connections, "connection"))
        self._write(f"{name_of(one)}: {', '.join(filter(None, facts))}")

    def _say_overall(self, progress: tuple[Progress, ...]) -> None:
        seconds = max(one.seconds for one in progress)
        length = sum(one.length or 0 for one in progress)
        percent = sum(one.bytes_stored for one in progress) * 100 // length if length else 0
        if _is_due(self._overall, seconds, percent):
            self._overall.seconds, self._overall.percent = seconds, percent
            self._write(", ".join(overall_facts(progress)))

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")


def _percent(progress: Progress) -> int:
    part, whole = fraction_of(progress) or (0, 1)
    return part * 100 // whole if whole else 100


def _is_due(said: _Said, seconds: float, percent: int) -> bool:
    since = seconds - said.seconds
    return since >= SILENCE_SECONDS or (since >= PERIOD_SECONDS and percent - said.percent >= STEP_PERCENT)
