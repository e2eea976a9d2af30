"""``anyfetch bench URL``: how many connections are worth having, and what binds, measured and said in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import (
    bench_pictures,
    format,  # noqa: A004 - the module is called what it is about
)
from anymatix_fetcher.cli.display.glyphs import glyphs_for
from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.exit_codes import INTERRUPTED
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.parameters import REFERENCE, Parsed, parse_connection_count
from anymatix_fetcher.core.pace.diagnosis import diagnose
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DownloadCancelled, StorageError

if TYPE_CHECKING:
    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.core.pace.diagnosis import BenchStep, Diagnosis
    from anymatix_fetcher.engine.bench import Measured

_WIDTH_ELSEWHERE = 80
_WIDEST = 100

_HELP = """\
Measure what 1, 2, 4, 8, 16 and 32 connections to a file bring, and say what binds: the line, a cap per connection,
the server's patience, the disk or the processor.

It transfers as much as the line carries for some seconds each, which may be many gigabytes, and ends as soon as the
answer is clear. Of the file nothing is kept; what the disk takes is measured with up to half a gigabyte that is
deleted at once. Ctrl-C ends it with what was measured by then.
"""
_EXAMPLES = (
    "anyfetch bench https://example.org/model.safetensors",
    "anyfetch bench -d /mnt/models --plot bench.png https://example.org/model.safetensors",
    "anyfetch bench --seconds 1 --max-connections 8 --json https://example.org/model.safetensors",
)


@click.command("bench", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("url", metavar="URL", type=REFERENCE)
@option(
    "What",
    "--seconds",
    type=click.FloatRange(0, 600, min_open=True),
    default=3.0,
    metavar="S",
    help="For each number of connections. [default: 3]",
)
@option(
    "What",
    "--max-connections",
    type=Parsed("N", parse_connection_count),
    default="32",
    metavar="N",
    help="The greatest number. [default: 32]",
)
@option(
    "What",
    "-d",
    "--directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    metavar="DIR",
    help="The folder whose disk is measured. [default: here]",
)
@network_options
@option(
    "What it tells",
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.png",
    help="Draw the rates into a file, too (.png, .svg or .pdf).",
)
@option("What it tells", "--json", "as_json", is_flag=True, help="One JSON object on stdout instead.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    url: str,
    seconds: float,
    max_connections: int,
    directory: Path,
    network: Network,
    plot: Path | None,
    as_json: bool,
) -> int:
    """Measures and tells."""
    session.secrets = network.secrets([url])
    if plot is not None:
        _check_plot(plot)
    network.warn(session)
    from anymatix_fetcher.verbs.resolve import bench  # noqa: PLC0415 - wrong usage needn't wait for it

    cancel, news = CancelToken(), _News(session, silent=as_json or not session.err.isatty())
    with interruptible(cancel) as interruption:
        try:
            news.say("measuring this machine, then one connection")
            measured = bench(
                url,
                seconds=seconds,
                max_connections=max_connections,
                directory=directory,
                cancel=cancel,
                on_step=news.tell,
                **network.keywords(),
            )
        except DownloadCancelled:
            news.clear()
            session.complain("Interrupted. Nothing was measured yet.")
            return interruption.exit_code or INTERRUPTED
        finally:
            news.clear()
    _tell(measured, session, plot, as_json=as_json)
    return (interruption.exit_code or INTERRUPTED) if measured.interrupted else 0


class _News:
    """One line on a terminal that says how far it is, written over again and again."""

    def __init__(self, session: Invocation, *, silent: bool) -> None:
        self._session = session
        self._silent = silent
        self._width = 0

    def tell(self, step: BenchStep) -> None:
        """A number of connections was measured."""
        rate = format.rate(step.bytes_per_second)
        self.say(f"{format.plural(step.borne, 'connection')}: {rate}; going on")

    def say(self, text: str) -> None:
        """Shows ``text`` instead of what was there."""
        if not self._silent:
            self._session.err.write(f"\r{text.ljust(self._width)}")
            self._session.err.flush()
            self._width = len(text)

    def clear(self) -> None:
        """Takes the line away."""
        if self._width:
            self.say("")
            self._session.err.write("\r")
            self._width = 0


def _check_plot(plot: Path) -> None:
    """Finds out before anything is measured whether the picture can be drawn."""
    if plot.suffix.lower() not in bench_pictures.FORMATS:
        raise Misuse(f"--plot {str(plot)!r}: not a kind of picture that is drawn here", "name it .png, .svg or .pdf")
    if not bench_pictures.can_draw():
        raise Misuse("--plot needs matplotlib, which isn't installed", "pip install 'anymatix-fetcher[bench]'")


def _tell(measured: Measured, session: Invocation, plot: Path | None, *, as_json: bool) -> None:
    diagnosis = diagnose(measured.steps, measured.machine, ranged=measured.ranged)
    if as_json:
        session.out.write(json.dumps(as_object(measured, diagnosis)) + "\n")
    else:
        glyphs = glyphs_for(session.out.encoding, os.environ, sys.platform)
        width = shutil.get_terminal_size().columns - 1 if session.out.isatty() else _WIDTH_ELSEWHERE
        session.out.write(report(measured, diagnosis, min(width, _WIDEST), ascii_only=glyphs.ascii_only))
    session.out.flush()
    if measured.interrupted and not as_json:
        session.complain("Interrupted. This is what was measured by then.")
    if plot is not None and measured.steps:
        try:
            bench_pictures.draw(plot, measured, diagnosis.sentence if diagnosis else "")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(f"the plot can't be written to {plot}: {reason}") from None


def report(measured: Measured, diagnosis: Diagnosis | None, width: int, *, ascii_only: bool) -> str:
    """What was measured and what it means, as text for people."""
    of = f" of {format.size(measured.length)}" if measured.length is not None else ""
    cost = format.size(measured.bytes_transferred)
    lines = [format.printable(f"{measured.url}{of}; {cost} were transferred to find out"), ""]
    lines += bench_pictures.bars(measured.steps, width, ascii_only=ascii_only)
    machine = measured.machine
    writes = (
        f"not measured ({measured.disk_trouble})" if machine.writes is None else f"takes {format.rate(machine.writes)}"
    )
    hashes = f"; SHA-256 goes at {format.rate(machine.hashes)}" if machine.hashes is not None else ""
    lines += ["", f"The disk {'was ' if machine.writes is None else ''}{writes}{hashes}."]
    if measured.repeated:
        lines.append("The file is small for this line: it was asked for again from the start; a larger one tells more.")
    if diagnosis is not None:
        lines += ["", diagnosis.sentence, diagnosis.advice]
    return "\n".join(lines) + "\n"


def as_object(measured: Measured, diagnosis: Diagnosis | None) -> dict[str, object]:
    """The same for ``--json``; rates in bytes a second."""
    return {
        "url": measured.url,
        "length": measured.length,
        "ranged": measured.ranged,
        "small": measured.repeated,
        "bytes_transferred": measured.bytes_transferred,
        "steps": [
            {
                "connections": step.connections,
                "borne": step.borne,
                "refusals": step.refusals,
                "bytes_per_second": round(step.bytes_per_second),
                "processor_share": round(step.processor_share, 3),
            }
            for step in measured.steps
        ],
        "disk_bytes_per_second": _rounded(measured.machine.writes),
        "sha256_bytes_per_second": _rounded(measured.machine.hashes),
        "interrupted": measured.interrupted,
        "cause": diagnosis.cause.value if diagnosis else None,
        "sentence": diagnosis.sentence if diagnosis else None,
        "advice": diagnosis.advice if diagnosis else None,
        "connections": diagnosis.connections if diagnosis else None,
    }


def _rounded(rate: float | None) -> int | None:
    return None if rate is None else round(rate)
