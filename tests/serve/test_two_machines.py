"""Two machines, each with a server of its own: the second gets from the first what that has, and asks nobody else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from anymatix_fetcher.testing import Origin
from tests.queue.fakes import until
from tests.serve.served import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "the-secret-of-both"
BYTES = 24 << 20
PROGRAM = [sys.executable, "-m", "anymatix_fetcher"]
JOBS = "/api/v1/jobs"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where programs run: in a network namespace, or simply here.

    Args:
        address: Its own.
        prefix: What commands begin with.
        home: Its user's folder.
    """

    address: str
    prefix: tuple[str, ...]
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("ANYFETCH_", "XDG_"))}
        return {**kept, "HOME": str(self.home), "ANYFETCH_SECRET": SECRET}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What the command does; its result is the JSON on stdout."""
        command = [*self.prefix, *PROGRAM, *arguments, "--json", "-d", str(self.home / "files")]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment, timeout=120)

    @contextmanager
    def serving(self, *options: str) -> Iterator[str]:
        """The address of its server."""
        command = [*self.prefix, *PROGRAM, "serve", "--json", "--port", "0", "--host", self.address, *options]
        command += ["--state", str(self.home / "state"), "-d", str(self.home / "files")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=self.environment, text=True)
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _has_namespaces() -> bool:
    """Whether this user may make network namespaces."""
    if shutil.which("ip") is None:
        return False
    name = f"anyfetch-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True).returncode == 0
    if made:
        _ip("netns", "delete", name)
    return made


@contextmanager
def _namespaces(folder: Path) -> Iterator[tuple[Machine, Machine]]:
    """Two machines with a line between them, and no other one."""
    names = [f"anyfetch-{os.getpid()}-{number}" for number in (1, 2)]
    with ExitStack() as made:
        for name in names:
            _ip("netns", "add", name)
            made.callback(_ip, "netns", "delete", name)
        first, second = names
        _ip("link", "add", "line", "netns", first, "type", "veth", "peer", "name", "line", "netns", second)
        for number, name in enumerate(names, 1):
            _ip("-n", name, "address", "add", f"10.77.0.{number}/24", "dev", "line")
            _ip("-n", name, "link", "set", "line", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield tuple(  # type: ignore[misc] # two
            Machine(f"10.77.0.{number}", ("ip", "netns", "exec", name), folder / name)
            for number, name in enumerate(names, 1)
        )


PLACES = ["here", *(["namespaces"] if _has_namespaces() else [])]


@pytest.fixture(params=PLACES)
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    with ExitStack() as stack:
        if request.param == "namespaces":
            two = stack.enter_context(_namespaces(tmp_path))
        else:
            two = (Machine("127.0.0.1", (), tmp_path / "1"), Machine("127.0.0.1", (), tmp_path / "2"))
        for machine in two:
            (machine.home / "files").mkdir(parents=True)
        yield two


def test_the_second_machine_gets_a_file_from_the_first_one_alone(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    with Origin(seed=8) as origin:  # only this machine reaches it: the second namespace has no way to it
        file = origin.add("/model.bin", size=BYTES)
        here = Machine("127.0.0.1", (), first.home)
        assert here.run(file.url).returncode == 0
        asked = len(origin.seen())
        with first.serving("--share") as peer:
            found = second.run(file.url, "--sha256", file.sha256(), "--peer", peer)
            assert found.returncode == 0, found.stderr
            assert json.loads(found.stdout)["verified"] == "sha256"
            assert (second.home / "files" / "model.bin").read_bytes() == file.read()
            alone = second.run(f"sha256://{file.sha256()}", "--peer", peer, "-o", "again.bin")
            assert json.loads(alone.stdout)["status"] in ("present", "linked"), alone.stdout
        assert len(origin.seen()) == asked


def test_a_server_asks_its_peers_and_a_wrong_secret_gets_nothing(tmp_path: Path) -> None:
    first, second = (Machine("127.0.0.1", (), tmp_path / name) for name in ("1", "2"))
    with Origin(seed=9) as origin:
        files = [origin.add(f"/{number}.bin", size=BYTES) for number in range(2)]
        for file in files:
            assert first.run(file.url).returncode == 0
        asked = len(origin.seen())
        with first.serving("--share") as peer, second.serving("--peer", peer) as url:
            client = Client(urlsplit(url).port or 0, SECRET)
            body = {"references": [files[0].url], "digests": [f"sha256:{files[0].sha256()}"]}
            assert client.ask("POST", JOBS, body).status == 201
            until(lambda: client.get(JOBS).jobs[0]["state"] == "done")
            assert (second.home / "files" / "0.bin").read_bytes() == files[0].read()
            assert len(origin.seen()) == asked
            stranger = Machine("127.0.0.1", (), tmp_path / "3")
            environment = {**stranger.environment, "ANYFETCH_SECRET": "another"}
            command = [*PROGRAM, files[1].url, "--sha256", files[1].sha256(), "--peer", peer]
            subprocess.run([*command, "-d", str(tmp_path / "3")], env=environment, check=True, capture_output=True)
        assert (tmp_path / "3" / "1.bin").read_bytes() == files[1].read()
        assert len(origin.seen()) > asked
