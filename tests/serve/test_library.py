"""What the API tells of the models that are here, and of what a reference or a workflow would bring; real files."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.opening import open_queue
from tests.queue.fakes import until
from tests.serve.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.testing import Origin
    from tests.serve.served import Answered, Client

MODELS = "/api/v1/models"
SIZE = 300_000


def safetensors(size: int, filling: bytes = b"\x00") -> bytes:
    """A small file of that format."""
    header = json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + filling * size


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    models = tmp_path / "models"
    queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(models), models))
    queue.start()
    try:
        with served(queue) as client:
            yield client
    finally:
        queue.close()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def verify(client: Client, *paths: object) -> Answered:
    return client.ask("POST", f"{MODELS}/verify", {"paths": list(map(str, paths))})


def remove(client: Client, *paths: object) -> Answered:
    return client.ask("POST", f"{MODELS}/remove", {"paths": list(map(str, paths))})


def models(answered: Answered) -> list[dict[str, object]]:
    found = answered.json["models"]
    assert isinstance(found, list)
    return found


def fetched(client: Client, url: str, **fields: object) -> dict[str, object]:
    (job,) = client.ask("POST", "/api/v1/jobs", {"references": [url], **fields}).jobs
    path = f"/api/v1/jobs/{job['id']}"
    until(lambda: client.get(path).json["state"] in {"done", "failed"})
    done = client.get(path).json
    assert done["state"] == "done", done
    return done


# Verifying and removing -----------------------------------------------------------------------------------


def test_a_model_is_verified_and_damage_is_told(client: Client, tmp_path: Path, origin: Origin) -> None:
    content = safetensors(SIZE)
    url = origin.add("/a.safetensors", data=content).url
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    path = tmp_path / "models" / "loras" / "a.safetensors"
    assert fetched(client, url, type="lora", digests=[digest])["path"] == str(path)
    (one,) = models(verify(client, path))
    assert (one["condition"], one["path"], one["error"]) == ("intact", str(path), None)
    (listed,) = models(client.get(MODELS))
    assert (listed["verified"], listed["damaged"]) == ("sha256", False)
    assert listed["verified_at"]
    path.write_bytes(content[:-1] + b"x")
    (one,) = models(verify(client, path))
    assert one["condition"] == "damaged"
    assert isinstance(one["error"], dict)
    assert models(client.get(MODELS))[0]["damaged"]


def test_a_model_is_removed_with_what_is_recorded_of_it(client: Client, tmp_path: Path, origin: Origin) -> None:
    url = origin.add("/a.safetensors", data=safetensors(SIZE)).url
    path = tmp_path / "models" / "loras" / "a.safetensors"
    fetched(client, url, type="lora")
    beside = put(path.with_name("b.safetensors"), safetensors(SIZE))
    answered = remove(client, path)
    assert (answered.status, answered.json["removed"]) == (200, [str(path)])
    assert answered.json["bytes_freed"] == len(safetensors(SIZE))
    assert list(path.parent.iterdir()) == [beside]
    assert [one["path"] for one in models(client.get(MODELS))] == [str(beside)]


def test_what_a_job_brought_to_the_servers_own_folder_is_listed_too(
    client: Client, tmp_path: Path, origin: Origin
) -> None:
    fetched(client, origin.add("/a.safetensors", data=safetensors(SIZE)).url)
    path = tmp_path / "files" / "a.safetensors"
    assert [one["path"] for one in models(client.get(MODELS))] == [str(path)]
    assert remove(client, path).status == 200
    assert not path.exists()
    assert models(client.get(MODELS)) == []


@pytest.mark.parametrize(
    "name",
    [
        "outside.safetensors",
        "models/../outside.safetensors",
        "models/loras/../../outside.safetensors",
        "models/loras/nothing.safetensors",
        "models/loras/notes.txt",
        "models/loras",
        "models",
        "models/loras/./b.safetensors",
    ],
)
def test_only_what_is_listed_is_verified_or_removed(client: Client, tmp_path: Path, name: str) -> None:
    files = [
        put(tmp_path / "outside.safetensors", safetensors(SIZE)),
        put(tmp_path / "models" / "loras" / "b.safetensors", safetensors(SIZE)),
        put(tmp_path / "models" / "loras" / "notes.txt", b"mine"),
    ]
    for ask in (verify, remove):
        answered = ask(client, f"{tmp_path}/{name}", files[1])
        assert answered.status == 404, answered.content
        assert answered.error["kind"] == "NotFoundError"
    assert all(file.exists() for file in files)
    assert remove(client, "b.safetensors").status == 404
    assert remove(client).status == 400


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_out_of_the_models_goes_and_what_it_leads_to_stays(client: Client, tmp_path: Path) -> None:
    outside = put(tmp_path / "elsewhere" / "x.safetensors", safetensors(SIZE))
    link = tmp_path / "models" / "loras" / "x.safetensors"
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    assert remove(client, outside).status == 404
    assert remove(client, link).status == 200
    assert not link.is_symlink()
    assert outside.read_bytes() == safetensors(SIZE)


# Before there is a job ------------------------------------------------------------------------------------


def resolve(client: Client, reference: str, **fields: object) -> dict[str, object]:
    answered = client.ask("POST", "/api/v1/resolve", {"reference": reference, **fields})
    assert answered.status == 200, answered.content
    files = answered.json["files"]
    assert isinstance(files, list)
    (file,) = files
    assert isinstance(file, dict)
    return file


def test_a_preview_says_how_large_it_is_where_it_goes_and_what_is_here(
    client: Client, tmp_path: Path, origin: Origin
) -> None:
    content = safetensors(SIZE)
    digest = hashlib.sha256(content).hexdigest()
    url = origin.add("/a.safetensors", data=content, headers={"Repr-Digest": "sha-256=:{sha256_base64}:"}).url
    file = resolve(client, url, type="lora")
    destination = str(tmp_path / "models" / "loras" / "a.safetensors")
    assert (file["name"], file["size"], file["destination"]) == ("a.safetensors", len(content), destination)
    assert (file["here"], file["taken"], file["job"]) == ([], False, None)
    assert isinstance(file["free"], int)
    fetched(client, url, type="lora", digests=[f"sha256:{digest}"])
    file = resolve(client, url, type="lora")
    assert file["digests"] == {"sha256": digest}
    assert (file["here"], file["taken"]) == ([destination], False)
    put(tmp_path / "files" / "a.safetensors", b"another")
    file = resolve(client, url)
    assert (file["here"], file["taken"]) == ([destination], True)
    assert resolve(client, url, directory="sub")["destination"] == str(tmp_path / "files" / "sub" / "a.safetensors")


def test_a_preview_of_a_place_outside_is_refused_and_a_wrong_address_is_said(client: Client, origin: Origin) -> None:
    url = origin.add("/a.safetensors", data=safetensors(10)).url
    for fields, status in (({"directory": "/etc"}, 403), ({"type": "nonsense"}, 400), ({"type": 3}, 400)):
        assert client.ask("POST", "/api/v1/resolve", {"reference": url, **fields}).status == status
    assert client.ask("POST", "/api/v1/resolve", {"reference": "nonsense"}).status == 400
    refused = client.ask("POST", "/api/v1/resolve", {"reference": origin.url("/none.bin")})
    assert refused.status == 404
    assert refused.error["kind"] == "NotFoundError"
    assert refused.error["hint"]


# Workflows ------------------------------------------------------------------------------------------------


def workflow_of(**model: str) -> dict[str, object]:
    named = {"url": "http://127.0.0.1:9/a.safetensors", "directory": "loras", **model}
    node = {
        "id": 1,
        "type": "LoraLoader",
        "mode": 0,
        "widgets_values": [named["name"]],
        "properties": {"models": [named]},
    }
    return {"nodes": [node], "links": [], "version": 0.4}


def planned(client: Client, **model: str) -> dict[str, object]:
    answered = client.ask("POST", "/api/v1/workflow", {"workflow": workflow_of(**model)})
    (found,) = models(answered)
    return found


def test_a_workflows_digest_is_held_against_what_is_here(client: Client, tmp_path: Path) -> None:
    content = safetensors(SIZE)
    digest = hashlib.sha256(content).hexdigest()
    path = put(tmp_path / "models" / "loras" / "a.safetensors", content)
    right = planned(client, name="a.safetensors", hash=digest, hash_type="sha256")
    assert (right["state"], right["verified"], right["path"]) == ("here", "sha256", str(path))
    wrong = planned(client, name="a.safetensors", hash="0" * 64, hash_type="sha256")
    assert wrong["state"] == "other content"
    assert isinstance(wrong["error"], dict)
    assert "is not the file" in wrong["error"]["message"]
    other = planned(client, name="b.safetensors", hash=digest, hash_type="sha256")
    assert (other["state"], other["copy"]) == ("missing", str(path))


# The end --------------------------------------------------------------------------------------------------


def test_the_end_of_the_server_does_not_wait_for_what_it_asks(tmp_path: Path) -> None:
    """A host that takes the question and stays silent is waited for as long as there is a server to tell."""
    queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models")))
    answers: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.safetensors"
        with served(queue) as client:
            asking = threading.Thread(
                target=lambda: answers.append(client.ask("POST", "/api/v1/resolve", {"reference": url}).status)
            )
            asking.start()
            connection, _ = silent.accept()
            assert connection.recv(1) == b"G"
            began = time.monotonic()
        seconds = time.monotonic() - began
        asking.join()
        connection.close()
    queue.close()
    assert answers == [503]
    assert seconds < 8
