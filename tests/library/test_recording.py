from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.identity import part_of
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import BASE, CONTENT, TOKEN, hexed, leave

if TYPE_CHECKING:
    from pathlib import Path

DISK = OsDisk()
NOW = 1_800_000_000.0
SHA256 = Digest("sha256", hexed(CONTENT))
REFERENCE = "civitai:143906"


def arrival(path: Path) -> Arrival:
    return Arrival(
        path=path,
        reference=REFERENCE,
        url=f"{BASE}?{TOKEN}",
        digests=(SHA256,),
        verified="sha256",
        name="dream.safetensors",
        type="checkpoint",
    )


def test_a_sidecar_keeps_which_references_have_led_to_its_url(tmp_path: Path) -> None:
    model = tmp_path / "dream.safetensors"
    model.write_bytes(CONTENT)
    with Index() as index:
        record(replace(arrival(model), part_of="hf:o/r"), index, DISK, NOW)
        path = record(replace(arrival(model), reference="civitai:7"), index, DISK, NOW)
    identities = json.loads(path.read_bytes())["anyfetch"]["identities"]
    assert set(identities) == {hexed(BASE), hexed("civitai:7"), hexed(REFERENCE), part_of("hf:o/r")}
    assert len(identities) == 4


def test_a_download_leaves_a_sidecar_and_an_entry(tmp_path: Path) -> None:
    model = tmp_path / "dream.safetensors"
    model.write_bytes(CONTENT)
    with Index() as index:
        path = record(arrival(model), index, DISK, NOW)
        assert index.digests(model) == (SHA256,)
    assert path == tmp_path / f"{hexed(BASE)}.json"
    fields = json.loads(path.read_bytes())
    own = fields.pop("anyfetch")
    assert fields == {
        "url": BASE,
        "file_name": "dream.safetensors",
        "file_size": len(CONTENT),
        "name": "dream.safetensors",
        "data": None,
        "sha256": SHA256.hex,
    }
    assert (own["source"], own["type"], own["verified"], own["verified_at"]) == (REFERENCE, "checkpoint", "sha256", NOW)
    assert b"SECRET" not in path.read_bytes()
    for reference in (REFERENCE, BASE, f"{BASE}?token=ANOTHER"):
        with Index() as empty:
            assert Catalog(empty, DISK).model_of(tmp_path, reference) is not None


def test_what_the_first_fetcher_wrote_besides_is_kept(tmp_path: Path) -> None:
    model, sidecar = leave(tmp_path, extra="theirs")
    with Index() as index:
        assert record(arrival(model), index, DISK, NOW) == sidecar
    fields = json.loads(sidecar.read_bytes())
    assert fields["data"] == {"modelId": 1, "baseModel": "SDXL 1.0"}
    assert fields["extra"] == "theirs"


def test_a_file_that_is_gone_cannot_be_recorded(tmp_path: Path) -> None:
    with Index() as index, pytest.raises(StorageError):
        record(arrival(tmp_path / "missing"), index, DISK, NOW)
    assert list(tmp_path.iterdir()) == []
