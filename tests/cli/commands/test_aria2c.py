"""``anyfetch aria2c``: started as programs start aria2c."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.testing import Origin
from tests.queue.fakes import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.tls_material import TlsMaterial

BYTES = 2_000_000
SECRET = "hush"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The current folder of what is started."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def words(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "anymatix_fetcher", "aria2c", *map(str, arguments)]


def run(here: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(here), "XDG_STATE_HOME": str(here.parent / "state")}
    return subprocess.run(
        words(*arguments), capture_output=True, text=True, timeout=100, check=False, cwd=here, env=environment
    )


@dataclass(frozen=True, slots=True)
class Helper:
    """One that was started with ``--enable-rpc``."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, method: str, *params: object, secret: str | None = SECRET, origin: str = "") -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = [*([] if secret is None else [f"token:{secret}"]), *params]
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": f"aria2.{method}", "params": given})
        try:
            connection.request("POST", "/jsonrpc", body=body, headers={"Origin": origin} if origin else {})
            response = connection.getresponse()
            answer = json.loads(response.read())
            return response.status, answer.get("result", answer.get("error"))
        finally:
            connection.close()

    def answers(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        try:
            return self.ask("getVersion")[0] in {200, 400}
        except OSError:
            return False

    def downloaded(self, url: str, **options: str) -> Any:  # noqa: ANN401 - JSON
        """The fields of a download that has ended."""
        secret = None if options.pop("without_secret", "") else SECRET
        status, gid = self.ask("addUri", [url], options, secret=secret)
        assert status == 200, gid
        until(lambda: self.ask("tellStatus", gid, secret=secret)[1]["status"] in {"complete", "error"})
        return self.ask("tellStatus", gid, secret=secret)[1]


@contextmanager
def helper(here: Path, *arguments: object) -> Iterator[Helper]:
    port = free_port()
    environment = {**os.environ, "HOME": str(here), "XDG_STATE_HOME": str(here.parent / "state")}
    process = subprocess.Popen(
        words("--enable-rpc=true", f"--rpc-listen-port={port}", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=here,
        env=environment,
    )
    try:
        found = Helper(process, port)
        until(found.answers)
        yield found
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_program_starts_it_and_takes_it_along(here: Path, origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/x.safetensors", size=BYTES)
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with helper(
            here,
            "--rpc-listen-all=false",
            f"--rpc-secret={SECRET}",
            "--check-certificate=true",
            "--allow-overwrite=true",
            "--auto-file-renaming=false",
            "--file-allocation=none",
            "--max-concurrent-downloads=7",
            "--continue=true",
            "--daemon=false",
            "--quiet=true",
            f"--stop-with-process={parent.pid}",
            "--bt-tracker=udp://nothing",
        ) as started:
            assert started.ask("getVersion", secret="wrong")[1] == {"code": 1, "message": "Unauthorized"}
            assert started.ask("getGlobalOption")[1]["max-concurrent-downloads"] == "7"
            elsewhere = tmp_path / "elsewhere" / "loras"
            found = started.downloaded(file.url, dir=str(elsewhere), out="x.safetensors", split="4")
            assert (found["status"], Path(found["files"][0]["path"])) == ("complete", elsewhere / "x.safetensors")
            assert (elsewhere / "x.safetensors").read_bytes() == file.read()
            assert started.process.poll() is None
            parent.communicate(b"\n", timeout=30)
            assert started.process.wait(timeout=30) == 0
            assert started.process.communicate()[0] == ""
    finally:
        parent.kill()
        parent.wait()


def test_a_program_that_is_gone_already_has_no_helper(here: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = run(here, "--enable-rpc", f"--rpc-listen-port={free_port()}", f"--stop-with-process={gone.pid}")
    assert done.returncode == 0
    assert "RPC: listening" in done.stdout


def test_without_a_secret_it_writes_below_its_own_folder_alone(here: Path, origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/a.bin", size=BYTES)
    with helper(here, "-d", here / "own") as started:
        status, error = started.ask("addUri", [file.url], {"dir": str(tmp_path / "other")}, secret=None)
        assert (status, "outside" in error["message"]) == (400, True)
        assert started.downloaded(file.url, without_secret="yes")["status"] == "complete"
        assert (here / "own" / "a.bin").read_bytes() == file.read()
        assert started.ask("getVersion", secret=None, origin="https://evil.example")[0] == 403


def test_pages_of_all_origins_may_ask_where_that_is_wanted_and_a_secret_is_given(here: Path) -> None:
    with helper(here, "--rpc-allow-origin-all", f"--rpc-secret={SECRET}") as started:
        assert started.ask("getVersion", origin="https://ariang.example")[0] == 200
    with helper(here, "--rpc-allow-origin-all") as started:
        assert started.ask("getVersion", secret=None, origin="https://ariang.example")[0] == 403


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--enable-rpc", "--rpc-listen-all"], "without a secret"),
        (["--enable-rpc", "--rpc-listen-port=x"], "--rpc-listen-port takes a number"),
        (["--enable-rpc", "--max-concurrent-downloads=0"], "max-concurrent-downloads"),
        (["--enable-rpc", "--conf-path=none.conf"], "--conf-path 'none.conf' can't be read"),
        (["-i", "none.txt"], "--input-file 'none.txt' can't be read"),
        (["--checksum=sha-256=00", "https://h.example/a"], "checksum"),
        ([], "there is nothing to download"),
    ],
)
def test_wrong_usage_is_told(here: Path, arguments: list[str], said: str) -> None:
    done = run(here, *arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_port_that_is_taken(here: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(here, "--enable-rpc", f"--rpc-listen-port={taken.getsockname()[1]}")
    assert done.returncode == 8


def test_a_saved_session_is_gone_on_with(here: Path, origin: Origin) -> None:
    file = origin.add("/a.bin", size=BYTES)
    saving = (f"--rpc-secret={SECRET}", "--save-session=session.txt")
    with helper(here, *saving) as started:
        gid = started.ask("addUri", [file.url], {"pause": "true"})[1]
        assert started.ask("shutdown")[1] == "OK"
        assert started.process.wait(timeout=30) == 0
    with helper(here, *saving) as started:
        assert started.ask("tellStatus", gid, ["status"])[1] == {"status": "paused"}
    with helper(here, f"--rpc-secret={SECRET}") as started:
        assert started.ask("tellWaiting", 0, 10)[1] == []


def test_what_is_listed_at_the_start_is_downloaded(here: Path, origin: Origin) -> None:
    one, other, third = (origin.add(f"/{name}.bin", size=BYTES) for name in ("one", "other", "third"))
    (here / "list.txt").write_text(f"{one.url}\n out=1.bin\n{other.url}\n", encoding="utf-8")
    (here / "aria2.conf").write_text(f"dir={here / 'got'}\nrpc-secret={SECRET}\nquiet=true\n", encoding="utf-8")
    with helper(here, "--conf-path=aria2.conf", "-i", "list.txt", third.url, "--out=3.bin") as started:
        until(lambda: len(started.ask("tellStopped", 0, 10)[1]) == 3)
    for name, file in (("1.bin", one), ("other.bin", other), ("3.bin", third)):
        assert (here / "got" / name).read_bytes() == file.read()


def test_in_the_background(here: Path) -> None:
    port = free_port()
    done = run(here, "-D", "--enable-rpc", f"--rpc-listen-port={port}", f"--rpc-secret={SECRET}", "--stop=60")
    assert done.returncode == 0
    started = Helper(subprocess.Popen([sys.executable, "-c", ""], text=True), port)
    started.process.wait()
    assert started.ask("getVersion")[0] == 200
    assert started.ask("shutdown")[1] == "OK"

    def is_gone() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    until(is_gone)


def test_certificates(here: Path, tls_material: TlsMaterial) -> None:
    with Origin(seed=6, tls=tls_material.server_context()) as origin:
        file = origin.add("/a.bin", size=BYTES)
        with helper(here, f"--rpc-secret={SECRET}", f"--ca-certificate={tls_material.authority}") as started:
            assert started.downloaded(file.url, out="trusted.bin")["status"] == "complete"
        with helper(here, f"--rpc-secret={SECRET}", "--check-certificate=false") as started:
            assert started.downloaded(file.url, out="unchecked.bin")["status"] == "complete"
        assert run(here, "-o", "refused.bin", file.url).returncode == 5
        assert run(here, "-o", "one.bin", "--check-certificate=false", file.url).returncode == 0
        for name in ("trusted.bin", "unchecked.bin", "one.bin"):
            assert (here / name).read_bytes() == file.read()
        assert not (here / "refused.bin").exists()


# Without a server -----------------------------------------------------------------------------------------


def test_a_download_as_scripts_write_it(here: Path, origin: Origin) -> None:
    file = origin.add("/a.bin", size=BYTES)
    usual = ["-c", "-x16", "-s16", "-k1M", "--console-log-level=error"]
    done = run(here, *usual, f"--checksum=sha-256={file.sha256()}", "-d", "sub", "-o", "b.bin", file.url)
    assert done.returncode == 0, done.stderr
    assert (here / "sub" / "b.bin").read_bytes() == file.read()
    assert run(here, "-q", origin.url("/none.bin")).returncode == 3
    wrong = run(here, "-o", "c.bin", f"--checksum=sha-256={'0' * 64}", file.url)
    assert (wrong.returncode, (here / "c.bin").exists()) == (6, False)


def test_several_addresses_are_one_file_unless_that_is_denied(here: Path, origin: Origin) -> None:
    file = origin.add("/a.bin", size=BYTES)
    other = origin.add("/b.bin", size=BYTES)
    assert run(here, "-Z", file.url, other.url).returncode == 0
    assert [(here / name).read_bytes() for name in ("a.bin", "b.bin")] == [file.read(), other.read()]
    assert run(here, "-o", "one.bin", file.url, file.url.replace("127.0.0.1", "localhost")).returncode == 0
    assert (here / "one.bin").read_bytes() == file.read()


def test_a_link_of_aria2s_name_does_the_same(here: Path) -> None:
    program = here / "aria2c"
    program.write_text("from anymatix_fetcher.cli.main import main\nraise SystemExit(main())\n", "utf-8")
    done = subprocess.run([sys.executable, program, "-v"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("aria2 version 1.37.0\n")
    assert "anyfetch" in done.stdout
    assert "--stop-with-process" in run(here, "--help").stdout
