from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.serve import openapi
from tests.queue.fakes import SIZE
from tests.queue.test_queue import leave_part

if TYPE_CHECKING:
    from tests.queue.fakes import Bench
    from tests.serve.served import Answered, Client

JOBS = "/api/v1/jobs"
URL = "https://example.org/a.bin"


def post(client: Client, *references: str, **fields: object) -> Answered:
    return client.ask("POST", JOBS, {"references": references or [URL], **fields})


def added(client: Client, *references: str, **fields: object) -> str:
    answered = post(client, *references, **fields)
    assert answered.status == 201, answered.content
    identity = answered.jobs[0]["id"]
    assert isinstance(identity, str)
    return identity


def test_a_new_job_is_a_201_and_the_same_one_again_a_200(client: Client) -> None:
    first, again, more = post(client), post(client), post(client, URL, URL + "2")
    assert (first.status, again.status, more.status) == (201, 200, 201)
    assert first.jobs == again.jobs
    assert [job["reference"] for job in more.jobs] == [URL, URL + "2"]
    assert {job["state"] for job in more.jobs} == {"queued"}


def test_a_job_has_all_its_fields(client: Client, bench: Bench) -> None:
    identity = added(client, priority=3, type="lora", output="x.safetensors")
    bench.turn()
    bench.runner.started[0].store(400)
    bench.turn()
    job = client.get(f"{JOBS}/{identity}").json
    assert (job["state"], job["priority"], job["type"], job["size"]) == ("active", 3, "lora", SIZE)
    assert (job["bytes_stored"], job["bytes_per_second"], job["error"], job["result"]) == (400, 100, None, None)
    assert job["path"] == str(bench.folder / "models" / "loras" / "x.safetensors")
    bench.runner.started[0].finish()
    bench.turn()
    job = client.get(f"{JOBS}/{identity}").json
    assert isinstance(job["result"], dict)
    assert (job["state"], job["result"]["status"]) == ("done", "downloaded")
    assert isinstance(job["ended_at"], float)
    assert client.get(f"{JOBS}/{identity}/blocks").json == {"block_size": 1048576, "blocks": [3]}


def test_pause_resume_move_and_another_address(client: Client) -> None:
    identities = [added(client, f"{URL}{number}", paused=number == 2) for number in range(3)]
    assert [job["state"] for job in client.get(f"{JOBS}?state=paused").jobs] == ["paused"]

    def patched(identity: str, **changes: object) -> Answered:
        return client.ask("PATCH", f"{JOBS}/{identity}", changes)

    assert patched(identities[0], state="paused").json["state"] == "paused"
    assert patched(identities[2], state="queued", position=0).json["position"] == 0
    assert patched(identities[1], priority=7).json["priority"] == 7
    both = patched(identities[0], priority=5, position=2).json
    assert (both["priority"], both["position"]) == (5, 2)
    patched(identities[0], priority=0)
    assert [job["id"] for job in client.get(JOBS).jobs] == [identities[1], identities[2], identities[0]]
    new = "https://example.org/new?token=planted"
    assert patched(identities[0], reference=new).json["reference"] == "https://example.org/new?..."
    assert patched(identities[0]).status == 200


def test_a_failed_job_says_why_and_is_tried_again(client: Client, bench: Bench) -> None:
    identity = added(client)
    bench.turn()
    bench.runner.started[0].fail(NotFoundError("it is gone", hint="Look elsewhere."))
    bench.turn()
    assert client.get(f"{JOBS}/{identity}").json["error"] == {
        "kind": "NotFoundError",
        "message": "it is gone",
        "hint": "Look elsewhere.",
        "exit_code": 3,
        "retryable": False,
    }
    assert client.ask("PATCH", f"{JOBS}/{identity}", {"state": "queued"}).status == 409
    assert client.ask("POST", f"{JOBS}/{identity}/retry").json["state"] == "queued"
    assert client.ask("POST", f"{JOBS}/{identity}/retry").status == 409


def test_delete_cancels_first_and_then_takes_out(client: Client, bench: Bench) -> None:
    identity = added(client)
    bench.turn()
    bench.turn()
    path = bench.folder / "files" / "a.bin"
    leave_part(path)
    bench.queue.start()
    cancelled = client.ask("DELETE", f"{JOBS}/{identity}?part=remove")
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert list(path.parent.iterdir()) == []
    assert client.ask("DELETE", f"{JOBS}/{identity}").status == 204
    assert client.ask("DELETE", f"{JOBS}/{identity}").status == 404


def test_a_finished_file_is_never_removed(client: Client, bench: Bench) -> None:
    identity = added(client)
    bench.turn()
    bench.runner.started[0].finish()
    bench.turn()
    assert client.ask("DELETE", f"{JOBS}/{identity}?part=remove").status == 204
    assert (bench.folder / "files" / "a.bin").stat().st_size == SIZE


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"{"),
        (400, b"\xff"),
        (400, b"[" * 100_000),
        (400, b'{"references": NaN}'),
        (400, []),
        (400, {}),
        (400, {"references": []}),
        (400, {"references": "https://example.org/a"}),
        (400, {"references": [1]}),
        (400, {"references": [""]}),
        (400, {"references": ["nonsense"]}),
        (400, {"references": ["https://example.org/\ud800"]}),
        (400, {"references": [URL], "unknown": 1}),
        (400, {"references": [URL], "type": "no such type"}),
        (400, {"references": [URL], "type": 3}),
        (400, {"references": [URL], "naming": "odd"}),
        (400, {"references": [URL], "digests": ["sha256:12"]}),
        (400, {"references": [URL], "digests": "sha256:12"}),
        (400, {"references": [URL], "mirrors": ["nonsense"]}),
        (400, {"references": [URL], "priority": "high"}),
        (400, {"references": [URL], "priority": True}),
        (400, {"references": [URL], "priority": 1.5}),
        (400, {"references": [URL], "paused": 1}),
        (400, {"references": [URL], "connections": 0}),
        (400, {"references": [URL], "directory": "a\x00b"}),
        (400, {"references": [URL], "output": "x" * 5000}),
        (400, {"references": [URL], "type": "lora", "directory": "x"}),
        (400, {"references": [URL, URL + "2"], "output": "x"}),
        (403, {"references": [URL], "directory": "/etc"}),
        (403, {"references": [URL], "directory": "custom_nodes"}),
        (403, {"references": [URL], "output": "../../x"}),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(client: Client, status: int, body: object) -> None:
    answered = client.ask("POST", JOBS, body)
    assert answered.status == status, answered.content
    assert set(answered.error) == {"kind", "message", "hint"}
    assert answered.error["message"]
    assert client.get(JOBS).jobs == []


