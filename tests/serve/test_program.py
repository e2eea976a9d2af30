"""The program itself: `anyfetch serve`, its first line, its end, and what is there after a kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.queue.fakes import until
from tests.serve.kills import run
from tests.serve.running import COMMAND, JOBS, serving

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

BYTES = 8 << 20


def test_the_first_line_says_where_it_answers_and_a_signal_ends_it_well(tmp_path: Path, origin: Origin) -> None:
    urls = [origin.add(f"/{number}.bin", size=BYTES).url for number in range(4)]
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(tmp_path, "--limit-rate", "500K") as server:
            assert server.first == {"url": f"http://127.0.0.1:{server.client.port}/", "pid": server.process.pid}
            server.client.ask("POST", JOBS, {"references": urls})
            until(lambda: any(job["bytes_stored"] for job in server.client.get(JOBS).jobs))
            began = time.monotonic()
            code, errors = server.end(number)
            assert code == 0
            assert time.monotonic() - began < 2.0
            assert str(server.client.secret) not in errors
            assert {json.loads(line)["level"] for line in errors.splitlines()} <= {"info"}
        assert {path.suffix for path in (tmp_path / "files").iterdir()} == {".part", ".journal"}


def test_a_second_server_of_a_state_folder_exits_8(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        second = subprocess.run(
            [*COMMAND, "--port", "0", "--state", str(tmp_path / "state")], capture_output=True, text=True, check=False
        )
        assert (second.returncode, second.stdout) == (8, "")
        assert "another server" in second.stderr
        port = str(server.client.port)
        third = subprocess.run(
            [*COMMAND, "--port", port, "--state", str(tmp_path / "other")], capture_output=True, text=True, check=False
        )
        assert third.returncode == 8
        assert port in third.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--host", "0.0.0.0", "--no-secret"],
        ["--no-secret", "--secret-file", os.devnull],
        ["--allow-origin", "nonsense"],
        ["--allow-origin", "https://a/b"],
        ["--secret-file", os.devnull],
        ["--secret-file", "no-such-file"],
        ["--host", "no such host"],
        ["--port", "99999"],
        ["--limit-rate", "fast"],
    ],
)
def test_wrong_usage_is_said_before_anything_listens(tmp_path: Path, options: list[str]) -> None:
    found = subprocess.run(
        [*COMMAND, "--state", str(tmp_path), "--port", "0", *options], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("error: ")


def test_killed_at_any_moment_everything_goes_on_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    assert len(run(tmp_path, kills=4, size=BYTES, rate=4 << 20, seed=21)) == 5


def test_a_planted_token_is_in_no_file_answer_or_line(tmp_path: Path, origin: Origin) -> None:
    url = origin.add("/model.bin", size=BYTES).url
    planted = [f"{url}?token=PLANTED1", f"{url.replace('http://', 'http://user:PLANTED2@')}", f"{url}?sig=PLANTED3"]
    with serving(tmp_path, "--limit-rate", "100K") as server:
        for number, reference in enumerate(planted):
            body = {"references": [reference], "output": f"{number}.bin"}
            assert server.client.ask("POST", JOBS, body).status == 201
        until(lambda: any(job["bytes_stored"] for job in server.client.get(JOBS).jobs))
        server.client.ask("POST", "/api/v1/resolve", {"reference": planted[0]})
        told = [server.client.get(path).content for path in (JOBS, "/api/v1/status", "/", "/api/v1/openapi.json")]
        code, errors = server.end()
        assert code == 0
    files = [path.read_bytes() for path in (tmp_path / "state").iterdir()]
    files += [path.read_bytes() for path in (tmp_path / "files").glob("*.journal")]
    assert not any(b"PLANTED" in text for text in [*told, *files, errors.encode()])
    with serving(tmp_path) as server:
        jobs = server.client.get(JOBS).jobs
        assert [job["state"] for job in jobs] == ["failed"] * 3


def test_jobs_that_ended_long_ago_are_forgotten_and_so_are_all_but_the_newest_thousand(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        added = server.client.ask("POST", JOBS, {"references": ["https://example.org/a.bin"], "paused": True})
        waiting = added.jobs[0]["id"]
        server.end()
    day, now = 86_400.0, time.time()
    ended = {f"{number:016x}": ("done", now - number) for number in range(1, 1000)}
    ended |= {
        "a" * 16: ("cancelled", now - 29 * day),
        "b" * 16: ("failed", now - 29.5 * day),
        "c" * 16: ("done", now - 31 * day),
    }
    with closing(sqlite3.connect(tmp_path / "state" / "queue.sqlite")) as database, database:
        ((record,),) = database.execute("SELECT record FROM jobs").fetchall()
        for identity, (state, at) in ended.items():
            changed = {**json.loads(record), "id": identity, "state": state, "ended_at": at}
            database.execute("INSERT INTO jobs VALUES (?, ?, ?)", (identity, state, json.dumps(changed)))
    with serving(tmp_path) as server:
        until(lambda: len(server.client.get(JOBS).jobs) == 1001)
        left = {str(job["id"]) for job in server.client.get(JOBS).jobs}
        server.end()
    assert left == {waiting, *ended} - {"b" * 16, "c" * 16}  # one is too old, and one is the oldest of 1001
    with closing(sqlite3.connect(tmp_path / "state" / "queue.sqlite")) as database:
        assert {identity for (identity,) in database.execute("SELECT id FROM jobs")} == left
