from __future__ import annotations

import json
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.commands import bench
from anymatix_fetcher.cli.display import bench_pictures
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.core.pace.diagnosis import BenchStep, Machine, diagnose
from anymatix_fetcher.engine.bench import Measured
from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Streams = pytest.CaptureFixture[str]

STEPS = (BenchStep(1, 1, 0, 10e6), BenchStep(2, 2, 0, 20e6), BenchStep(4, 4, 0, 40e6), BenchStep(8, 6, 2, 57.5e6))
MACHINE = Machine(writes=512e6, hashes=1.9e9)
MEASURED = Measured(
    url="https://example.org/m.bin", length=6_940_000_000, bytes_transferred=400_000_000, steps=STEPS, machine=MACHINE
)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as origin:
        origin.add("/m.bin", size="1GB")
        yield origin


def arguments(url: str, folder: Path, *more: str, seconds: float = 0.2) -> list[str]:
    return ["bench", "--seconds", str(seconds), "--proxy", "", "-d", str(folder), *more, url]


# The words --------------------------------------------------------------------------------------------------


def report(measured: Measured, width: int = 60, *, ascii_only: bool = True) -> list[str]:
    diagnosis = diagnose(measured.steps, measured.machine, ranged=measured.ranged)
    return bench.report(measured, diagnosis, width, ascii_only=ascii_only).splitlines()


def test_the_report_has_the_rates_as_bars_and_says_what_binds() -> None:
    assert report(MEASURED) == [
        "https://example.org/m.bin of 6.94 GB; 400 MB were transferred for this measurement",
        "",
        "connections",
        "          1  ####                       10.0 MB/s",
        "          2  #########                  20.0 MB/s",
        "          4  #################          40.0 MB/s",
        "          8  #########################  57.5 MB/s  2 refused",
        "",
        "The disk takes 512 MB/s; SHA-256 goes at 1.90 GB/s.",
        "",
        "The server's patience binds: it bears 6 connections (57.5 MB/s), and refused more when asked for 8.",
        "auto finds that out; -c 6 never asks for more.",
    ]


def test_blocks_show_an_eighth_of_a_column() -> None:
    lines = bench_pictures.bars((BenchStep(1, 1, 0, 10e6), BenchStep(2, 2, 0, 95e6)), 40, ascii_only=False)
    block, five_eighths = "\u2588", "\u258b"
    assert lines[1] == f"          1  {block}{five_eighths}{'':14}  10.0 MB/s"
    assert lines[2] == f"          2  {block * 16}  95.0 MB/s"


def test_bars_keep_to_the_width_and_stay_bars_where_there_is_none() -> None:
    assert max(map(len, bench_pictures.bars(STEPS, 60, ascii_only=False))) <= 60
    assert bench_pictures.bars(STEPS, 0, ascii_only=True)[-1] == "          8  ########  57.5 MB/s  2 refused"
    assert bench_pictures.bars((), 80, ascii_only=True) == []
    assert bench_pictures.bars((BenchStep(1, 0, 0, 0.0),), 40, ascii_only=True)[1].split() == ["1", "0", "B/s"]


def test_a_small_file_and_a_disk_that_wasnt_measured_are_mentioned() -> None:
    lines = report(
        Measured(url="u", length=1000, bytes_transferred=5000, steps=STEPS[:1], disk_trouble="Permission denied")
    )
    assert "The disk was not measured (Permission denied)." in lines
    assert any("fetched repeatedly" in line for line in lines)


# The command ------------------------------------------------------------------------------------------------


def test_it_measures_and_tells(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    origin.script("throttle:rate=2M")
    assert main(arguments(origin.url("/m.bin"), tmp_path, "--max-connections", "4", seconds=0.5)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"{origin.url('/m.bin')} of 1.00 GB; ")
    assert "A cap per connection binds: each brings about " in out
    assert list(tmp_path.iterdir()) == []


def test_json_has_everything(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    origin.script("throttle:rate=2M")
    assert main(arguments(origin.url("/m.bin"), tmp_path, "--max-connections", "2", "--json", seconds=0.5)) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["length"], told["ranged"], told["small"], told["interrupted"]) == (1_000_000_000, True, False, False)
    assert [step["connections"] for step in told["steps"]] == [1, 2]
    assert set(told["steps"][0]) == {"connections", "borne", "refusals", "bytes_per_second", "processor_share"}
    assert (told["cause"], told["connections"]) == ("connection cap", 2)
    assert told["sentence"].startswith("A cap per connection binds")
    assert told["disk_bytes_per_second"] > 0
    assert told["sha256_bytes_per_second"] > 0


def test_ctrl_c_ends_it_with_what_was_measured(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    origin.script("throttle:rate=2M")

    def interrupt_in_the_second_step() -> None:
        patience = threading.Event()
        while origin.ledger().requests < 2:
            patience.wait(0.01)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt_in_the_second_step)
    thread.start()
    assert main(arguments(origin.url("/m.bin"), tmp_path, seconds=1.0)) == 130
    thread.join()
    out, err = capsys.readouterr()
    assert err == "Interrupted. These are the results so far.\n"
    assert "          1  " in out
    assert "          2  " not in out


def test_an_error_is_told_as_in_a_download(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    assert main(arguments(origin.url("/missing.bin"), tmp_path)) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: 127.0.0.1 answered 404 Not Found")


# The plot ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", [MACHINE, Machine(), Machine(writes=30e6)])
@pytest.mark.parametrize("steps", [STEPS, STEPS[:1], (BenchStep(1, 0, 0, 0.0),)])
def test_the_plot_is_a_picture(tmp_path: Path, machine: Machine, steps: tuple[BenchStep, ...]) -> None:
    measured = Measured(url="u", steps=steps, machine=machine)
    bench_pictures.draw(tmp_path / "plot.png", measured, "The line binds. " * 10)
    assert (tmp_path / "plot.png").read_bytes().startswith(PNG)


def test_the_command_writes_the_plot(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    plot = tmp_path / "plot.png"
    more = ["--max-connections", "1", "--plot", str(plot)]
    assert main(arguments(origin.url("/m.bin"), tmp_path, *more)) == 0
    assert plot.read_bytes().startswith(PNG)
    assert main(arguments(origin.url("/m.bin"), tmp_path, *more[:3], str(tmp_path / "missing" / "plot.png"))) == 7
    assert "the plot can't be written" in capsys.readouterr().err


def test_a_plot_without_matplotlib_says_what_to_install_before_anything_is_measured(
    origin: Origin, tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(arguments(origin.url("/m.bin"), tmp_path, "--plot", "plot.png")) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: --plot needs matplotlib, which isn't installed",
        "hint: Run `pip install 'anymatix-fetcher[bench]'`.",
    ]
    assert origin.ledger().requests == 0


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--plot", "plot.txt"], "unknown file type"),
        (["--seconds", "0"], "seconds"),
        (["--max-connections", "0"], "not a number of connections"),
        (["--proxy", "nonsense"], "not a proxy"),
        (["-H", "nonsense"], "not a header"),
    ],
)
def test_wrong_usage_is_told(capsys: Streams, more: list[str], sentence: str) -> None:
    assert main(["bench", *more, "https://example.org/m.bin"]) == 2
    assert sentence in capsys.readouterr().err


def test_the_help_says_that_it_transfers_a_lot(capsys: Streams) -> None:
    assert main(["bench", "--help"]) == 0
    out = capsys.readouterr().out
    assert "many gigabytes" in out
    assert "--plot FILE.png" in out