def test_another_reference_to_a_held_destination_is_a_409(client: Client) -> None:
    added(client, output="same.bin")
    assert post(client, URL + "2", output="same.bin").status == 409


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (404, "GET", "/nowhere"),
        (404, "GET", "/page/../app.py"),
        (404, "GET", "/page/%2e%2e/app.py"),
        (404, "GET", "/page/nothing.js"),
        (404, "GET", f"{JOBS}/0000000000000000"),
        (404, "GET", f"{JOBS}/0000000000000000/blocks"),
        (404, "POST", f"{JOBS}/0000000000000000/retry"),
        (404, "DELETE", f"{JOBS}/%00%ff"),
        (405, "PUT", JOBS),
        (400, "GET", f"{JOBS}?state=odd"),
        (400, "GET", f"{JOBS}?state=done&state=failed"),
        (400, "GET", f"{JOBS}?unknown=1"),
        (400, "GET", f"{JOBS}?limit=0"),
        (400, "GET", f"{JOBS}?limit=-1"),
        (400, "GET", f"{JOBS}?limit=9999999999999999999999"),
        (400, "DELETE", f"{JOBS}/x?part=half"),
        (400, "GET", "/api/v1/models?type=nonsense"),
    ],
)
def test_errors_are_json_whatever_was_asked(client: Client, status: int, method: str, path: str) -> None:
    answered = client.ask(method, path)
    assert answered.status == status, answered.content
    assert set(answered.error) == {"kind", "message", "hint"}


def test_pages_of_the_list(client: Client) -> None:
    references = [f"{URL}{number}" for number in range(5)]
    post(client, *references)
    found = client.get(f"{JOBS}?offset=1&limit=2").jobs
    assert [job["reference"] for job in found] == references[1:3]


def test_settings_are_changed_one_by_one_and_told(client: Client, bench: Bench) -> None:
    settings = "/api/v1/settings"
    assert client.ask("PATCH", settings, {"limit_rate": 5e6}).json["limit_rate"] == 5e6
    assert client.ask("PATCH", settings, {"max_downloads": 2}).json == {
        "limit_rate": 5e6,
        "max_downloads": 2,
        "rpc_always_active": False,
    }
    status = client.get("/api/v1/status").json
    assert (status["limit_rate"], status["max_downloads"]) == (5e6, 2)
    assert client.ask("PATCH", settings, {"limit_rate": None}).json["limit_rate"] is None
    for wrong in ({"limit_rate": 0}, {"limit_rate": -1}, {"max_downloads": 0}, {"max_downloads": 2.5}, {"other": 1}):
        assert client.ask("PATCH", settings, wrong).status == 400
    assert bench.queue.settings.max_downloads == 2


def test_the_status_says_how_much_room_there_is(client: Client, bench: Bench) -> None:
    added(client)
    status = client.get("/api/v1/status").json
    assert isinstance(status["jobs"], dict)
    assert isinstance(status["space"], list)
    assert status["jobs"]["queued"] == 1
    assert {one["root"] for one in status["space"]} == {str(bench.folder / "files"), str(bench.folder / "models")}
    assert all(0 < one["free"] <= one["total"] for one in status["space"])


def test_a_workflow_tells_what_it_needs(client: Client) -> None:
    workflow = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
    }
    found = client.ask("POST", "/api/v1/workflow", {"workflow": workflow}).json["models"]
    assert isinstance(found, list)
    assert [(one["name"], one["state"]) for one in found] == [("m.safetensors", "no address")]
    assert client.ask("POST", "/api/v1/workflow", {"workflow": {"a": 1}}).status == 400
    assert client.ask("POST", "/api/v1/workflow", {"workflow": 1}).status == 400


def test_every_operation_is_described_and_every_description_is_served(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    paths = document["paths"]
    assert isinstance(paths, dict)
    for operation in openapi.OPERATIONS:
        assert operation.method.lower() in paths[openapi.BASE + operation.path]
        if operation.method == "GET" and "{" not in operation.path and operation.name != "get_events":
            assert client.get(openapi.BASE + operation.path).status == 200


def test_a_long_list_is_the_sum_of_its_pages(client: Client) -> None:
    urls = [f"https://example.org/{number}.bin" for number in range(620)]
    added = client.ask("POST", JOBS, {"references": urls, "paused": True}).jobs
    pages = [client.get(f"{JOBS}?limit=155&offset={first}").jobs for first in range(0, 620, 155)]
    whole = client.get(JOBS).jobs
    assert whole == [job for page in pages for job in page]
    assert [job["reference"] for job in whole] == urls
    assert {str(job["id"]) for job in whole} == {str(job["id"]) for job in added}
