"""Nothing that takes its time runs on the loop, and Python itself pauses shortly."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.log import server_log
from anymatix_fetcher.cli.session import Invocation, fetch_by_api
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.opening import checker
from anymatix_fetcher.queue.queue import Queue
from anymatix_fetcher.queue.store import JobStore
from anymatix_fetcher.serve.aria2.desk import Desk
from anymatix_fetcher.serve.aria2.routes import add_aria2
from anymatix_fetcher.serve.checking import QUICK_LENGTH
from anymatix_fetcher.serve.pauses import SWITCH_SECONDS
from anymatix_fetcher.transports.limiter import RateLimiter
from tests.queue.fakes import FakeRunner
from tests.serve.served import SECRET, served

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest
    from aiohttp import web

    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.queue.jobs import JobId, QueuedJob

JOBS = "/api/v1/jobs"


def is_on_a_loop() -> bool:
    """Whether this thread runs an event loop, which waits meanwhile."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class WatchedStore(JobStore):
    """A store that remembers how it was called."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, now=0.0)
        self.on_loop: list[bool] = []

    def write(self, jobs: Iterable[QueuedJob], *, removed: Iterable[JobId] = ()) -> None:
        self.on_loop.append(is_on_a_loop())
        super().write(jobs, removed=removed)

    def note(self, jobs: Iterable[QueuedJob]) -> None:
        self.on_loop.append(is_on_a_loop())
        super().note(jobs)

    def keep(self, name: str, value: object) -> None:
        self.on_loop.append(is_on_a_loop())
        super().keep(name, value)


def test_no_change_is_written_and_no_long_body_read_on_the_loop(tmp_path: Path) -> None:
    store = WatchedStore(tmp_path / "state")
    checked_on_loop: list[bool] = []
    check = checker()

    def watched(job: Job) -> None:
        checked_on_loop.append(is_on_a_loop())
        check(job)

    folders = Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models"))
    queue = Queue(store, folders, FakeRunner(), RateLimiter(), check=watched)

    def add_rpc(app: web.Application) -> None:
        add_aria2(app, desk=Desk(queue, {}, stop=lambda: None))

    with served(queue, add_routes=[add_rpc]) as client:
        many = [f"https://example.org/{number}.bin" for number in range(QUICK_LENGTH // 20)]
        ids = [job["id"] for job in client.ask("POST", JOBS, {"references": many}).jobs]
        assert len(ids) == len(many)
        for change in ({"state": "paused"}, {"priority": 3}, {"position": 0}, {"reference": many[0] + "2"}):
            assert client.ask("PATCH", f"{JOBS}/{ids[0]}", change).status == 200
        assert client.ask("DELETE", f"{JOBS}/{ids[0]}").status == 200
        assert client.ask("POST", f"{JOBS}/{ids[0]}/retry").status == 200
        assert client.ask("DELETE", f"{JOBS}/{ids[0]}?part=remove").status == 200
        assert client.ask("DELETE", f"{JOBS}/{ids[0]}").status == 204
        assert client.ask("PATCH", "/api/v1/settings", {"limit_rate": 5000}).status == 200
        for method, parameters in (
            ("addUri", [["https://example.org/rpc.bin"]]),
            ("pauseAll", []),
            ("unpauseAll", []),
            ("changeGlobalOption", [{"max-concurrent-downloads": "2"}]),
            ("purgeDownloadResult", []),
        ):
            call = {"id": 1, "method": f"aria2.{method}", "params": [f"token:{SECRET}", *parameters]}
            assert client.ask("POST", "/jsonrpc", call).status == 200
    queue.close()
    assert len(store.on_loop) >= 10
    assert not any(store.on_loop)
    assert len(checked_on_loop) >= len(many)
    assert not any(checked_on_loop)


def test_the_log_is_written_by_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, threading.Thread]] = []
    is_free = threading.Event()

    class Stuck:
        """A pipe that takes nothing until it is read."""

        def write(self, text: str) -> None:
            is_free.wait(30)
            written.append((text, threading.current_thread()))

        def flush(self) -> None:
            pass

    monkeypatch.setattr(sys, "stderr", Stuck())
    session = Invocation(fetch_by_api)
    session.hide(["planted"])
    with server_log(session, logging.Formatter("%(message)s"), "anymatix_fetcher.serve.access"):
        for number in range(20):
            logging.getLogger("anymatix_fetcher.serve.access").info("line %d planted", number)
        assert written == []  # nothing waited for that pipe
        is_free.set()
    assert [text for text, _ in written] == [f"line {number} [hidden]\n" for number in range(20)]
    assert threading.current_thread() not in {thread for _, thread in written}


_AT_THE_START = """
import gc, os, runpy, signal, sys

class Out:
    def write(self, text):
        if text.startswith("{"):
            sys.stderr.write(f"{len(gc.get_objects())} {gc.get_freeze_count()} {sys.getswitchinterval()}")
            os.kill(os.getpid(), signal.SIGTERM)
    def flush(self):
        pass

sys.stdout = Out()
sys.argv[0] = "anyfetch"
runpy.run_module("anymatix_fetcher", run_name="__main__")
"""


def test_a_full_collection_has_little_to_look_at_when_the_server_has_begun(tmp_path: Path) -> None:
    places = ["--state", str(tmp_path / "state"), "-d", str(tmp_path / "files")]
    command = [sys.executable, "-c", _AT_THE_START, "serve", "--port", "0", "--json", *places]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    looked_at, frozen, seconds = ended.stderr.split()
    assert int(frozen) > 20_000
    assert int(looked_at) < 1000
    assert float(seconds) == SWITCH_SECONDS
