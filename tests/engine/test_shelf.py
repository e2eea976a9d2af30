"""What downloads and the shelf owe each other besides: waiting, hashes as references, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DownloadCancelled,
    NotFoundError,
    Phase,
    Progress,
    Status,
    fetch,
)
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.testing import Fault, Origin
from tests.engine.shelved import CONTENT, SHA256

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher import Progress


def test_a_second_download_waits_for_the_first_and_takes_its_file(origin: Origin, models: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    working = models / "loras" / "a.bin"
    working.parent.mkdir(parents=True)
    lock = DestinationLock(working)
    assert lock.try_acquire()

    def finish(progress: Progress) -> None:
        """What the first one does, as soon as the second one waits for it."""
        if progress.phase is Phase.WAITING and not working.exists():
            working.write_bytes(CONTENT)
            lock.release()

    result = fetch(url, output=working, models=models, digests=[f"sha256:{SHA256}"], on_progress=finish)
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
