"""Downloads and what is here already: links instead of payload, types' folders, names by content, and what is noted."""

from __future__ import annotations

import json
import os
import threading
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DestinationExistsError,
    DownloadCancelled,
    Job,
    NotAModelError,
    NotFoundError,
    Progress,
    ReferenceSyntaxError,
    Settings,
    Status,
    fetch,
    fetch_many,
)
from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.filenames import OWN_SUFFIXES
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.identity import identity
from anymatix_fetcher.library.index import Entry, Index, Proof
from anymatix_fetcher.library.names import Naming, hashed_name
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.testing import Fault, Origin
from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiVersion,
    Hosts,
    HubFile,
    HubRepo,
    civitai,
    hosted,
    huggingface,
)
from tests.formats.files import safetensors
from tests.library.first_fetcher import hexed, leave

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = safetensors({"weights": ("F16", (105_000,))})
MODEL = hosted("model.bin", 3_000_000)
MODEL_BYTES = MODEL.content.read(0, MODEL.size)
SHA256 = hexed(CONTENT)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(seed=3) as origin:
        yield origin


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def index_of(data_folder: Path) -> Index:
    return Index(data_folder / "anymatix-fetcher" / "index.sqlite")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def without_sidecars(folder: Path) -> list[str]:
    return sorted(name for name in names(folder) if not name.endswith(".json"))


