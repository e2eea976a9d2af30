"""The library against stand-ins for the smaller places, and an object store that others have written."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import FetchError, RetriesExhaustedError, Status, fetch
from anymatix_fetcher.testing import Fault, Match
from anymatix_fetcher.testing.hosts import Host, Hosts, dropbox, googledrive, hosted, ollama, zenodo
from anymatix_fetcher.testing.hosts.dropbox import DropboxLink
from anymatix_fetcher.testing.hosts.googledrive import GoogleDriveSettings
from anymatix_fetcher.testing.hosts.ollama import OllamaModel
from anymatix_fetcher.testing.hosts.zenodo import ZenodoRecord

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.swift import Swift

MODEL = hosted("model.safetensors", 24_000_000)
GGUF = hosted("tiny-1b.gguf", 24_000_000)
FILE_ID = "1AnymatixDriveFile"
LINK = f"https://drive.google.com/file/d/{FILE_ID}/view?usp=sharing"
KEY = "a folder/model+v1.bin"
CONTENT = random.Random(7).randbytes(9_000_001)


def drive(**settings: object) -> Host:
    made = GoogleDriveSettings(**settings)  # type: ignore[arg-type]  # handed on as they are
    return googledrive({FILE_ID: MODEL}, made)


@pytest.mark.parametrize(
    ("host", "reference", "verified"),
    [
        (drive(), LINK, "length"),
        (drive(scanned_bytes=1_000_000), LINK, "length"),
        (
            dropbox([DropboxLink("a1", "k3y", MODEL)]),
            "https://www.dropbox.com/scl/fi/a1/model.safetensors?rlkey=k3y&dl=0",
            "length",
        ),
        (zenodo([ZenodoRecord(5, "Weights", (MODEL,))]), "https://doi.org/10.5281/zenodo.5", "md5"),
        (ollama([OllamaModel("tiny", "1b", GGUF)]), "ollama:tiny:1b", "sha256"),
    ],
    ids=["a small file", "a large file", "dropbox", "zenodo", "ollama"],
)
def test_a_model_comes_from_each_of_them(
    host: Host, reference: str, verified: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hosts(host) as hosts:
        for variable, url in hosts.variables.items():
            monkeypatch.setenv(variable, url)
        result = fetch(reference, directory=tmp_path, connections=3)
    model = GGUF if "ollama" in reference else MODEL
    assert result.path is not None
    assert result.path.name == model.name
    assert result.path.read_bytes() == model.content.read(0, model.size)
    assert (result.verified, result.sha256) == (verified, model.sha256)


def test_an_address_that_is_over_is_made_anew_by_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hosts(drive(scanned_bytes=1_000_000)) as hosts:
        monkeypatch.setenv("GDRIVE_ENDPOINT", hosts.variables["GDRIVE_ENDPOINT"])
        # The first request is the source's, to see the file; the second one brings its beginning.
        hosts.script(Fault.status(403), when=Match(path="/download", request=3))
        result = fetch(LINK, directory=tmp_path, connections=1)
        assert hosts.ledger().requests("googledrive") == 2
    assert result.path is not None
    assert result.path.read_bytes() == MODEL.content.read(0, MODEL.size)
    assert result.renewals == 1


def test_a_quota_that_is_used_up_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hosts(drive(exhausted=frozenset({FILE_ID}))) as hosts:
        monkeypatch.setenv("GDRIVE_ENDPOINT", hosts.variables["GDRIVE_ENDPOINT"])
        with pytest.raises(RetriesExhaustedError, match="download quota for this file is exhausted"):
            fetch(LINK, directory=tmp_path)


# An object store that others have written ---------------------------------------------------------------


@pytest.fixture
def store(swift: Swift, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Swift:
    swift.put(KEY, CONTENT)
    monkeypatch.setenv("AWS_ENDPOINT_URL", swift.url)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "nowhere"))
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(variable, raising=False)
    return swift


def test_a_private_object_comes_by_an_address_that_is_signed(
    store: Swift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = f"s3://models/{KEY}"
    with pytest.raises(FetchError):
        fetch(reference, directory=tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", store.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", store.secret_key)
    result = fetch(reference, directory=tmp_path, connections=3)
    assert result.path is not None
    assert result.path.name == "model+v1.bin"
    assert result.path.read_bytes() == CONTENT
    assert (result.status, result.sha256) == (Status.DOWNLOADED, hashlib.sha256(CONTENT).hexdigest())
    assert result.renewals == 0
