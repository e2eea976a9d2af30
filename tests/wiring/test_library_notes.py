from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.resource import About, Plain, Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.engine.shelf import Arrived, Recorded
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.catalog import is_ours
from anymatix_fetcher.library.identity import identity
from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.wiring.library_arrivals import arrival_of
from anymatix_fetcher.wiring.library_notes import Noting
from anymatix_fetcher.wiring.library_search import LateIndex

SHA256 = Digest("sha256", "ab" * 32)
API = "https://civitai.com/api/download/models/7?fileId=70"
RESOURCE = Resource(
    Url.parse(API), name=SafeName("a.bin"), reference="civitai:7?fileId=70",
    service=Plain("civitai"), about=About(document='{"id": 7}'),
)  # fmt: skip


def kept(path: Path, reference: str = "civitai:7", resource: Resource = RESOURCE) -> Arrived:
    return Arrived(Job(reference, Settings()), resource, Placement(path.parent, type="lora"), path, (SHA256,), "sha256")


def test_a_url_is_noted_as_it_was_typed_and_anything_else_as_what_it_stands_for() -> None:
    assert arrival_of(kept(Path("a.bin"))).url == API
    typed = "https://civitai.com/api/download/models/7?token=SECRET"
    arrival = arrival_of(kept(Path("a.bin"), typed))
    assert arrival.url == typed
    assert identity("https://civitai.com/api/download/models/7") in arrival.identities
    assert identity("civitai:7?fileId=70") in arrival.identities
    assert "SECRET" not in repr(arrival)


def test_the_sources_description_is_noted_where_it_is_civitais() -> None:
    assert arrival_of(kept(Path("a.bin"))).data == {"id": 7}
    assert arrival_of(kept(Path("a.bin"), resource=replace(RESOURCE, service=Plain("huggingface")))).data is None
    for document in ("", "{", "[1]"):
        resource = replace(RESOURCE, about=About(document=document))
        assert arrival_of(kept(Path("a.bin"), resource=resource)).data is None


def test_the_name_is_the_servers_without_a_hash() -> None:
    unnamed = replace(RESOURCE, name=None)
    assert arrival_of(kept(Path(f"a_{'0' * 64}.bin"), resource=unnamed)).name == "a.bin"
    assert arrival_of(kept(Path("b.bin"), resource=unnamed)).name == "b.bin"


def test_a_sidecar_is_written_and_a_failure_is_told_to_nobody_but_the_log(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"content")
    told: list[Recorded] = []
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    noting = Noting(kept(path), late, OsDisk(), lambda: 5.0, told.append)
    noting.step()
    sidecar = json.loads((tmp_path / f"{identity(API)}.json").read_text())
    assert (sidecar["file_name"], sidecar["anyfetch"]["type"]) == ("a.bin", "lora")
    assert late.opened().digests(path) == (SHA256,)
    assert is_ours(tmp_path / f"{identity(API)}.json", late.opened())
    noting.fail(OSError("no room"))
    assert told == [Recorded(), Recorded(is_kept=False)]
    late.close()


def test_a_file_whose_sidecar_cannot_be_written_is_in_the_index_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"content")
    (tmp_path / f"{identity(API)}.json").mkdir()
    late = LateIndex(tmp_path / "index.sqlite", OsDisk(), (), lambda: 0.0)
    told: list[Recorded] = []
    noting = Noting(kept(path), late, OsDisk(), lambda: 5.0, told.append)
    with pytest.raises(StorageError):
        noting.step()
    assert late.opened().digests(path) == (SHA256,)
    assert told == []
    late.close()
