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

from anymatix_fetcher.cli.main import PROGRAM, main
from anymatix_fetcher.core.pace.settings import highest
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.engine.facts import Phase
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.settings import Settings
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


def test_only_a_maximum_that_is_not_given_may_be_passed() -> None:
    assert highest(settings_from().max_connections) > settings_from().max_connections == 32
    assert highest(settings_from("--max-connections", "32").max_connections) == 32


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
    here = settings_from("-o", "x.gguf", "-d", "models").anchored(Path.cwd)
    assert here.output == Path.cwd() / "models" / "x.gguf"
    assert here.anchored(Path.cwd) == here
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


def test_of_a_model_in_parts_those_that_arent_here_are_named_once(capsys: Streams, tmp_path: Path) -> None:
    paths = [tmp_path / f"m-0000{number}-of-00004.gguf" for number in (1, 2, 3, 4)]
    for path in paths[:2]:
        path.touch()
    fetch = ScriptedFetch([downloaded(path) for path in paths[:2]])
    assert main([URL, f"{URL}2"], fetch_many=fetch) == 0
    err = capsys.readouterr().err
    assert err.count("note: m-00001-of-00004.gguf is part 1 of 4; not here: m-00003-of-00004.gguf and 1 more\n") == 1
    assert err.count("note: ") == 1
    for path in paths:
        path.touch()
    assert main([URL, f"{URL}2"], fetch_many=fetch) == 0
    assert "note: " not in capsys.readouterr().err


def test_a_success_prints_the_path_on_stdout_and_a_summary_on_stderr(capsys: Streams) -> None:
    assert main([URL], fetch_many=ScriptedFetch([downloaded()])) == 0
    out, err = capsys.readouterr()
    assert out == str(Path("/models/model.safetensors").absolute()) + "\n"
    assert err == "model.safetensors: 6.94 GB, 1 min 12 s at 96.4 MB/s, verified by sha256 0123456789ab...\n"


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
    assert main(["x:"], fetch_many=fetch) == 2
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
        "hint: Run it again with --verbose, and report the output.",
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
        "Interrupted. The partial download is kept in model.safetensors.part; run the same command again to continue."
    )
    assert "error:" not in err


def test_a_signal_before_the_first_byte_promises_nothing(capsys: Streams) -> None:
    fetch = ScriptedFetch(
        [failed(DownloadCancelled("cancelled"))],
        [(flowing(0),)],
        before_each=lambda _: signal.raise_signal(signal.SIGINT),
    )
    assert main([URL], fetch_many=fetch) == 130
    assert capsys.readouterr().err == "Interrupted. Nothing was downloaded yet.\n"


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


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["verfiy", "models/loras"], "'verfiy' is neither a verb nor a reference", "Did you mean verify?"),
        (["list"], "'list' is neither a verb nor a reference", "Did you mean ls?"),
        (["Remove", "x"], "'Remove' is neither a verb nor a reference", "Did you mean rm?"),
        (
            ["get", URL],
            "'get' is neither a verb nor a reference",
            "A download needs no verb: run `anyfetch REFERENCE`.",
        ),
        (["xyzzy"], "'xyzzy' is neither a verb nor a reference", ("Run `anyfetch --help` for a list of the verbs.")),
        (["-q", "ls"], "'ls' is a verb and has to come first", "Put the options after it; see `anyfetch ls --help`."),
        (["-v", "--json", "verify", "x.pt"], "'verify' is a verb and has to come first", "Put the options after it"),
        ([URL, "doctor"], "'doctor' is a verb and has to come first", "Put the options after it"),
        (["-q", "ls", "--models", "m"], "'ls' is a verb and has to come first", "Put the options after it"),
    ],
)
def test_a_misspelt_or_misplaced_verb_is_told(words: list[str], error: str, hint: str, capsys: Streams) -> None:
    fetch = ScriptedFetch()
    assert main(words, fetch_many=fetch) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"error: {error}"
    assert second.startswith(f"hint: {hint}")
    assert fetch.jobs == []


@pytest.mark.parametrize("word", ["model.safetensors", "x:", "example.com", "a/b", "--", "v1"])
def test_whatever_may_be_a_reference_is_none_of_our_verbs(word: str) -> None:
    fetch = ScriptedFetch([downloaded()])
    main([word, "x:y"], fetch_many=fetch)
    assert fetch.jobs


OTHER_LOGS = {"aria2c", "queue"}
"""The one takes aria2c's own options; the other one is a client of a server, which has the log."""


@pytest.mark.parametrize("verb", PROGRAM.list_commands(click.Context(PROGRAM)))
def test_every_verb_has_help_and_a_log(verb: str, capsys: Streams) -> None:
    assert main([verb, "--help"]) == 0
    long = capsys.readouterr().out
    assert main([verb, "-h"]) == 0
    assert capsys.readouterr().out == long
    assert verb in OTHER_LOGS or "--verbose" in long


def test_the_log_is_shown_without_the_secrets_of_the_command_line(capsys: Streams) -> None:
    address = f"{URL}?token={SECRET}"

    def log(_: int) -> None:
        logging.getLogger("anymatix_fetcher.test").info("it is asked with %s", SECRET)

    fetch = ScriptedFetch([downloaded()], frames=[()], before_each=log)
    assert main([address], fetch_many=fetch) == 0
    assert "it is asked" not in capsys.readouterr().err
    assert main(["-v", address], fetch_many=fetch) == 0
    err = capsys.readouterr().err
    assert "anymatix_fetcher.test: it is asked with" in err
    assert SECRET not in err
