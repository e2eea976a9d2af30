"""``anyfetch bench URL``: measures how many connections pay off, and names the bottleneck."""

from __future__ import annotations

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
from anymatix_fetcher.cli.options.output import json_option
from anymatix_fetcher.cli.options.parameters import REFERENCE, Parsed, parse_connection_count
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
Measure the rates of 1, 2, 4, 8, 16 and 32 connections to a file, and name the bottleneck: the network, a limit for each
connection, the server, the disk or the processor.

Each step transfers at the full rate for some seconds, which may add up to many gigabytes; the measurement ends as soon
as the result is clear. No data of the file is kept. The disk is measured with up to half a gigabyte, which is deleted
at once. Ctrl-C ends the measurement and reports the results so far.
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
    help="Seconds to measure each number of connections. [default: 3]",
)
@option(
    "What",
    "--max-connections",
    type=Parsed("N", parse_connection_count),
    default="32",
    metavar="N",
    help="The largest number of connections to measure. [default: 32]",
)
@option(
    "What",
    "-d",
    "--directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    metavar="DIR",
    help="The folder on the disk to measure. [default: the current one]",
)
@network_options
@option(
    "Output",
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.png",
    help="Plot the rates to a .png, .svg or .pdf file.",
)
@json_option()
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
    """Measures and reports."""
    network.prepare(session, [url])
    if plot is not None:
        _check_plot(plot)
    from anymatix_fetcher.verbs.bench import bench  # noqa: PLC0415 - wrong usage needn't wait for it

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
            session.complain("Interrupted. Nothing was measured.")
            return interruption.exit_code or INTERRUPTED
        finally:
            news.clear()
    _tell(measured, session, plot, as_json=as_json)
    return (interruption.exit_code or INTERRUPTED) if measured.interrupted else 0


class _News:
    """A status line on the terminal that is overwritten at each step."""

    def __init__(self, session: Invocation, *, silent: bool) -> None:
        self._session = session
        self._silent = silent
        self._width = 0

    def tell(self, step: BenchStep) -> None:
        """Shows the result of one step."""
        rate = format.rate(step.bytes_per_second)
        self.say(f"{format.plural(step.borne, 'connection')}: {rate}; going on")

    def say(self, text: str) -> None:
        """Replaces the line by ``text``."""
        if not self._silent:
            self._session.err.write(f"\r{text.ljust(self._width)}")
            self._session.err.flush()
            self._width = len(text)

    def clear(self) -> None:
        """Erases the line."""
        if self._width:
            self.say("")
            self._session.err.write("\r")
            self._width = 0


def _check_plot(plot: Path) -> None:
    """Checks that the plot can be drawn, before anything is measured."""
    if plot.suffix.lower() not in bench_pictures.FORMATS:
        raise Misuse(f"--plot {str(plot)!r} has an unknown file type", "Use a name that ends in .png, .svg or .pdf.")
    if not bench_pictures.can_draw():
        raise Misuse("--plot needs matplotlib, which isn't installed", "Run `pip install 'anymatix-fetcher[bench]'`.")


def _tell(measured: Measured, session: Invocation, plot: Path | None, *, as_json: bool) -> None:
    diagnosis = measured.diagnosis
    if as_json:
        session.print_json(as_object(measured, diagnosis))
    else:
        glyphs = glyphs_for(session.out.encoding, os.environ, sys.platform)
        width = shutil.get_terminal_size().columns - 1 if session.out.isatty() else _WIDTH_ELSEWHERE
        session.out.write(report(measured, diagnosis, min(width, _WIDEST), ascii_only=glyphs.ascii_only))
    session.out.flush()
    if measured.interrupted and not as_json:
        session.complain("Interrupted. These are the results so far.")
    if plot is not None and measured.steps:
        try:
            bench_pictures.draw(plot, measured, diagnosis.sentence if diagnosis else "")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(
                f"the plot can't be written to {plot}: {reason}", hint="Name another file by --plot FILE."
            ) from None


def report(measured: Measured, diagnosis: Diagnosis | None, width: int, *, ascii_only: bool) -> str:
    """The measurements and their interpretation as text."""
    of = f" of {format.size(measured.length)}" if measured.length is not None else ""
    cost = format.size(measured.bytes_transferred)
    lines = [format.printable(f"{measured.url}{of}; {cost} were transferred for this measurement"), ""]
    lines += bench_pictures.bars(measured.steps, width, ascii_only=ascii_only)
    machine = measured.machine
    writes = (
        f"not measured ({measured.disk_trouble})"
        if machine.writes is None
        else (f"takes {format.rate(machine.writes)}")
    )
    hashes = f"; SHA-256 goes at {format.rate(machine.hashes)}" if machine.hashes is not None else ""
    lines += ["", f"The disk {'was ' if machine.writes is None else ''}{writes}{hashes}."]
    if measured.repeated:
        lines.append(
            "The file is small for this bandwidth, so it was fetched repeatedly; a larger file gives a "
            "better measurement."
        )
    if diagnosis is not None:
        lines += ["", diagnosis.sentence, diagnosis.advice]
    return "\n".join(lines) + "\n"


def as_object(measured: Measured, diagnosis: Diagnosis | None) -> dict[str, object]:
    """The measurements for ``--json``; rates in bytes per second."""
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
