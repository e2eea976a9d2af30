"""Odd surroundings: missing streams, folders that are none, names that can't be. They end in a sentence, not a bug."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.display.streams import PatientStream
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 40
USAGE, STORAGE = 2, 7


@pytest.fixture
def url() -> Iterator[str]:
    with Origin(seed=1) as origin:
        yield origin.add("/m.bin", data=CONTENT).url


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Streams ---------------------------------------------------------------------------------------------------

CLOSING = """
import os, sys
for number in map(int, sys.argv[1].split(",")):
    os.close(number)
os.execv(sys.executable, [sys.executable, "-m", "anymatix_fetcher", *sys.argv[2:]])
"""


@pytest.mark.skipif(os.name == "nt", reason="descriptors are closed by their number")
@pytest.mark.parametrize("closed", ["1", "2", "1,2", "0,1,2"])
@pytest.mark.parametrize("options", [(), ("--json",), ("--progress", "bar"), ("-vv",)])
def test_standard_streams_may_be_closed(here: Path, url: str, closed: str, options: tuple[str, ...]) -> None:
    program = [sys.executable, "-c", CLOSING, closed, *options, "-o", "m.bin", url]
    done = subprocess.run(program, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stdout + done.stderr
    # What is meant for people doesn't get into files that have a stream's number.
    assert (here / "m.bin").read_bytes() == CONTENT
    assert os.listdir(here) == ["m.bin"]  # noqa: PTH208 - the names are what counts


@pytest.mark.skipif(os.name == "nt", reason="as above")
def test_errors_have_their_codes_though_nobody_can_read_them(url: str) -> None:
    for arguments, code in (([url + "-gone"], 3), (["--nonsense"], 2), (["--help"], 0), (["ls"], 0)):
        program = [sys.executable, "-c", CLOSING, "1,2", *arguments]
        assert subprocess.run(program, capture_output=True, timeout=60, check=False).returncode == code


def test_a_stream_that_is_not_there_takes_everything_and_is_no_terminal() -> None:
    stream = PatientStream(None)
    assert stream.write("x") == 1
    stream.write_path("/a")
    stream.flush()
    assert not stream.isatty()
    assert stream.failure is None
    with pytest.raises(OSError, match="descriptor"):
        stream.fileno()


PROGRAM = "import sys; from anymatix_fetcher.cli.main import main; sys.exit(main(sys.argv[1:]))"

# Folders and names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-d", "file/below"], STORAGE, "a part of"),
        (["-d", "file"], USAGE, "is a file"),
        (["-d", "dangling"], STORAGE, "in the way"),
        (["-d", "loop"], STORAGE, "symbolic link"),
        (["-o", "folder/"], USAGE, "names a folder"),
        (["-d", ""], USAGE, "names no folder"),
        (["-o", ""], USAGE, "names no file"),
        (["-t", "vae", "--models", ""], USAGE, "names no folder"),
        (["-o", "folder"], USAGE, "is a folder"),
        (["-o", "file/below"], STORAGE, "a part of"),
        (["-o", "a" * 250 + ".safetensors"], STORAGE, "too long"),
        (["-d", "b" * 300], STORAGE, "too long"),
        (["-o", "b" * 300 + "/x"], STORAGE, "too long"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_with_a_hint(
    here: Path, url: str, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "file").write_bytes(b"x")
    (here / "dangling").symlink_to("nowhere")
    (here / "loop").symlink_to("loop")
    (here / "folder").mkdir()
    assert main(["-q", *arguments, url]) == code
    told = capsys.readouterr().err
    assert words in told
    assert "\nhint: " in told
    assert "bug" not in told


def test_a_current_folder_that_is_gone_is_told_of(here: Path, url: str) -> None:
    script = f"import os; os.mkdir('g'); os.chdir('g'); os.rmdir('../g'); {PROGRAM}"
    (here / "w.json").write_text('{"nodes": []}')
    for arguments in ([url], ["-t", "lora", url], ["ls"], ["verify"], ["workflow", "--dry-run", str(here / "w.json")]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode in {USAGE, STORAGE}, (arguments, done)
        assert "the current folder no longer exists" in done.stderr, arguments
        assert "hint: " in done.stderr
        assert "bug" not in done.stderr
        assert not (here / "g").exists()


def test_a_name_that_the_locale_cant_say_is_told_of(here: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    asked = [sys.executable, "-c", "import sys; print(sys.getfilesystemencoding())"]
    encoding = subprocess.run(asked, capture_output=True, text=True, env=environment, check=True)
    with Origin(seed=1) as origin:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "-q", origin.add("/\N{CJK UNIFIED IDEOGRAPH-65E5}.bin", data=CONTENT).url],
            capture_output=True, text=True, env=environment, timeout=60, check=False,
        )  # fmt: skip
    if encoding.stdout.strip() == "utf-8":  # whatever the locale says, as on macOS
        assert done.returncode == 0
        return
    assert done.returncode == STORAGE
    assert "locale's encoding" in done.stderr
    assert "hint: Choose another name with -o" in done.stderr
    assert not list(here.iterdir())
