from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest

from anymatix_fetcher import __version__
from anymatix_fetcher.cli.main import PROGRAM, main
from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.engine.facts import Engine, Phase, Settings
from anymatix_fetcher.errors import AccessDeniedError, DownloadCancelled, NotFoundError, ReferenceSyntaxError
from tests.cli.fakes import SHA256, URL, ScriptedFetch, downloaded, failed, flowing

SECRET = "s3cr3t-t0ken"

Streams = pytest.CaptureFixture[str]


def settings_from(*arguments: str) -> Settings:
    fetch = ScriptedFetch([downloaded()])
    assert main([*arguments, URL], fetch_many=fetch) == 0
    (job,) = fetch.jobs
    assert job.reference == URL
    return job.settings


# What options mean ------------------------------------------------------------------------------------------


def test_without_options_the_settings_are_the_librarys() -> None:
    assert settings_from() == Settings()


def test_every_option_reaches_the_settings(tmp_path: Path) -> None:
    certificates = tmp_path / "ca.pem"
    certificates.write_text("-")
    settings = settings_from(
        *("-d", "models", "--hash", f"SHA-256:{SHA256.upper()}", "--hash", f"md5:{SHA256[:32]}", "--sha256", SHA256),
        *("-c", "4", "--max-connections", "16", "--engine", "threads", "--limit-rate", "20M", "--overwrite"),
        *("-H", "X-One: 1", "--header", "X-Two: 2", "--proxy", "http://proxy:3128", "--cacert", str(certificates)),
        *("--insecure", "--http3", "--as-is", "--allow-unsafe"),
    )
    assert settings == Settings(
        directory=Path("models"),
        digests=(Digest("sha256", SHA256), Digest("md5", SHA256[:32])),
        connections=4,
        max_connections=16,
        engine=Engine.THREADS,
        limit_rate=20 * 1024**2,
        overwrite=True,
        as_is=True,
        allow_unsafe=True,
        headers=(("X-One", "1"), ("X-Two", "2")),
        proxy="http://proxy:3128",
        ca_file=certificates,
        verify_tls=False,
        http3=True,
    )


def test_the_output_is_exact_and_relative_to_the_directory(tmp_path: Path) -> None:
    assert settings_from("-o", "x.gguf").output == Path("x.gguf")
    assert settings_from("-o", "x.gguf", "-d", "models").output == Path("models/x.gguf")
    assert settings_from("-o", str(tmp_path / "x.gguf"), "-d", "models").output == tmp_path / "x.gguf"


def test_no_proxy_and_automatic_connections_can_be_said() -> None:
    settings = settings_from("--proxy", "", "-c", "auto")
    assert (settings.proxy, settings.connections) == ("", None)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-o", "x", URL, URL],
        ["-o", "-", URL],
        ["-o", ".", URL],
        ["-d", __file__, URL],
        ["--hash", "sha256:12", URL],
        ["--hash", SHA256, URL],
        ["--hash", f"sha256:{SHA256}", "--sha256", "0" * 64, URL],
        ["--sha256", SHA256, URL, URL],
        ["--sha256", "xyz", URL],
        ["-c", "0", URL],
        ["-c", "many", URL],
        ["--max-connections", "auto", URL],
        ["--engine", "warp", URL],
        ["--limit-rate", "fast", URL],
        ["-H", "nonsense", URL],
        ["-H", f"X: {SECRET}\r\nY: z", URL],
        ["--proxy", f"gopher://u:{SECRET}@h", URL],
        ["--cacert", "/nowhere/ca.pem", URL],
        ["--progress", "loud", URL],
        ["--nonsense", URL],
        ["-o"],
    ],
)
def test_wrong_usage_is_one_sentence_with_a_hint(arguments: list[str], capsys: Streams) -> None:
    fetch = ScriptedFetch([downloaded()])
    assert main(arguments, fetch_many=fetch) == 2
    out, err = capsys.readouterr()
    assert fetch.jobs == []
    assert out == ""
    error, hint = err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    assert SECRET not in err


# How it ends ------------------------------------------------------------------------------------------------


def test_what_remains_to_be_said_of_a_file_is_a_warning_on_stderr(capsys: Streams) -> None:
    last = replace(flowing(1000, name="m.pt"), phase=Phase.DONE, note="a pickle: it can run code when it is loaded")
    for arguments, said in (([], 1), (["-q"], 0), (["--json"], 0)):
        assert main([*arguments, URL], fetch_many=ScriptedFetch([downloaded()], [(last,)])) == 0
        err = capsys.readouterr().err
        assert err.count("warning: m.pt is a pickle: it can run code when it is loaded\n") == said
        assert err.count("pickle") == said


