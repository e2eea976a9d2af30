"""Links instead of payload, where a digest says that the file is here already."""

from __future__ import annotations

import os
import shutil
import zlib
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DownloadCancelled,
    Progress,
    Status,
    fetch,
)
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.testing import Fault, Origin
from anymatix_fetcher.testing.hosts import (
    Hosts,
    HubFile,
    HubRepo,
    huggingface,
)
from tests.effort import effort
from tests.engine.shelved import CONTENT, MODEL, MODEL_BYTES, SHA256, index_of, names
from tests.library.first_fetcher import leave

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_request_for_a_digest_under_another_name_asks_nobody(origin: Origin, tmp_path: Path) -> None:
    first, second = origin.add("/a.bin", data=CONTENT), origin.add("/b.bin", data=CONTENT)
    fetch(first.url, directory=tmp_path)
    asked = origin.ledger().requests
    result = fetch(second.url, output=tmp_path / "other.bin", digests=[f"sha256:{SHA256}"])
    assert (result.status, result.verified, result.sha256) == (Status.LINKED, "sha256", SHA256)
    assert (result.bytes_downloaded, result.requests, result.size) == (0, 0, len(CONTENT))
    assert result.path == tmp_path / "other.bin"
    assert result.path.read_bytes() == CONTENT
    assert origin.ledger().requests == asked
    assert names(tmp_path) == {"a.bin", "other.bin"}


