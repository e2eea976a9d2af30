"""Names that hold the content's SHA-256: given once it is known."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DestinationExistsError,
    DownloadCancelled,
    Job,
    NotAModelError,
    Progress,
    Settings,
    Status,
    fetch,
    fetch_many,
)
from anymatix_fetcher.core.values.filenames import OWN_SUFFIXES
from anymatix_fetcher.library.identity import identity
from anymatix_fetcher.library.names import Naming, hashed_name
from anymatix_fetcher.testing import Fault, Origin
from tests.engine.shelved import CONTENT, SHA256, names, without_sidecars

if TYPE_CHECKING:
    from pathlib import Path


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