def test_a_success_prints_the_path_on_stdout_and_a_summary_on_stderr(capsys: Streams) -> None:
    assert main([URL], fetch_many=ScriptedFetch([downloaded()])) == 0
    out, err = capsys.readouterr()
    assert out == str(Path("/models/model.safetensors").absolute()) + "\n"
    assert err == "model.safetensors: 6.94 GB, 1 min 12 s at 96.4 MB/s, proved by sha256 0123456789ab...\n"


def test_quiet_prints_the_path_and_nothing_else(capsys: Streams) -> None:
    assert main(["-q", URL], fetch_many=ScriptedFetch([downloaded()], [(flowing(1),)])) == 0
    out, err = capsys.readouterr()
    assert out == str(Path("/models/model.safetensors").absolute()) + "\n"
    assert err == ""


def test_json_is_one_object_a_line_and_nothing_else_on_stdout(capsys: Streams) -> None:
    results = [downloaded(), failed(NotFoundError("gone", hint="look elsewhere"))]
    assert main(["--json", URL, URL], fetch_many=ScriptedFetch(results)) == 3
    out, err = capsys.readouterr()
    first, second = map(json.loads, out.splitlines())
    assert (first["status"], first["error"]) == ("downloaded", None)
    assert second["status"] == "failed"
    assert second["error"] == {"kind": "NotFoundError", "message": "gone", "hint": "look elsewhere", "exit_code": 3}
    assert err.splitlines() == [f"error: {URL}: gone", "hint: look elsewhere"]


def test_the_first_failure_decides_the_exit_code(capsys: Streams) -> None:
    results = [downloaded(), failed(AccessDeniedError("no")), failed(NotFoundError("gone"))]
    assert main([URL, URL, URL], fetch_many=ScriptedFetch(results)) == 4
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("raised", [True, False])
def test_an_unreadable_reference_is_wrong_usage(capsys: Streams, raised: bool) -> None:  # noqa: FBT001 - a parameter
    error = ReferenceSyntaxError("not a reference: 'x'; expected https://...", hint="put https:// before it")
    fetch = ScriptedFetch(raises=error) if raised else ScriptedFetch([failed(error)])
    assert main(["x"], fetch_many=fetch) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: not a reference: 'x'; expected https://...",
        "hint: put https:// before it",
    ]


def test_a_bug_is_called_one_and_shows_nothing(capsys: Streams) -> None:
    fetch = ScriptedFetch(raises=RuntimeError(f"https://h/?token={SECRET}"))
    assert main(["-H", f"Authorization: Bearer {SECRET}", URL], fetch_many=fetch) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "error: RuntimeError: this is a bug in anyfetch",
        "hint: run it again with --verbose, and report what that shows",
    ]


def test_a_bugs_traceback_is_shown_on_demand_without_secrets(capsys: Streams) -> None:
    fetch = ScriptedFetch(raises=RuntimeError(f"https://h/?sig=hmac {SECRET} u {URL}?key=q"))
    arguments = ["-v", "-H", f"Authorization: Bearer {SECRET}", f"{URL}?key=q"]
    assert main(arguments, fetch_many=fetch) == 1
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert "RuntimeError: https://h/?..." in err
    assert SECRET not in err
    assert "hmac" not in err


# Progress ---------------------------------------------------------------------------------------------------


def test_json_progress_is_all_that_stderr_has_on_success(capsys: Streams) -> None:
    fetch = ScriptedFetch([downloaded()], [(flowing(100),), (flowing(900),)])
    assert main(["--progress", "json", URL], fetch_many=fetch) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["phase"] for line in lines] == ["transferring", "transferring", "done"]


def test_what_isnt_a_terminal_gets_plain_lines(capsys: Streams) -> None:
    main([URL], fetch_many=ScriptedFetch([downloaded()], [(flowing(100),)]))
    assert capsys.readouterr().err.splitlines()[0] == "model.safetensors: 1.00 kB"


