from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.library.scanning import ScanProgress, ScanReport, scan
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.effort import effort
from tests.library.first_fetcher import BASE, CONTENT, hexed, leave
from tests.library.steps import result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK = OsDisk()
SHA256 = Digest("sha256", hexed(CONTENT))


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        yield index


def test_the_first_fetchers_sidecars_are_claims(tmp_path: Path, index: Index) -> None:
    model, _ = leave(tmp_path / "loras")
    report = result(scan(index, [tmp_path], [], Catalog(index, DISK)))
    assert report == ScanReport(files=2, models=1, learned=2, forgotten=0)
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [(model, HowKnown.CLAIMED)]


def test_a_wrong_length_does_not_speak_against_a_claim(tmp_path: Path, index: Index) -> None:
    model, _ = leave(tmp_path, file_size=5)
    result(scan(index, [tmp_path], [], Catalog(index, DISK)))
    assert [found.path for found in index.wanted(SHA256)] == [model]


@pytest.mark.parametrize("name", ["dream_{}.safetensors", "{}.pt", "{}.PT"])
def test_a_hash_in_a_name_is_a_claim(tmp_path: Path, index: Index, name: str) -> None:
    model = tmp_path / name.format(SHA256.hex)
    model.write_bytes(b"something else")
    (tmp_path / f"notes_{SHA256.hex}.txt").write_bytes(CONTENT)
    result(scan(index, [tmp_path], [], Catalog(index, DISK)))
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [(model, HowKnown.CLAIMED)]


def test_a_sidecar_whose_model_is_gone_tells_nothing(tmp_path: Path, index: Index) -> None:
    model, _ = leave(tmp_path)
    model.unlink()
    assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).learned == 0


def test_a_lost_index_is_rebuilt_of_claims_for_what_is_beside_a_file_proves_nothing(
    tmp_path: Path, index: Index
) -> None:
    model = tmp_path / "dream.safetensors"
    model.write_bytes(CONTENT)
    with Index() as lost:
        record(Arrival(model, BASE, BASE, (SHA256,), "sha256", model.name), lost, DISK, 1.8e9)
    result(scan(index, [tmp_path], [], Catalog(index, DISK)))
    assert [found.proof for found in index.wanted(SHA256)] == [HowKnown.CLAIMED]
    assert index.digests(model) == ()


def test_the_hugging_face_cache_is_a_claim_by_name(tmp_path: Path, index: Index) -> None:
    blob = tmp_path / "models--org--name" / "blobs" / SHA256.hex
    blob.parent.mkdir(parents=True)
    blob.write_bytes(CONTENT)
    assert result(scan(index, [], [tmp_path], Catalog(index, DISK))).learned == 1
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [(blob, HowKnown.CLAIMED)]


def test_files_that_are_gone_are_forgotten(tmp_path: Path, index: Index) -> None:
    model, _ = leave(tmp_path)
    result(scan(index, [tmp_path], [], Catalog(index, DISK)))
    model.unlink()
    assert result(scan(index, [tmp_path], [], Catalog(index, DISK))) == ScanReport(1, 0, 0, 1)


def test_progress_tells_how_many_files_were_looked_at(tmp_path: Path, index: Index) -> None:
    leave(tmp_path / "a")
    leave(tmp_path / "b", content=b"other")
    assert list(scan(index, [tmp_path], [], Catalog(index, DISK))) == [
        ScanProgress(0, 0),
        ScanProgress(2, 2),
        ScanProgress(4, 4),
    ]


def test_two_thousand_models_are_scanned_in_seconds(tmp_path: Path, index: Index) -> None:
    for number in range(1000):
        leave(tmp_path / str(number % 10), url=f"{BASE}/{number}", content=str(number).encode())
    with effort() as spent:
        assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).learned == 2000
    assert spent.seconds < 10


def test_a_folder_in_which_nothing_has_changed_is_not_looked_through_again(tmp_path: Path) -> None:
    leave(tmp_path / "a" / "deep")
    leave(tmp_path / "b", content=b"other")
    now = time.time() + 60
    with Index(None, lambda: now) as index:
        assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).files == 4
        assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).files == 0
        leave(tmp_path / "a" / "deep", url=f"{BASE}1", content=b"third")
        assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).files == 4
        assert len(index.wanted(Digest("sha256", hexed(b"third")))) == 1
        assert len(index.wanted(SHA256)) == 1


def test_a_folder_that_was_changed_just_now_is_looked_through_again(tmp_path: Path, index: Index) -> None:
    leave(tmp_path)
    for _ in range(2):
        assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).files == 2


def test_a_file_that_was_moved_is_claimed_to_be_what_it_was(tmp_path: Path, index: Index) -> None:
    model = tmp_path / "a" / "x.safetensors"
    model.parent.mkdir()
    model.write_bytes(CONTENT)
    index.add(model, [SHA256])
    moved = model.rename(tmp_path / "y.safetensors")
    assert index.wanted(SHA256) == ()
    assert result(scan(index, [tmp_path], [], Catalog(index, DISK))).forgotten == 1
    assert [(found.path, found.proof) for found in index.wanted(SHA256)] == [(moved, HowKnown.CLAIMED)]
