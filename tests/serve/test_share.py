"""Files for other machines: what is lent, how ranges of it are answered, and what never is."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import fetch
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.library.index import Index, state_of
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.queue.opening import open_queue
from anymatix_fetcher.queue.queue import QueueSettings
from anymatix_fetcher.serve.share import Sharing
from anymatix_fetcher.testing import Origin
from tests.queue.fakes import until
from tests.serve.served import SECRET, Client, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.queue.fakes import Bench

CONTENT = bytes(range(256)) * 20_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = f"/sha256/{SHA256}"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "my modèl.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index.sqlite")


@pytest.fixture
def sharing(bench: Bench, index: Index) -> Iterator[Client]:
    with served(bench.queue, add_routes=[Sharing(bench.queue, index).add_routes]) as client:
        yield client


def test_a_file_that_was_read_here_is_sent_whole_and_in_ranges(sharing: Client, index: Index, model: Path) -> None:
    index.add(model, [Digest("sha256", SHA256)])
    whole = sharing.get(PATH)
    assert (whole.status, whole.content) == (200, CONTENT)
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert whole.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert whole.headers["ETag"] == f'"{SHA256}"'
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert "my%20mod%C3%A8l.safetensors" in whole.headers["Content-Disposition"]
    part = sharing.ask("GET", PATH.upper().replace("/SHA256", "/sha256"), headers={"Range": "bytes=1000000-4999999"})
    assert (part.status, part.content) == (206, CONTENT[1_000_000:5_000_000])
    assert part.headers["Content-Range"] == f"bytes 1000000-4999999/{len(CONTENT)}"
    head = sharing.ask("HEAD", PATH)
    assert (head.status, head.headers["Content-Length"], head.content) == (200, str(len(CONTENT)), b"")
    beyond = sharing.ask("GET", PATH, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
    known = sharing.ask("GET", PATH, headers={"If-None-Match": f'"{SHA256}"'})
    assert (known.status, known.content) == (304, b"")
    other = sharing.ask("GET", PATH, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status, other.content) == (200, CONTENT)


def test_what_is_only_claimed_or_has_changed_is_not_lent(sharing: Client, index: Index, model: Path) -> None:
    state = state_of(model)
    assert state is not None
    digests = (Digest("sha256", SHA256),)
    index.add_many([IndexEntry(model, state, digests, HowKnown.CLAIMED)])
    assert sharing.get(PATH).status == 404
    index.add(model, digests)
    assert sharing.get(PATH).status == 200
    times = (model.stat().st_atime_ns, model.stat().st_mtime_ns)
    with model.open("r+b") as file:
        file.write(b"other")
    os.utime(model, ns=times)
    assert sharing.get(PATH).status == 404
    for path in ("/sha256/abc", f"/sha256/{'0' * 64}", f"/sha256/..%2f{SHA256}"):
        assert sharing.get(path).status == 404


def test_nothing_is_lent_without_the_secret_or_without_being_asked_to(
    sharing: Client, client: Client, index: Index, model: Path
) -> None:
    index.add(model, [Digest("sha256", SHA256)])
    assert Client(sharing.port, None).get(PATH).status == 401
    assert Client(sharing.port, "wrong").get(PATH).status == 401
    assert client.get(PATH).status == 404


def test_of_a_file_that_arrives_the_proved_blocks_are_lent(tmp_path: Path, index: Index) -> None:
    with Origin(seed=3) as origin:
        file = origin.add("/model.bin", size=12 << 20)
        content, path = file.read(), f"/sha256/{file.sha256()}"
        queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models")))
        queue.start()
        queue.change_settings(QueueSettings(limit_rate=2_000_000.0))
        wanted = JobWanted(reference=file.url, digests=(f"sha256:{file.sha256()}",), connections=1)
        with served(queue, add_routes=[Sharing(queue, index).add_routes]) as client:
            ((job, _),) = queue.add([JobRequest(wanted)])
            until(lambda: queue.get(job.id).bytes_stored > 3 << 20)

            def beginning() -> bytes:
                return client.ask("GET", path, headers={"Range": "bytes=1000-"}).content

            until(lambda: len(beginning()) > 2_000_000)
            begun = client.ask("GET", path, headers={"Range": "bytes=1000-"})
            stop = 1000 + len(begun.content)
            assert (begun.status, begun.content) == (206, content[1000:stop])
            assert begun.headers["Content-Range"] == f"bytes 1000-{stop - 1}/{12 << 20}"
            for headers in ({"Range": "bytes=-10"}, {}):
                later = client.ask("GET", path, headers=headers)
                assert (later.status, later.headers["Retry-After"]) == (503, "2")
            part = tmp_path / "files" / "model.bin.part"
            with part.open("r+b") as spoiled:
                spoiled.write(b"spoiled on the disk")
            assert client.ask("GET", path, headers={"Range": "bytes=1000-"}).status == 503
        queue.close()


def test_what_has_arrived_at_a_peer_comes_from_there_and_the_rest_from_the_origin(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYFETCH_SECRET", SECRET)
    with Origin(seed=4) as origin:
        file = origin.add("/model.bin", size=24 << 20)
        queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models")))
        queue.start()
        queue.change_settings(QueueSettings(limit_rate=6_000_000.0))
        wanted = JobWanted(reference=file.url, digests=(f"sha256:{file.sha256()}",), connections=1)
        with served(queue, add_routes=[Sharing(queue, index).add_routes]) as client:
            ((job, _),) = queue.add([JobRequest(wanted)])
            until(lambda: queue.get(job.id).bytes_stored > 12 << 20)
            queue.change_settings(QueueSettings(limit_rate=100_000.0))
            before = origin.ledger().bytes_sent
            peer = f"http://127.0.0.1:{client.port}"
            result = fetch(file.url, sha256=file.sha256(), directory=tmp_path / "second", peers=[peer])
            assert origin.ledger().bytes_sent - before < 18 << 20
        queue.close()
    assert result.verified == "sha256"
    assert (tmp_path / "second" / "model.bin").read_bytes() == file.read()