def test_the_bar_can_be_forced(capsys: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    main(["--progress", "bar", URL], fetch_many=ScriptedFetch([downloaded()], [(flowing(100),)]))
    assert "\x1b[?25l" in capsys.readouterr().err


def test_none_silences_progress_only(capsys: Streams) -> None:
    main(["--progress", "none", URL], fetch_many=ScriptedFetch([downloaded()], [(flowing(100),)]))
    assert capsys.readouterr().err.count("\n") == 1


def test_the_log_is_shown_on_demand_and_redacted(capsys: Streams) -> None:
    log = logging.getLogger("anymatix_fetcher.engine")

    def tell(_: int) -> None:
        log.info("asking %s with %s", f"{URL}?sig=hmac", SECRET)
        log.debug("details")

    header = ["-H", f"Authorization: Bearer {SECRET}"]
    for flags, shown in (([], 0), (["-v"], 1), (["-vv"], 2)):
        main([*flags, *header, URL], fetch_many=ScriptedFetch([downloaded()], [(flowing(1),)], before_each=tell))
        err = capsys.readouterr().err
        assert err.count("ms anymatix_fetcher.engine: ") == shown
        assert err.count(f"asking {URL}?... with [hidden]\n") == min(shown, 1)


# Signals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_good_order_and_says_what_is_kept(number: int, code: int, capsys: Streams) -> None:
    def strike(index: int) -> None:
        if index == 1:
            signal.raise_signal(number)

    fetch = ScriptedFetch(
        [failed(DownloadCancelled("cancelled"))], [(flowing(100),), (flowing(900),)], before_each=strike
    )
    assert main(["--json", URL], fetch_many=fetch) == code
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["exit_code"] == code
    assert err.splitlines()[-1] == (
        "Interrupted. What has arrived is kept in model.safetensors.part; run the same command again to go on."
    )
    assert "error:" not in err


def test_a_signal_before_the_first_byte_promises_nothing(capsys: Streams) -> None:
    fetch = ScriptedFetch(
        [failed(DownloadCancelled("cancelled"))],
        [(flowing(0),)],
        before_each=lambda _: signal.raise_signal(signal.SIGINT),
    )
    assert main([URL], fetch_many=fetch) == 130
    assert capsys.readouterr().err == "Interrupted. Nothing had arrived yet.\n"


def test_a_signal_that_comes_too_late_changes_nothing() -> None:
    fetch = ScriptedFetch([downloaded()], [(flowing(9),)], before_each=lambda _: signal.raise_signal(signal.SIGINT))
    assert main([URL], fetch_many=fetch) == 0


STUBBORN = f"""
import sys, threading
from anymatix_fetcher.cli.main import main
def fetch(jobs, *, cancel=None, on_progress=None):
    cancel.add_listener(lambda: print("cancelled", flush=True))
    print("ready", flush=True)
    threading.Event().wait()
sys.exit(main([{URL!r}], fetch_many=fetch))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows processes can't be sent these signals")
def test_a_second_signal_ends_a_download_that_doesnt_stop() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == b"cancelled\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


# The program ------------------------------------------------------------------------------------------------


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
    assert capsys.readouterr().err.splitlines()[-1] == "hint: anyfetch demo --help explains every option"


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
        "slow = {'rich', 'pycurl', 'ssl', 'asyncio', 'http.client', 'logging.config', 'anymatix_fetcher.api', "
        "'anymatix_fetcher.cli.demo', 'anymatix_fetcher.testing'}\n"
        "sys.exit(', '.join(sorted(slow & set(sys.modules))) or 0)"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")


def test_the_first_request_waits_for_nothing_that_comes_later(tmp_path: Path) -> None:
    script = """
import os, sys
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.core.exchanges import Exchanges

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
        *(f"anymatix_fetcher.cli.{name}" for name in ("displays", "live", "picture", "results")),
        *(f"anymatix_fetcher.{name}" for name in ("noting", "formats.content", "formats.triage", "engine.pickle_scan")),
        *(f"anymatix_fetcher.library.{name}" for name in ("identity", "index", "recording", "roots", "wanted")),
        *(f"anymatix_fetcher.sources.{name}" for name in ("civitai", "huggingface", "sites", "explanations.lookup")),
        *(f"anymatix_fetcher.core.{name}" for name in ("aria2", "links")),
    }
    loaded = set(process.stdout.split())
    assert "anymatix_fetcher.engine.driver" in loaded, process.stderr
    assert not late & loaded


@pytest.mark.parametrize(
    ("words", "index", "expected"),
    [
        ("anyfetch ", "1", set(PROGRAM.list_commands(click.Context(PROGRAM)))),
        ("anyfetch --lim", "1", {"--limit-rate"}),
        ("anyfetch --engine ", "2", {"auto", "curl", "threads", "single"}),
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
