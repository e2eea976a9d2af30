"""``anyfetch demo``: shows on this machine, without internet, what parallel connections gain.

The server does what model hosts do: it refuses HEAD, redirects to a signed URL on another origin, and limits the rate
of each connection. The file is fetched over one stream and then in parallel. The two runs don't overlap, so that they
don't compete for bandwidth.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.displays import NoDisplay, PlainDisplay
from anymatix_fetcher.cli.display.help_layout import Command, Option
from anymatix_fetcher.cli.display.picture import FINAL_PHASES, Line, Piece, Screen, bar_and, fraction_of
from anymatix_fetcher.cli.display.results import error_lines
from anymatix_fetcher.cli.exit_codes import INTERRUPTED
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.parameters import Parsed
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Job, Phase, Progress, Result
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.errors import DownloadCancelled
from anymatix_fetcher.testing import Origin, parse_size
from anymatix_fetcher.verbs.reporting import exit_code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.cli.display.displays import Display
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.testing import File
    from anymatix_fetcher.verbs.callables import FetchMany

_RUNNERS = (("one stream", Engine.SINGLE), ("anyfetch", Engine.AUTO))
_NAME_WIDTH = 10
_TTL_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """One of the two downloads. ``signing_requests`` comes from the signing host's own ledger."""

    name: str
    result: Result
    signing_requests: int

    @property
    def bytes_per_second(self) -> float:
        """The average rate."""
        return (self.result.size or 0) / self.result.seconds if self.result.seconds > 0 else 0.0

    def as_object(self) -> dict[str, object]:
        """The run as a JSON object."""
        return {
            "seconds": round(self.result.seconds, 3),
            "bytes_per_second": round(self.bytes_per_second),
            "requests": self.result.requests,
            "signing_requests": self.signing_requests,
            "connections_peak": self.result.connections_peak,
            "verified": self.result.verified,
            "sha256": self.result.sha256,
        }


class DemoError(Exception):
    """One of the two downloads failed with ``error``."""

    def __init__(self, error: FetchError) -> None:
        super().__init__(error.message)
        self.error = error


@click.command(
    "demo",
    cls=Command,
    help="Fetch one file from a slow signed server on this machine, over one stream and in parallel, and "
    "compare.\n\nNothing leaves this machine. The file is generated while it is sent, and deleted at the "
    "end.",
    sections={"Examples": ("anyfetch demo", "anyfetch demo --size 1GB --rate 25M", "anyfetch demo --json")},
)
@click.option(
    "--size",
    cls=Option,
    type=Parsed("SIZE", parse_size),
    default="200M",
    metavar="SIZE",
    help="The file's length, in powers of 1000. [default: 200M]",
)
@click.option(
    "--rate",
    cls=Option,
    type=Parsed("RATE", parse_size),
    default="10M",
    metavar="RATE",
    help="The rate of each connection in bytes per second. [default: 10M]",
)
@click.option(
    "--json", "as_json", cls=Option, is_flag=True, help="Print one JSON object on stdout instead of the table."
)
@click.pass_obj
def command(session: Invocation, /, *, size: int, rate: int, as_json: bool) -> int:
    """Runs both downloads and compares them."""
    cancel = CancelToken()
    display = NoDisplay() if as_json else _display(session)
    with tempfile.TemporaryDirectory(prefix="anyfetch-demo-") as folder, interruptible(cancel) as interruption:
        try:
            runs = compare(size, rate, Path(folder), fetch_many=session.fetch_many, cancel=cancel, show=display.show)
        except DemoError as failure:
            display.close(None)
            if isinstance(failure.error, DownloadCancelled):
                session.complain("Interrupted. The demonstration's file was deleted.")
                return interruption.exit_code or INTERRUPTED
            session.complain(*error_lines(failure.error))
            return exit_code_of(failure.error)
        finally:
            display.close(None)
    text = json.dumps(as_object(size, rate, runs)) + "\n" if as_json else table(size, rate, runs)
    session.out.write(text)
    session.out.flush()
    return 0


