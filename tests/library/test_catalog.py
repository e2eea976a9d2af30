from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.catalog import GOOD_FOR_SECONDS, Catalog, is_ours
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import BASE, CONTENT, hexed, leave

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import RandomFile

SHA256 = Digest("sha256", hexed(CONTENT))


class CountingDisk(OsDisk):
    """Knows what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def open_to_read(self, path: Path) -> RandomFile:
        self.read.append(path.name)
        return super().open_to_read(path)


@pytest.fixture
def disk() -> CountingDisk:
    return CountingDisk()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index(tmp_path / "index.sqlite") as index:
        yield index


def many(folder: Path, count: int = 20) -> list[Path]:
    return [leave(folder, url=f"{BASE}{number}", content=str(number).encode())[1] for number in range(count)]


def test_a_folder_of_sidecars_is_read_once_and_then_only_what_is_asked_for(
    tmp_path: Path, index: Index, disk: CountingDisk
) -> None:
    many(tmp_path / "loras")
    catalog = Catalog(index, disk)
    assert len(catalog.sidecars(tmp_path / "loras")) == 20
    assert len(disk.read) == 20
    for number in range(20):
        found = catalog.model_of(tmp_path / "loras", f"{BASE}{number}")
        assert found is not None
        assert found.record.data == {"modelId": 1, "baseModel": "SDXL 1.0"}
    assert catalog.model_of(tmp_path / "loras", f"{BASE}21") is None
    assert len(disk.read) == 40


def test_the_next_process_reads_none_of_those_that_are_as_they_were(
    tmp_path: Path, index: Index, disk: CountingDisk
) -> None:
    paths = many(tmp_path / "loras")
    before = Catalog(index, OsDisk()).sidecars(tmp_path / "loras")
    catalog = Catalog(index, disk)
    assert catalog.sidecars(tmp_path / "loras") == before
    assert catalog.model_of(tmp_path / "loras", "https://h.example/x") is None
    assert disk.read == []
    paths[3].write_text(paths[3].read_text().replace("143906", "999"))
    paths[4].unlink()
    after = Catalog(index, disk).sidecars(tmp_path / "loras")
    assert disk.read == [paths[3].name]
    assert {sidecar.record.url for sidecar in before} - {sidecar.record.url for sidecar in after} == {
        f"{BASE}3",
        f"{BASE}4",
    }


def test_what_is_written_and_removed_meanwhile_is_seen(tmp_path: Path, index: Index, disk: CountingDisk) -> None:
    catalog = Catalog(index, disk)
    assert catalog.model_of(tmp_path, BASE) is None
    model, sidecar = leave(tmp_path)
    found = catalog.model_of(tmp_path, BASE)
    assert found is not None
    assert found.model == model
    sidecar.unlink()
    assert catalog.model_of(tmp_path, BASE) is None


@pytest.mark.parametrize("junk", [b"", b"{", b"[1]", b'{"url": 5}'])
def test_what_makes_no_sense_is_not_read_again_either(
    tmp_path: Path, index: Index, disk: CountingDisk, junk: bytes
) -> None:
    (tmp_path / f"{'0' * 64}.json").write_bytes(junk)
    for _ in range(2):
        assert Catalog(index, disk).model_of(tmp_path, BASE) is None
    assert len(disk.read) == 1


def test_a_secret_in_somebody_elses_sidecar_is_found_by_but_not_kept(tmp_path: Path, index: Index) -> None:
    leave(tmp_path / "m", url=f"{BASE}?token=HUNTER2&key=HUNTER3")
    assert Catalog(index, OsDisk()).model_of(tmp_path / "m", f"{BASE}?key=HUNTER3") is not None
    assert Catalog(index, OsDisk()).model_of(tmp_path / "m", f"{BASE}?key=HUNTER3") is not None
    index.close()
    assert b"HUNTER" not in b"".join(path.read_bytes() for path in tmp_path.glob("index.sqlite*"))


@pytest.mark.parametrize("change", ["none", "rewritten", "touched", "foreign", "lost"])
def test_it_is_known_which_sidecars_we_have_written(tmp_path: Path, index: Index, change: str) -> None:
    model = tmp_path / "m" / "dream.safetensors"
    model.parent.mkdir()
    model.write_bytes(CONTENT)
    with Index() as lost:
        arrival = Arrival(model, BASE, BASE, (SHA256,), "sha256", model.name)
        path = record(arrival, lost if change == "lost" else index, OsDisk(), 5.0)
    assert Catalog(index, OsDisk()).sidecars(model.parent), "looking leaves it known"
    status = path.stat()
    if change == "rewritten":
        path.write_text(path.read_text())
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "touched":
        os.utime(path)
    elif change == "foreign":
        path = leave(tmp_path / "m")[1]
    assert is_ours(path, index) == (change == "none")


def test_a_folder_is_looked_through_every_few_seconds_and_what_is_named_by_its_reference_is_seen_at_once(
    tmp_path: Path, index: Index, disk: CountingDisk
) -> None:
    now = 100.0
    catalog = Catalog(index, disk, clock=lambda: now)
    assert catalog.model_of(tmp_path, BASE) is None
    leave(tmp_path, url=f"{BASE}?token=another")
    model, _ = leave(tmp_path, url=f"{BASE}7", content=b"7")
    assert catalog.model_of(tmp_path, BASE) is None
    found = catalog.model_of(tmp_path, f"{BASE}7")
    assert found is not None
    assert found.model == model
    now += GOOD_FOR_SECONDS
    assert catalog.model_of(tmp_path, BASE) is not None
    assert len(catalog.sidecars(tmp_path)) == 2
