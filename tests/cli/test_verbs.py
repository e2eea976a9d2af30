from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import socket
import threading
import urllib.request
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.commands import demo
from anymatix_fetcher.cli.display.glyphs import ASCII
from anymatix_fetcher.cli.display.picture import Screen
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.engine.facts import Job, Phase, Progress, Result, Status
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.errors import DigestMismatchError, DownloadCancelled
from tests.cli.fakes import ScriptedFetch, failed, flowing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken

Streams = pytest.CaptureFixture[str]


# testserver -------------------------------------------------------------------------------------------------


def free_port(*, following: int = 0) -> int:
    """A port that is free, and so many after it."""
    while True:
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError, OverflowError):
            port = probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for number in range(port + 1, port + 1 + following):
                probes.enter_context(socket.create_server(("127.0.0.1", number)))
            assert isinstance(port, int)
            return port


@contextlib.contextmanager
def asking(port: int, *paths: str) -> Iterator[list[bytes]]:
    """Asks the server on ``port`` for each path as soon as it answers, and then stops this process as Ctrl-C does."""
    bodies: list[bytes] = []

    def ask() -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            for path in paths:
                while True:
                    try:
                        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
                            bodies.append(response.read())
                        break
                    except ConnectionRefusedError:
                        continue
                    except urllib.error.URLError as error:
                        if not isinstance(error.reason, ConnectionRefusedError):
                            raise
        finally:
            signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield bodies
    finally:
        thread.join()


def test_the_server_serves_until_ctrl_c_and_tells_what_was_asked(capsys: Streams) -> None:
    port = free_port()
    arguments = ["--port", str(port), "--file", "/a.bin=64KiB", "--signed", "/s.bin=10K", "--ttl", "60", "--json"]
    with asking(port, "/a.bin", "/s.bin") as bodies:
        assert main(["testserver", *arguments]) == 0
    offer, ledger = map(json.loads, capsys.readouterr().out.splitlines())
    assert offer["origin"] == f"http://127.0.0.1:{port}/"
    assert [file["path"] for file in offer["files"]] == ["/a.bin", "/s.bin"]
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == [file["sha256"] for file in offer["files"]]
    assert ledger["origins"] == {"origin": 2, "target": 1}
    assert ledger["bytes_sent"] >= 64 * 1024 + 10_000


def test_the_same_seed_serves_the_same_bytes_and_another_one_others(capsys: Streams) -> None:
    digests = []
    for seed in ("1", "1", "2"):
        port = free_port()
        with asking(port, "/a.bin"):
            main(["testserver", "--port", str(port), "--file", "/a.bin=1K", "--seed", seed, "--json"])
        digests.append(json.loads(capsys.readouterr().out.splitlines()[0])["files"][0]["sha256"])
    assert digests[0] == digests[1] != digests[2]


def test_a_described_server_is_served_and_told_in_words(capsys: Streams, tmp_path: Path) -> None:
    port = free_port()
    spec = tmp_path / "server.json"
    spec.write_text(json.dumps({"port": port, "files": [{"path": "/t.txt", "text": "hello"}]}))
    with asking(port, "/t.txt") as bodies:
        assert main(["testserver", "--spec", str(spec)]) == 0
    assert bodies == [b"hello"]
    out = capsys.readouterr().out
    assert f"  anyfetch http://127.0.0.1:{port}/t.txt\n" in out
    assert "1 request (1 to the origin)\n" in out


def test_stand_ins_for_hosts_are_served_and_their_variables_told(capsys: Streams) -> None:
    for arguments in ([], ["--json"]):
        port = free_port(following=15)
        with asking(port, "/api/v1/model-versions/143906") as bodies:
            assert main(["testserver", "--hosts", "--port", str(port), "--rate", "10M", *arguments]) == 0
        assert json.loads(bodies[0])["downloadUrl"] == f"http://127.0.0.1:{port}/api/download/models/143906"
        out = capsys.readouterr().out
        if arguments:
            offer, ledger = map(json.loads, out.splitlines())
            assert offer["variables"]["CIVITAI_ENDPOINT"] == f"http://127.0.0.1:{port}"
            assert ledger["origins"] == {"civitai": 1}
        else:
            assert f"export CIVITAI_ENDPOINT=http://127.0.0.1:{port}\nexport HF_ENDPOINT=http://127.0.0.1:" in out
            assert "# try: anyfetch civitai:143906\n" in out
            assert "1 request (1 to civitai)\n" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--pin-ranges"],
        ["--hosts", "--file", "/a=1M"],
        ["--file", "a=1M"],
        ["--file", "/a=huge"],
        ["--file", "/a"],
        ["--rule", "explode"],
        ["--ttl", "0"],
        ["--rate", "slow"],
        ["--spec", __file__],
        ["--spec", __file__, "--tls", "a", "b"],
        ["--tls", __file__, __file__],
        ["--port", "70000"],
        ["--file", "/_ledger=1M"],
        ["surplus"],
    ],
)
def test_wrong_usage_of_the_server_is_said(arguments: list[str], capsys: Streams) -> None:
    assert main(["testserver", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(":")[0] for line in err.splitlines()] == ["error", "hint"]


def test_a_port_that_is_taken_is_said(capsys: Streams) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["testserver", "--port", str(taken.getsockname()[1])]) == 2
    assert "can't listen on this address" in capsys.readouterr().err


