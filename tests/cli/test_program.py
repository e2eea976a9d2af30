"""The program as a process: its help, what it imports when, completion, and streams that end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from anymatix_fetcher import __version__
from anymatix_fetcher.cli.main import PROGRAM, main

Streams = pytest.CaptureFixture[str]


def test_the_help_has_options_verbs_codes_variables_and_examples(capsys: Streams) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for part in (
        "Usage: anyfetch [OPTIONS] REFERENCE...",
        "--limit-rate RATE",
        "Exit codes:",
        "SSL_CERT_FILE",
        "_ANYFETCH_COMPLETE",
    ):
        assert part in text
    assert text.count("\n  anyfetch ") >= 4
    assert all(f"\n  {verb} " in text for verb in ("demo", "testserver"))


@pytest.mark.parametrize("verb", ["demo", "testserver"])
def test_each_verb_has_its_help(verb: str, capsys: Streams) -> None:
    assert main([verb, "--help"]) == 0
    assert f"Usage: anyfetch {verb} [OPTIONS]" in capsys.readouterr().out


def test_wrong_usage_of_a_verb_leads_to_its_own_help(capsys: Streams) -> None:
    assert main(["demo", "--nonsense"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "hint: Run `anyfetch demo --help` for all options."
    assert main(["queue", "move", "0123456789abcdef"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "hint: Run `anyfetch queue move --help` for all options."


def test_the_version_is_the_packages(capsys: Streams) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"anyfetch {__version__}\n"


def run_module(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anymatix_fetcher", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_module_is_the_command() -> None:
    assert run_module("--version").stdout == f"anyfetch {__version__}\n"


def test_help_and_version_import_nothing_slow() -> None:
    script = (
        "import sys; from anymatix_fetcher.cli.main import main; main(['--help'])\n"
        "slow = {'rich', 'pycurl', 'ssl', 'asyncio', 'http.client', 'logging.config', 'anymatix_fetcher.verbs.fetch', "
        "'anymatix_fetcher.cli.commands.demo', 'anymatix_fetcher.testing'}\n"
        "sys.exit(', '.join(sorted(slow & set(sys.modules))) or 0)"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")


def test_the_first_request_waits_for_nothing_that_comes_later(tmp_path: Path) -> None:
    script = """
import os, sys
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.verbs import fetch as api
from anymatix_fetcher.core.machine.exchanges import Exchanges

api.PROGRESS_SECONDS = 60.0  # on a busy machine the first picture may else be drawn before the first request

def begin(*_: object, **__: object) -> None:
    os.write(1, " ".join(sys.modules).encode())
    os._exit(0)

Exchanges.begin = begin
main(["http://127.0.0.1:9/model.safetensors", "--progress", "bar", "--directory", sys.argv[1]])
"""
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    late = {
        *("rich", "asyncio", "sqlite3", "email.utils", "http.client", "filelock", "pickletools"),
        *(f"anymatix_fetcher.cli.display.{name}" for name in ("displays", "live", "picture", "results")),
        *(
            f"anymatix_fetcher.{name}"
            for name in ("wiring.library_notes", "formats.content", "formats.triage", "engine.pickle_scan")
        ),
        *(f"anymatix_fetcher.library.{name}" for name in ("identity", "index", "recording", "roots", "wanted")),
        *(f"anymatix_fetcher.sources.{name}" for name in ("civitai", "huggingface", "sites", "explanations.lookup")),
        *(f"anymatix_fetcher.core.values.{name}" for name in ("aria2_control", "links")),
    }
    loaded = set(process.stdout.split())
    assert "anymatix_fetcher.engine.driver" in loaded, process.stderr
    assert not late & loaded


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["queue", "--help"], ["queue", "ls"]])
def test_only_the_server_itself_imports_what_it_is_made_of(words: list[str], tmp_path: Path) -> None:
    script = "import sys\nfrom anymatix_fetcher.cli.main import main\nmain(sys.argv[1:])\nprint(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANYFETCH_STATE": str(tmp_path), "ANYFETCH_SERVER": "http://127.0.0.1:9/"},
    )
    loaded = set(process.stdout.split())
    assert "anymatix_fetcher.cli.main" in loaded, process.stderr
    assert not {"aiohttp", "asyncio", "prometheus_client", "pycurl", "anymatix_fetcher.engine.session"} & loaded


@pytest.mark.parametrize(
    ("words", "index", "expected"),
    [
        ("anyfetch ", "1", set(PROGRAM.list_commands(click.Context(PROGRAM)))),
        ("anyfetch --lim", "1", {"--limit-rate"}),
        ("anyfetch --engine ", "2", {"auto", "curl", "threads", "single"}),
        ("anyfetch --type text", "2", {"text-encoder"}),
        ("anyfetch ls --type vae", "3", {"vae", "vae-approx"}),
        ("anyfetch lock -t CLIP", "3", {"clip-vision"}),
        ("anyfetch --overwrite --pro", "2", {"--proxy", "--progress"}),
    ],
)
def test_bash_completes_verbs_options_and_values(words: str, index: str, expected: set[str]) -> None:
    process = run_module(_ANYFETCH_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=index)
    assert {line.partition(",")[2] for line in process.stdout.splitlines()} == expected


def test_bash_is_given_a_script_that_it_can_read() -> None:
    script = run_module(_ANYFETCH_COMPLETE="bash_source").stdout
    assert "complete -o nosort -F _anyfetch_completion anyfetch" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another thing there")
def test_a_reader_that_goes_away_is_met_with_silence() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "anymatix_fetcher", "--help"], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (0, b"")


PRINTS_A_RESULT = """
import sys
from anymatix_fetcher.cli.main import main
from tests.cli.fakes import ScriptedFetch, downloaded
sys.exit(main(["--json", "https://example.org/"], fetch_many=ScriptedFetch([downloaded()])))
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_result_that_cant_be_written_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-c", PRINTS_A_RESULT], stdout=full, stderr=subprocess.PIPE, check=False, text=True
        )
    assert process.stderr == "error: standard output can't be written: No space left on device\n"
    assert process.returncode == 7