# Links ------------------------------------------------------------------------------------------------------


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
        Entry(
            tmp_path / f"{number}.pt", FileState(1, number, 1, 1), (Digest("sha256", f"{number:064x}"),), Proof.HASHED
        )
        for number in range(10_000)
    ]
    with index_of(data_folder) as index:
        index.add_many(others)
    result = fetch(origin.url("/b.bin"), output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"])
    assert result.status is Status.LINKED
    assert result.seconds < 0.5, "it takes some milliseconds"


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


# What is at the destination already -------------------------------------------------------------------------


def test_a_file_that_the_index_knows_is_present_without_being_read(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/big.bin", size="60MB")
    fetch(file.url, directory=tmp_path)
    path = tmp_path / "big.bin"
    status = path.stat()
    with path.open("r+b") as changed:  # whoever read it now would find another digest
        changed.write(b"changed")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    result = fetch(file.url, output=path, digests=[f"sha256:{file.sha256()}"])
    assert (result.status, result.verified, result.sha256) == (Status.PRESENT, "sha256", file.sha256())
    assert result.requests == 0


def test_a_file_that_was_read_once_is_not_read_again(origin: Origin, tmp_path: Path, data_folder: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    url = origin.add("/a.bin", data=CONTENT).url
    assert fetch(url, output=tmp_path / "a.bin", digests=[f"sha256:{SHA256}"]).status is Status.PRESENT
    with index_of(data_folder) as index:
        assert index.digests(tmp_path / "a.bin") == (Digest("sha256", SHA256),)


def test_the_same_url_again_finds_what_it_brought(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    result = fetch(url, directory=tmp_path)
    assert (result.status, result.sha256, result.verified) == (Status.PRESENT, SHA256, "sha256")


def test_the_same_url_with_another_length_is_another_file(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    origin.add("/a.bin", data=CONTENT + b"more")
    with pytest.raises(DestinationExistsError):
        fetch(url, directory=tmp_path)


def test_another_url_does_not_take_what_is_there_for_its_own(origin: Origin, tmp_path: Path) -> None:
    fetch(origin.add("/1/a.bin", data=CONTENT).url, directory=tmp_path)
    with pytest.raises(DestinationExistsError):
        fetch(origin.add("/2/a.bin", data=CONTENT).url, directory=tmp_path)


# Types' folders ---------------------------------------------------------------------------------------------


def test_a_type_leads_to_its_folder_and_a_sidecar_says_where_it_came_from(origin: Origin, models: Path) -> None:
    url = origin.add("/a.safetensors", data=CONTENT).url
    result = fetch(url, type="LoRA", models=models)
    assert result.path == models / "loras" / "a.safetensors"
    sidecar = json.loads((models / "loras" / f"{identity(url)}.json").read_text())
    assert {key: sidecar[key] for key in ("url", "file_name", "file_size", "name", "data", "sha256")} == {
        "url": url,
        "file_name": "a.safetensors",
        "file_size": len(CONTENT),
        "name": "a.safetensors",
        "data": None,
        "sha256": SHA256,
    }
    assert sidecar["anyfetch"]["type"] == "lora"
    again = fetch(url, type="lora", models=models)
    assert (again.status, again.path, again.requests) == (Status.PRESENT, result.path, 0)


def test_the_models_root_may_come_from_the_environment(
    origin: Origin, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYFETCH_MODELS", str(models))
    result = fetch(origin.add("/a.bin", data=CONTENT).url, type="vae")
    assert result.path == models / "vae" / "a.bin"


def test_a_download_without_a_type_leaves_no_litter(origin: Origin, tmp_path: Path) -> None:
    fetch(origin.add("/a.bin", data=CONTENT).url, output=tmp_path / "a.bin")
    assert names(tmp_path) == {"a.bin"}
    fetch(origin.add("/b.bin", data=CONTENT).url, directory=tmp_path, sidecar=True)
    assert len(names(tmp_path)) == 3


def test_an_exact_destination_outranks_the_type(origin: Origin, tmp_path: Path, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    result = fetch(url, type="lora", models=models, output=tmp_path / "mine.bin")
    assert result.path == tmp_path / "mine.bin"
    assert names(tmp_path) == {"mine.bin"}


def test_what_nobody_can_guess_has_to_be_named(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    with pytest.raises(ReferenceSyntaxError) as caught:
        fetch(url, type="auto", models=models)
    assert "--type" in caught.value.hint
    with pytest.raises(ReferenceSyntaxError):
        fetch(url, type="custom_nodes", models=models)
    with pytest.raises(ReferenceSyntaxError):
        fetch(url, type="lora", directory=models)
    assert not models.exists()


def test_the_sources_own_word_leads_to_a_folder_and_is_said_before(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = CivitaiVersion(7, "v1", (CivitaiFile(70, MODEL),))
    notes = set[str]()
    with Hosts(civitai([CivitaiModel(5, "Model", (version,), kind="LORA")])) as hosts:
        monkeypatch.setenv("CIVITAI_ENDPOINT", hosts.urls["civitai"])
        result = fetch("civitai:7", type="auto", models=models, on_progress=lambda one: notes.add(one.note))
    assert result.path == models / "loras" / MODEL.name
    assert any("'LORA'" in note and str(models / "loras") in note for note in notes)
    (sidecar,) = (json.loads(path.read_text()) for path in (models / "loras").glob("*.json"))
    assert sidecar["data"]["id"] == 7
    assert sidecar["anyfetch"]["source"].startswith("civitai:7")
    assert fetch("civitai:7", type="lora", models=models).status is Status.PRESENT


def test_a_template_makes_folders_and_names(origin: Origin, models: Path) -> None:
    url = origin.add("/a.safetensors", data=CONTENT).url
    assert fetch(url, type="lora", models=models, folder="{host}").path == models / "loras/127.0.0.1/a.safetensors"
    renamed = fetch(url, type="lora", models=models, folder="{type}/{name} x")
    assert renamed.path == models / "loras/lora/a x.safetensors"


def test_no_template_leads_out_by_a_link(origin: Origin, tmp_path: Path, models: Path) -> None:
    (models / "loras").mkdir(parents=True)
    (models / "loras" / "lora").symlink_to(tmp_path, target_is_directory=True)
    (result,) = fetch_many(
        [Job(origin.add("/a.bin", data=CONTENT).url, Settings(type="lora", models=models, folder="{type}"))]
    )
    assert result.error is not None
    assert names(tmp_path) == {"models"}


def test_the_folder_of_the_first_fetcher_is_found_and_used(origin: Origin, models: Path) -> None:
    url = origin.add("/dream.safetensors", data=CONTENT).url
    model, _ = leave(models / "checkpoints", url=url, content=CONTENT)
    result = fetch(url, type="checkpoint", models=models)
    assert (result.status, result.path, result.verified) == (Status.PRESENT, model, "sha256")
    assert origin.ledger().requests == 0


def test_what_the_first_fetcher_brought_from_elsewhere_is_linked_after_it_was_read(
    origin: Origin, models: Path
) -> None:
    leave(models / "checkpoints", content=CONTENT)
    url = origin.add("/other.safetensors", data=CONTENT).url
    result = fetch(url, type="checkpoint", models=models, digests=[f"sha256:{SHA256}"])
    assert (result.status, result.path) == (Status.LINKED, models / "checkpoints" / "other.safetensors")
    assert origin.ledger().requests == 0


def test_a_sidecar_that_lies_is_not_believed(origin: Origin, models: Path) -> None:
    url = origin.add("/dream.safetensors", data=CONTENT).url
    model, _ = leave(models / "checkpoints", url=url, content=CONTENT)
    model.write_bytes(CONTENT[:-1] + b"!")
    result = fetch(url, type="checkpoint", models=models)
    assert (result.status, result.path) == (Status.DOWNLOADED, models / "checkpoints" / "dream.safetensors")


# Names by content -------------------------------------------------------------------------------------------


def test_a_name_by_content_is_given_when_the_content_is_known(origin: Origin, models: Path) -> None:
    url = origin.add("/a.safetensors", data=CONTENT).url
    result = fetch(url, type="lora", models=models, naming="anymatix")
    assert result.status is Status.DOWNLOADED
    assert result.path == models / "loras" / f"a_{SHA256}.safetensors"
    assert without_sidecars(models / "loras") == [result.path.name]
    again = fetch(url, type="lora", models=models, naming="anymatix")
    assert (again.status, again.path, again.requests) == (Status.PRESENT, result.path, 0)


def test_the_same_content_from_elsewhere_is_kept_once(origin: Origin, models: Path) -> None:
    first = fetch(origin.add("/1/a.bin", data=CONTENT).url, type="lora", models=models, naming="anymatix")
    url = origin.add("/2/a.bin", data=CONTENT).url
    second = fetch(url, type="lora", models=models, naming="anymatix")
    assert (second.status, second.path) == (Status.PRESENT, first.path)
    assert second.bytes_downloaded == len(CONTENT)
    assert without_sidecars(models / "loras") == [f"a_{SHA256}.bin"]
    assert json.loads((models / "loras" / f"{identity(url)}.json").read_text())["file_name"] == f"a_{SHA256}.bin"
    third = fetch(origin.url("/3/a.bin"), type="lora", models=models, naming="anymatix", digests=[f"sha256:{SHA256}"])
    assert (third.status, third.requests) == (Status.PRESENT, 0)


def test_something_else_under_a_name_by_content_is_never_replaced(origin: Origin, models: Path) -> None:
    (models / "loras").mkdir(parents=True)
    taken = models / "loras" / hashed_name("a.bin", SHA256)
    taken.write_bytes(b"something else")
    with pytest.raises(DestinationExistsError):
        fetch(origin.add("/a.bin", data=CONTENT).url, type="lora", models=models, naming="anymatix")
    assert taken.read_bytes() == b"something else"


def test_two_files_of_one_name_dont_meet(origin: Origin, models: Path) -> None:
    settings = Settings(type="lora", models=models, naming=Naming.ANYMATIX)
    urls = [origin.add(f"/{number}/a.bin", size=300_000 + number).url for number in range(4)]
    results = fetch_many([Job(url, settings) for url in urls])
    assert {result.status for result in results} == {Status.DOWNLOADED}
    assert len(without_sidecars(models / "loras")) == 4


def test_what_is_refused_is_called_as_the_server_calls_it(origin: Origin, models: Path) -> None:
    url = origin.add("/a.safetensors", data=b"<!doctype html><title>Sign in</title>" + CONTENT).url
    with pytest.raises(NotAModelError) as caught:
        fetch(url, type="lora", models=models, naming="anymatix")
    assert "a.safetensors" in caught.value.message
    assert identity(url)[:16] not in caught.value.message
    assert names(models / "loras") == set()


def test_an_interrupted_download_goes_on_under_its_working_name(origin: Origin, models: Path) -> None:
    file = origin.add("/big.bin", size="12MB")
    origin.script(Fault.throttle(3_000_000))
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.bytes_stored > 4_000_000:
            cancel.cancel()

    with pytest.raises(DownloadCancelled):
        fetch(file.url, type="lora", models=models, naming="anymatix", cancel=cancel, on_progress=stop)
    origin.clear_script()
    result = fetch(file.url, type="lora", models=models, naming="anymatix")
    assert result.status is Status.RESUMED
    assert without_sidecars(models / "loras") == [f"big_{file.sha256()}.bin"]


def test_a_crash_between_both_names_ends_well(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    folder = models / "loras"
    folder.mkdir(parents=True)
    working = folder / f"a-{identity(url)[:16]}.bin"
    (folder / f"{working.name}.part").write_bytes(CONTENT)
    os.link(folder / f"{working.name}.part", folder / f"a_{SHA256}.bin")
    result = fetch(url, type="lora", models=models, naming="anymatix", output=None)
    assert (result.status, result.path) == (Status.PRESENT, folder / f"a_{SHA256}.bin")
    assert not [name for name in names(folder) if name.endswith(OWN_SUFFIXES)]


# Others -----------------------------------------------------------------------------------------------------


def test_a_second_download_waits_for_the_first_and_takes_its_file(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    working = models / "loras" / "a.bin"
    working.parent.mkdir(parents=True)
    lock = DestinationLock(working)
    assert lock.try_acquire()

    def free() -> None:
        time.sleep(0.4)
        working.write_bytes(CONTENT)
        lock.release()

    thread = threading.Thread(target=free)
    thread.start()
    result = fetch(url, output=working, models=models, digests=[f"sha256:{SHA256}"])
    thread.join()
    assert result.status is Status.PRESENT


@pytest.mark.parametrize("place", ["index", "named", "missing"])
def test_a_hash_names_what_is_here(origin: Origin, tmp_path: Path, models: Path, place: str) -> None:
    if place == "index":
        fetch(origin.add("/a.bin", data=CONTENT).url, directory=tmp_path / "d")
        expected = tmp_path / "d" / "a.bin"
    if place == "named":
        expected = models / "loras" / f"{SHA256}.safetensors"
        expected.parent.mkdir(parents=True)
        expected.write_bytes(CONTENT)
    if place == "missing":
        with pytest.raises(NotFoundError) as caught:
            fetch(f"sha256://{SHA256}", models=models)
        assert caught.value.hint
        return
    result = fetch(f"sha256://{SHA256}", models=models)
    assert (result.status, result.path, result.sha256) == (Status.PRESENT, expected, SHA256)
    linked = fetch(f"sha256://{SHA256}", models=models, type="vae")
    assert linked.status is Status.LINKED
    assert linked.path == models / "vae" / (SHA256 + expected.suffix)


def test_a_file_that_is_only_called_by_the_hash_is_not_it(models: Path) -> None:
    (models / "loras").mkdir(parents=True)
    (models / "loras" / f"{SHA256}.safetensors").write_bytes(b"another one")
    with pytest.raises(NotFoundError):
        fetch(f"sha256://{SHA256}", models=models, type="lora")


def test_no_secret_is_written_anywhere(
    origin: Origin, tmp_path: Path, data_folder: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "planted-5ecret"
    for variable in ("CIVITAI_API_TOKEN", "HF_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.setenv(variable, secret)
    models = tmp_path / "models"
    url = origin.add("/a.bin", size="9MB").url
    url = url.replace("://", f"://user:{secret}@") + f"?token={secret}&X-Amz-Signature={secret}&key={secret}"
    origin.script(Fault.throttle(6_000_000))
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.bytes_stored:
            cancel.cancel()

    headers = [("Authorization", f"Bearer {secret}")]
    with pytest.raises(DownloadCancelled):
        fetch(url, type="lora", models=models, headers=headers, cancel=cancel, on_progress=stop)
    kept = [path.read_bytes() for path in models.rglob("*") if path.is_file()]
    origin.clear_script()
    fetch(url, type="lora", models=models, headers=headers)
    fetch(url, type="lora", models=models, headers=headers, naming="anymatix")
    written = [path for folder in (models, data_folder, cache_folder) for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.endswith(".json") for path in written)
    assert any(path.name == "index.sqlite" for path in written)
    assert not [content for content in (*kept, *(path.read_bytes() for path in written)) if secret.encode() in content]