def test_it_takes_no_time_with_ten_thousand_files_in_the_index(
    origin: Origin, tmp_path: Path, data_folder: Path
) -> None:
    fetch(origin.add("/a.bin", data=CONTENT).url, directory=tmp_path)
    others = [
        IndexEntry(
            tmp_path / f"{number}.pt",
            FileState(1, number, 1, 1, 1),
            (Digest("sha256", f"{number:064x}"),),
            HowKnown.HASHED,
        )
        for number in range(10_000)
    ]
    with index_of(data_folder) as index:
        index.add_many(others)
    with effort() as spent:
        result = fetch(origin.url("/b.bin"), output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"])
    assert result.status is Status.LINKED
    assert spent.seconds < 0.5, "it takes some milliseconds"


def test_outside_of_models_roots_nobodys_edit_changes_another_file(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    fetch(url, output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"])
    with (tmp_path / "b.bin").open("r+b") as file:
        file.write(b"edited")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_between_models_a_link_takes_no_space(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, type="lora", models=models)
    result = fetch(origin.url("/b.bin"), type="vae", models=models, digests=[f"sha256:{SHA256}"])
    assert result.status is Status.LINKED
    assert result.path is not None
    before = (models / "loras" / "a.bin").stat()
    after = result.path.stat()
    assert before.st_ino == after.st_ino or before.st_blocks == after.st_blocks  # a hard link, or a reflink


def rot(path: Path) -> None:
    """Changes one byte, with the times that it had: as a bad disk does, or ``cp -p`` of other bytes."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(status.st_size - 1)
        file.write(b"!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_that_has_changed_since_is_linked_nowhere_whatever_its_times_say(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, type="lora", models=models, digests=[f"sha256:{SHA256}"])
    rot(models / "loras" / "a.bin")
    result = fetch(origin.add("/b.bin", data=CONTENT).url, type="vae", models=models, digests=[f"sha256:{SHA256}"])
    assert (result.status, result.verified) == (Status.DOWNLOADED, "sha256")
    assert (models / "vae" / "b.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_word_of_a_sidecar_that_came_with_the_files_proves_nothing(
    origin: Origin, tmp_path: Path, data_folder: Path, *, is_whole: bool
) -> None:
    url, there = origin.add("/a.bin", data=CONTENT).url, tmp_path / "there"
    fetch(url, type="lora", models=there, digests=[f"sha256:{SHA256}"])
    models = tmp_path / "here"
    shutil.copytree(there, models)
    shutil.rmtree(there)
    shutil.rmtree(data_folder / "anymatix-fetcher")
    if not is_whole:
        rot(models / "loras" / "a.bin")
    asked = origin.ledger().requests
    result = fetch(origin.url("/a.bin"), output=models / "vae" / "b.bin", models=models, digests=[f"sha256:{SHA256}"])
    assert result.status is (Status.LINKED if is_whole else Status.DOWNLOADED)
    assert (origin.ledger().requests == asked) is is_whole
    assert (models / "vae" / "b.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["a_{}.safetensors", "{}.safetensors"])
def test_a_lost_index_is_rebuilt_of_what_lies_among_the_models(
    origin: Origin, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ANYFETCH_MODELS", str(models))
    model = models / "checkpoints" / "deep" / name.format(SHA256)
    model.parent.mkdir(parents=True)
    model.write_bytes(CONTENT)
    for destination in (tmp_path / "out" / "b.bin", models / "loras" / "b.bin"):
        result = fetch(origin.url("/nothing.bin"), output=destination, digests=[f"sha256:{SHA256}"])
        assert (result.status, result.requests) == (Status.LINKED, 0)
        assert destination.read_bytes() == CONTENT


def test_links_of_links_are_made_without_reading_anything_again(origin: Origin, models: Path) -> None:
    brought = fetch(origin.add("/a.bin", data=CONTENT).url, type="lora", models=models, digests=[f"sha256:{SHA256}"])
    for number in range(3):
        output = models / "vae" / f"{number}.bin"
        result = fetch(origin.url("/b.bin"), output=output, models=models, digests=[f"sha256:{SHA256}"])
        assert (result.status, result.verified_at) == (Status.LINKED, brought.verified_at)


def test_links_can_be_forbidden(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    result = fetch(url, output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"], links=False)
    assert result.status is Status.DOWNLOADED


def test_a_digest_that_the_first_hop_states_is_enough_to_ask_for_no_payload(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = HubRepo("org/repo", {"model.bin": HubFile(MODEL)})
    fetch(origin.add("/a.bin", data=MODEL_BYTES).url, directory=tmp_path)
    with Hosts(huggingface([repo])) as hosts:
        monkeypatch.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        result = fetch("hf:org/repo/model.bin", directory=tmp_path)
        assert [request.listener for request in hosts.seen()] == ["huggingface"]
    assert (result.status, result.bytes_downloaded, result.requests) == (Status.LINKED, 0, 1)
    assert (tmp_path / "model.bin").read_bytes() == MODEL_BYTES
    assert names(tmp_path) == {"a.bin", "model.bin"}


def test_a_digest_that_the_first_hop_states_and_nobody_here_has_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = HubRepo("org/repo", {"model.bin": HubFile(MODEL)})
    with Hosts(huggingface([repo])) as hosts:
        monkeypatch.setenv("HF_ENDPOINT", hosts.urls["huggingface"])
        result = fetch("hf:org/repo/model.bin", directory=tmp_path)
    assert (result.status, result.verified) == (Status.DOWNLOADED, "sha256")
    assert (tmp_path / "model.bin").read_bytes() == MODEL_BYTES


def test_a_digest_that_comes_with_the_payload_is_enough_to_drop_it(origin: Origin, tmp_path: Path) -> None:
    headers = {"Repr-Digest": "sha-256=:{sha256_base64}:", "Content-Disposition": 'attachment; filename="mine.bin"'}
    first = fetch(origin.add("/a.bin", size="30MB").url, directory=tmp_path)
    url = origin.add("/download", size="30MB", content_id="/a.bin", form="raw", headers=headers).url
    result = fetch(url, directory=tmp_path)
    assert (result.status, result.path) == (Status.LINKED, tmp_path / "mine.bin")
    assert (result.sha256, result.bytes_downloaded) == (first.sha256, 0)


def test_a_copy_that_turns_out_to_be_none_leaves_the_name_to_the_server(origin: Origin, models: Path) -> None:
    model, _ = leave(models / "loras", content=CONTENT)
    model.write_bytes(CONTENT[:-1] + b"!")
    url = origin.add("/a.bin", data=CONTENT, headers={"Content-Disposition": 'attachment; filename="b.bin"'}).url
    result = fetch(url, type="lora", models=models, digests=[f"sha256:{SHA256}"])
    assert (result.status, result.path) == (Status.DOWNLOADED, models / "loras" / "b.bin")


def test_what_was_begun_before_goes_when_a_copy_turns_out_to_be_here(origin: Origin, tmp_path: Path) -> None:
    content = origin.add("/big.bin", size="12MB")
    origin.script(Fault.throttle(2_000_000))
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.bytes_stored > 2_000_000:
            cancel.cancel()

    with pytest.raises(DownloadCancelled):
        fetch(content.url, directory=tmp_path, cancel=cancel, on_progress=stop)
    assert any(name.endswith(".part") for name in names(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    origin.clear_script()
    fetch(content.url, directory=tmp_path / "elsewhere")
    result = fetch(content.url, output=tmp_path / "big.bin", digests=[f"sha256:{content.sha256()}"])
    assert result.status is Status.LINKED
    assert names(tmp_path) == {"big.bin", "elsewhere"}


def test_a_copy_that_has_changed_is_not_used(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    (tmp_path / "a.bin").write_bytes(CONTENT[:-1] + b"!")
    result = fetch(url, output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"])
    assert result.status is Status.DOWNLOADED
    assert (tmp_path / "b.bin").read_bytes() == CONTENT


def test_a_weak_digest_links_nothing(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    result = fetch(url, output=tmp_path / "b.bin", digests=[f"crc32:{zlib.crc32(CONTENT):08x}"])
    assert (result.status, result.verified) == (Status.DOWNLOADED, "crc32")


def test_an_index_that_cant_be_used_is_no_reason_to_fail(origin: Origin, tmp_path: Path, data_folder: Path) -> None:
    (data_folder / "anymatix-fetcher").write_text("in the way")
    url = origin.add("/a.bin", data=CONTENT).url
    assert fetch(url, directory=tmp_path, digests=[f"sha256:{SHA256}"]).status is Status.DOWNLOADED