def compare(
    size: int,
    rate: int,
    folder: Path,
    *,
    fetch_many: FetchMany,
    cancel: CancelToken,
    show: Callable[[tuple[Progress, ...]], None],
) -> list[Run]:
    """Fetches a file of ``size`` bytes in each way, at ``rate`` bytes per second for each connection.

    Raises:
        DemoError: One of the downloads failed, or was cancelled.
    """
    shown = [Progress(name, name=name) for name, _ in _RUNNERS]
    runs = []
    with Origin() as origin:
        file = origin.sign("/model.safetensors", size=size, ttl_seconds=_TTL_SECONDS, bytes_per_second=rate)
        for index, (name, engine) in enumerate(_RUNNERS):

            def tell(progress: tuple[Progress, ...], index: int = index, name: str = name) -> None:
                shown[index] = replace(progress[0], reference=name, name=name)
                show(tuple(shown))

            before = origin.ledger().origins.get("origin", 0)
            (result,) = fetch_many([_job(file, engine, folder)], cancel=cancel, on_progress=tell)
            if result.error is not None:
                raise DemoError(result.error)
            shown[index] = _ended(shown[index], result)
            runs.append(Run(name, result, origin.ledger().origins.get("origin", 0) - before))
    return runs


def _job(file: File, engine: Engine, folder: Path) -> Job:
    settings = Settings(
        output=folder / f"{engine.value}.safetensors",
        digests=(Digest("sha256", file.sha256()),),
        engine=engine,
        proxy="",
        links=False,
        remember=False,
    )
    return Job(file.url, settings)


def _ended(progress: Progress, result: Result) -> Progress:
    size = result.size or 0
    return replace(progress, phase=Phase.DONE, length=size, bytes_stored=size, seconds=result.seconds)


# Showing ----------------------------------------------------------------------------------------------------


def _display(session: Invocation) -> Display:
    if not session.err.isatty():
        return PlainDisplay(session.err)
    from anymatix_fetcher.cli.display.live import live_display  # noqa: PLC0415 - rich takes a tenth of a second to import

    return live_display(session.err, forced=False, draw=side_by_side) or PlainDisplay(session.err)


def side_by_side(progress: Sequence[Progress], screen: Screen) -> list[Line]:
    """One bar per download, with its rate while it runs and its time afterwards."""
    return [_bar_of(one, screen) for one in progress]


def _bar_of(progress: Progress, screen: Screen) -> Line:
    part, whole = fraction_of(progress) or (0, 1)
    over = progress.phase in FINAL_PHASES
    pace = format.duration(progress.seconds) if over else format.rate(progress.bytes_per_second)
    tail: list[Piece] = [(format.percentage(part, whole).rjust(5), ""), (f"  {pace.rjust(11)}", "bold")]
    name: Piece = (format.shorten((progress.name or "").ljust(_NAME_WIDTH), _NAME_WIDTH), "bold")
    room = max(0, screen.width - _NAME_WIDTH - 2)
    return [name, ("  ", ""), *bar_and(tail, part, whole, room, screen.glyphs)]


def table(size: int, rate: int, runs: Sequence[Run]) -> str:
    """The comparison as text."""
    lines = [
        f"{format.size(size)} from a signed server, {format.rate(rate)} for each connection, one after the other:",
        "",
        f"{'':10}  {'time':>11}  {'average':>11}  {'connections':>11}  {'signing requests':>16}  verified by",
    ]
    lines += [
        f"{run.name:10}  {format.duration(run.result.seconds):>11}  {format.rate(run.bytes_per_second):>11}"
        f"  {run.result.connections_peak:>11}  {run.signing_requests:>16}  {run.result.verified}"
        for run in runs
    ]
    return "\n".join([*lines, "", f"{times_faster(runs):.1f} times as fast"]) + "\n"


def as_object(size: int, rate: int, runs: Sequence[Run]) -> dict[str, object]:
    """The comparison for ``--json``."""
    one, many = runs
    return {
        "size": size,
        "bytes_per_second_per_connection": rate,
        "one_stream": one.as_object(),
        "anyfetch": many.as_object(),
        "times_faster": round(times_faster(runs), 2),
    }


def times_faster(runs: Sequence[Run]) -> float:
    """The ratio of the first run's time to the second run's."""
    one, many = runs
    return one.result.seconds / many.result.seconds if many.result.seconds > 0 else 0.0