# demo -------------------------------------------------------------------------------------------------------


class PlainFetch:
    """Fetches with the standard library, the single stream in 8 s and the others in 2 s by its own account."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        cancel: CancelToken | None = None,  # noqa: ARG002 - the protocol's
        on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
    ) -> list[Result]:
        (job,) = jobs
        self.jobs.append(job)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(job.reference, timeout=10) as response:
            body = response.read()
        digest = hashlib.sha256(body).hexdigest()
        assert [known.hex for known in job.settings.digests] == [digest]
        if on_progress is not None:
            on_progress((flowing(len(body) // 2, len(body)),))
        single = job.settings.engine is Engine.SINGLE
        return [
            Result(
                reference=job.reference,
                status=Status.DOWNLOADED,
                path=job.settings.output,
                size=len(body),
                sha256=digest,
                verified="sha256",
                bytes_downloaded=len(body),
                seconds=8.0 if single else 2.0,
                requests=2,
                connections_peak=1 if single else 4,
            )
        ]


def test_the_demo_compares_one_stream_with_many(capsys: Streams) -> None:
    fetch = PlainFetch()
    assert main(["demo", "--size", "80K", "--rate", "100M"], fetch_many=fetch) == 0
    assert [job.settings.engine for job in fetch.jobs] == [Engine.SINGLE, Engine.AUTO]
    assert capsys.readouterr().out.splitlines() == [
        "80.0 kB from a signed server, 100 MB/s for each connection, one after the other:",
        "",
        "                   time      average  connections  signing requests  verified by",
        "one stream        8.0 s    10.0 kB/s            1                 1  sha256",
        "anyfetch          2.0 s    40.0 kB/s            4                 1  sha256",
        "",
        "4.0 times as fast",
    ]


def test_the_demo_tells_programs_the_same(capsys: Streams) -> None:
    assert main(["demo", "--size", "80K", "--rate", "100M", "--json"], fetch_many=PlainFetch()) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == ""
    assert told["times_faster"] == 4.0
    assert told["one_stream"]["sha256"] == told["anyfetch"]["sha256"]
    assert told["anyfetch"]["signing_requests"] == 1


def test_the_demo_leaves_nothing_behind() -> None:
    fetch = PlainFetch()
    main(["demo", "--size", "1K", "--rate", "1M", "--json"], fetch_many=fetch)
    assert all(job.settings.output is not None and not job.settings.output.parent.exists() for job in fetch.jobs)


def test_a_demo_downloads_both_times_and_the_next_one_again(
    capsys: Streams, cache_folder: Path, data_folder: Path
) -> None:
    for _ in range(2):
        assert main(["demo", "--size", "12M", "--rate", "6M", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["one_stream"]["connections_peak"] == 1
        assert told["anyfetch"]["connections_peak"] > 1
        assert [told[name]["signing_requests"] for name in ("one_stream", "anyfetch")] == [1, 1]
        assert [told[name]["verified"] for name in ("one_stream", "anyfetch")] == ["sha256", "sha256"]
    assert [*cache_folder.rglob("*"), *data_folder.rglob("*")] == []


def test_a_demo_that_fails_says_why(capsys: Streams) -> None:
    fetch = ScriptedFetch([failed(DigestMismatchError("wrong bytes"))])
    assert main(["demo", "--size", "1K"], fetch_many=fetch) == 6
    assert capsys.readouterr().err == "error: wrong bytes\n"


def test_a_demo_that_is_interrupted_keeps_nothing_and_says_so(capsys: Streams) -> None:
    fetch = ScriptedFetch([failed(DownloadCancelled("cancelled"))])
    assert main(["demo", "--size", "1K"], fetch_many=fetch) == 130
    assert capsys.readouterr().err == "Interrupted. The demonstration's file was deleted.\n"


def test_the_two_bars_stand_side_by_side() -> None:
    done = Progress("", name="one stream", phase=Phase.DONE, length=100, bytes_stored=100, seconds=20.0)
    lines = demo.side_by_side([done, flowing(30, 100, name="anyfetch")], Screen(50, 24, ASCII))
    assert ["".join(text for text, _ in line) for line in lines] == [
        "one stream  ##################  100 %         20 s",
        "anyfetch    #####.............   30 %      100 B/s",
    ]
