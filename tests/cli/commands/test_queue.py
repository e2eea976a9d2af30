from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.client import client_for
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.errors import NotFoundError
from tests.queue.fakes import Bench
from tests.serve.served import SECRET, Client, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://example.org/a.bin"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()


@pytest.fixture
def client(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A server that left its address and its secret in the state folder."""
    state = bench.folder / "state"
    monkeypatch.setenv("ANYFETCH_STATE", str(state))
    monkeypatch.delenv("ANYFETCH_SECRET", raising=False)
    monkeypatch.delenv("ANYFETCH_SERVER", raising=False)
    with served(bench.queue) as client:
        (state / "server.json").write_text(json.dumps({"url": f"http://127.0.0.1:{client.port}/", "pid": 1}))
        (state / "secret").write_text(SECRET + "\n")
        yield client


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["queue", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def jobs(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.usefixtures("client")
def test_jobs_are_added_and_listed(capsys: pytest.CaptureFixture[str], bench: Bench) -> None:
    assert run(capsys, "ls")[1] == "The queue is empty.\n"
    wanted = ["-t", "lora", "-o", "x.safetensors", "--sha256", "a" * 64, "--priority", "3", "-c", "4", "--paused"]
    (job,) = jobs(capsys, "add", URL, *wanted, "--mirror", "https://m.example.org/a.bin")
    assert (job["state"], job["priority"], job["type"], job["name"]) == ("paused", 3, "lora", "x.safetensors")
    stored = bench.queue.get(str(job["id"])).wanted
    assert (stored.digests, stored.connections) == (("sha256:" + "a" * 64,), 4)
    assert stored.mirrors == ("https://m.example.org/a.bin",)
    assert len(jobs(capsys, "add", URL + "1", URL + "2")) == 2
    assert [one["state"] for one in jobs(capsys, "ls")] == ["paused", "queued", "queued"]
    assert [one["id"] for one in jobs(capsys, "ls", "--only", "paused")] == [job["id"]]
    listing = run(capsys, "ls")[1]
    assert "x.safetensors" in listing
    assert "its turn: 5 at a time" in listing


@pytest.mark.usefixtures("client")
def test_jobs_are_changed_by_their_id_its_beginning_or_all_together(
    capsys: pytest.CaptureFixture[str], bench: Bench
) -> None:
    one, other = (str(job["id"]) for job in jobs(capsys, "add", URL + "1", URL + "2"))
    assert [job["state"] for job in jobs(capsys, "pause", one[:12])] == ["paused"]
    assert [job["state"] for job in jobs(capsys, "pause", "--all")] == ["paused"]
    assert [job["state"] for job in jobs(capsys, "resume", "--all")] == ["queued", "queued"]
    assert [job["position"] for job in jobs(capsys, "move", other, "0")] == [0]
    assert [job["id"] for job in jobs(capsys, "ls")] == [other, one]
    assert [job["state"] for job in jobs(capsys, "cancel", one, "--remove-part")] == ["cancelled"]
    assert [job["state"] for job in jobs(capsys, "retry", one)] == ["queued"]
    jobs(capsys, "cancel", "--all")
    assert jobs(capsys, "cancel", one) == []
    assert [job.id for job in bench.queue.jobs()] == [other]


@pytest.mark.usefixtures("client")
def test_the_limits_are_told_and_changed(capsys: pytest.CaptureFixture[str], bench: Bench) -> None:
    assert run(capsys, "limit")[1] == "no limit, 5 at a time\n"
    assert "2 at a time" in run(capsys, "limit", "3M", "--max-downloads", "2")[1]
    assert bench.queue.settings.max_downloads == 2
    assert bench.queue.settings.limit_rate == 3 << 20
    run(capsys, "limit", "none")
    assert bench.queue.settings.limit_rate is None


@pytest.mark.usefixtures("client")
def test_watch_ends_when_nothing_is_under_way_and_tells_what_failed(
    capsys: pytest.CaptureFixture[str], bench: Bench
) -> None:
    bench.queue.start()
    (job,) = jobs(capsys, "add", URL, "--paused")
    assert run(capsys, "watch")[0] == 0
    bench.runner.go = lambda running: running.fail(NotFoundError("gone"))
    jobs(capsys, "resume", str(job["id"]))
    code, out, _ = run(capsys, "watch", str(job["id"]))
    assert code == 3
    assert "failed" in out or out == ""


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, []),
        (2, ["nonsense"]),
        (2, ["add"]),
        (2, ["add", "nonsense"]),
        (2, ["add", URL, "-t", "no such type"]),
        (2, ["add", URL, URL + "2", "-o", "x"]),
        (7, ["add", URL, "-d", "/etc"]),
        (2, ["pause"]),
        (3, ["pause", "0000000000000000"]),
        (3, ["cancel", "../../settings"]),
        (3, ["move", "0000000000000000", "1"]),
        (2, ["move", "0000000000000000", "-1"]),
        (2, ["limit", "fast"]),
        (2, ["ls", "--server", "nonsense"]),
        (5, ["ls", "--server", "http://127.0.0.1:1/"]),
    ],
)
@pytest.mark.usefixtures("client")
def test_what_cannot_be_has_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], code: int, arguments: list[str]
) -> None:
    found, out, err = run(capsys, *arguments)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")


@pytest.mark.usefixtures("client")
def test_a_wrong_secret_is_a_4_and_the_hint_says_where_the_right_one_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("wrong\n")
    code, _, err = run(capsys, "ls", "--secret-file", str(tmp_path / "wrong"))
    assert code == 4
    assert "--secret-file" in err


def test_our_own_secret_goes_to_no_other_machine(client: Client, bench: Bench) -> None:
    state = bench.folder / "state"
    assert client_for(None, state, None)._secret == SECRET
    assert client_for(f"http://localhost:{client.port}", state, None)._secret == SECRET
    assert client_for("http://models.example.org", state, None)._secret == ""
