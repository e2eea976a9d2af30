"""Whether what lies at a model's place is that model."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DigestMismatchError, DownloadCancelled, StorageError
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.verbs.planning import ModelState, Plan, plan_workflow
from anymatix_fetcher.verbs.presence import examined
from tests.workflows.graphs import entry, node, workflow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.verbs.progress import CareProgress

HEADER = b'{"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}'
MODEL = struct.pack("<Q", len(HEADER)) + HEADER + b"weights!"


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as opened:
        yield opened


def plan(root: Path, content: bytes, *, algorithm: str = "SHA256", hash_: str = "") -> Plan:
    path = root / "vae" / "m.safetensors"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    stated = {"hash_type": algorithm, "hash": hash_} if hash_ else {}
    document = workflow(
        node(1, "VAELoader", widgets=("m.safetensors",), models=(entry("m.safetensors", "vae", **stated),))
    )
    return plan_workflow(json.dumps(document).encode(), comfyui_folders(root), lambda path: path.stat().st_size)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_with_the_stated_digest_is_here_and_is_read_once(tmp_path: Path, index: Index) -> None:
    told: list[CareProgress] = []
    asked = plan(tmp_path, MODEL, algorithm="SHA256", hash_=sha256(MODEL).upper())
    (model,) = examined(asked, index, on_progress=told.append).models
    assert (model.state, model.proof) == (ModelState.HERE, "sha256")
    assert told[-1].bytes_done == len(MODEL)
    told.clear()
    (model,) = examined(asked, index, on_progress=told.append).models
    assert (model.state, model.proof) == (ModelState.HERE, "sha256")
    assert not told, "the index knows it now"


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA512", "MD5", "CRC32", "BLAKE3"])
def test_a_file_with_another_digest_is_other_content(tmp_path: Path, index: Index, algorithm: str) -> None:
    digits = {"SHA256": 64, "SHA512": 128, "MD5": 32, "CRC32": 8, "BLAKE3": 64}[algorithm]
    (model,) = examined(plan(tmp_path, MODEL, algorithm=algorithm, hash_="5" * digits), index).models
    assert model.state is ModelState.OTHER
    assert isinstance(model.error, DigestMismatchError)
    assert "is not the file that the workflow asks for" in model.error.message
    assert (tmp_path / "vae" / "m.safetensors").read_bytes() == MODEL, "it is left as it is"


def test_what_the_index_knows_of_an_earlier_state_doesnt_count(tmp_path: Path, index: Index) -> None:
    asked = plan(tmp_path, MODEL, hash_=sha256(MODEL))
    examined(asked, index)
    path = tmp_path / "vae" / "m.safetensors"
    path.write_bytes(MODEL[:-1] + b"?")
    os.utime(path, ns=(1, 1))
    (model,) = examined(asked, index).models
    assert model.state is ModelState.OTHER


def test_a_claim_beside_the_file_isnt_believed(tmp_path: Path, index: Index) -> None:
    asked = plan(tmp_path, MODEL, hash_="5" * 64)
    path = tmp_path / "vae" / "m.safetensors"
    claim = {"url": "https://h.example/m", "file_name": path.name, "sha256": "5" * 64}
    (path.parent / f"{'a' * 64}.json").write_text(json.dumps(claim))
    (model,) = examined(asked, index).models
    assert model.state is ModelState.OTHER


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"", "an empty file"),
        (MODEL[:-1], "can't be loaded"),
        (b"<!DOCTYPE html><html>" + b" " * 600, "web page"),
        (MODEL, ""),
    ],
)
def test_without_a_digest_the_first_bytes_are_looked_at(
    tmp_path: Path, index: Index, content: bytes, note: str
) -> None:
    (model,) = examined(plan(tmp_path, content), index).models
    assert model.state is ModelState.HERE
    assert note in model.note
    assert bool(note) == bool(model.note)


def test_a_header_that_is_longer_than_the_first_bytes_is_read_on(tmp_path: Path, index: Index) -> None:
    tensors = {
        f"layer.{number}.weight": {"dtype": "U8", "shape": [1], "data_offsets": [number, number + 1]}
        for number in range(3000)
    }
    header = json.dumps(tensors).encode()
    whole = struct.pack("<Q", len(header)) + header + b"x" * 3000
    assert len(header) > 2 * 65536
    assert examined(plan(tmp_path, whole), index).models[0].note == ""
    assert "can't be loaded" in examined(plan(tmp_path, whole[:-1]), index).models[0].note


def test_a_file_that_went_meanwhile_isnt_taken_for_here(tmp_path: Path, index: Index) -> None:
    asked = plan(tmp_path, MODEL, hash_=sha256(MODEL))
    (tmp_path / "vae" / "m.safetensors").unlink()
    (model,) = examined(asked, index).models
    assert model.state is ModelState.OTHER
    assert isinstance(model.error, StorageError)


def test_reading_ends_when_it_is_cancelled(tmp_path: Path, index: Index) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(DownloadCancelled):
        examined(plan(tmp_path, MODEL, hash_=sha256(MODEL)), index, cancel=cancel)


def test_what_the_index_learns_is_what_was_read(tmp_path: Path, index: Index) -> None:
    examined(plan(tmp_path, MODEL, hash_="5" * 64), index)
    assert index.digests(tmp_path / "vae" / "m.safetensors") == (Digest("sha256", sha256(MODEL)),)


def test_what_is_asked_for_by_its_content_alone_is_whatever_has_it(tmp_path: Path, index: Index) -> None:
    wish = {"url": f"sha256://{sha256(MODEL)}", "type": "lora"}
    document = json.dumps(workflow(node(1, "AnymatixFetcher", widgets=(wish,)))).encode()
    asked = plan_workflow(document, comfyui_folders(tmp_path), lambda _: None)
    (model,) = examined(asked, index).models
    assert (model.state, asked.jobs()) == (ModelState.NO_ADDRESS, [])
    assert model.error is not None
    assert model.error.message.startswith(f"the model in loras with sha256:{sha256(MODEL)} isn't here")
    path = tmp_path / "elsewhere.safetensors"
    path.write_bytes(MODEL)
    index.add(path, [Digest("sha256", sha256(MODEL))])
    (model,) = examined(asked, index).models
    assert (model.state, model.path, model.proof, model.error) == (ModelState.HERE, path, "sha256", None)
