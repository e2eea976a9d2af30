from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from anymatix_fetcher.errors import DiskFullError, StorageError
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.sidecar_format import MOST_BYTES, Provenance, Record
from anymatix_fetcher.library.sidecars import Sidecar, read_sidecar, sidecars_in, write_sidecar
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import BASE, CONTENT, TOKEN, hexed, leave

DISK = OsDisk()


def find_model(folder: Path, reference: str, auth: str = "") -> Sidecar | None:
    with Index() as index:
        return Catalog(index, DISK).model_of(folder, reference, auth)


@pytest.mark.parametrize("by_content", [True, False])
@pytest.mark.parametrize("auth", ["", TOKEN])
@pytest.mark.parametrize("asked", [BASE, f"{BASE}?{TOKEN}", f"{BASE}?token=ANOTHER"])
def test_what_the_first_fetcher_left_is_found_with_any_token_and_with_none(
    tmp_path: Path, asked: str, auth: str, *, by_content: bool
) -> None:
    model, sidecar = leave(tmp_path, auth=auth, by_content=by_content)
    found = find_model(tmp_path, asked)
    assert found is not None
    assert (found.path, found.model) == (sidecar, model)


def test_a_query_that_belongs_to_the_url_keeps_files_apart(tmp_path: Path) -> None:
    leave(tmp_path, url=f"{BASE}?type=Model", auth=TOKEN)
    assert find_model(tmp_path, f"{BASE}?type=Model") is not None
    assert find_model(tmp_path, f"{BASE}?type=Model&{TOKEN}") is not None
    assert find_model(tmp_path, BASE) is None
    assert find_model(tmp_path, f"{BASE}?type=VAE") is None


def test_an_auth_of_another_name_is_found_where_it_is_given(tmp_path: Path) -> None:
    leave(tmp_path, auth="zugang=SECRET", url="https://h.example/x.pt")
    assert find_model(tmp_path, "https://h.example/x.pt", "zugang=SECRET") is not None


def test_the_older_sidecar_without_a_size_counts_by_its_digest(tmp_path: Path) -> None:
    model, sidecar = leave(tmp_path, file_size=..., name=...)
    found = find_model(tmp_path, BASE)
    assert found is not None
    assert found.path == sidecar
    model.unlink()
    assert find_model(tmp_path, BASE) is None


def test_a_model_that_is_not_whole_is_not_found(tmp_path: Path) -> None:
    model, _ = leave(tmp_path, by_content=False)
    model.write_bytes(CONTENT[:-1])
    assert find_model(tmp_path, BASE) is None


def test_where_neither_size_nor_digest_is_stated_nothing_is_found(tmp_path: Path) -> None:
    leave(tmp_path, file_size=None, by_content=False)
    assert find_model(tmp_path, BASE) is None


def test_a_sidecar_whose_model_is_gone_does_not_hide_another_one(tmp_path: Path) -> None:
    gone, _ = leave(tmp_path, by_content=False)
    gone.unlink()
    model, _ = leave(tmp_path, auth=TOKEN)
    found = find_model(tmp_path, BASE)
    assert found is not None
    assert found.model == model


@pytest.mark.parametrize("junk", [b"", b"{", b"[1]", b"\xff", b'{"file_name": 5}'])
def test_broken_sidecars_are_passed_over(tmp_path: Path, junk: bytes) -> None:
    leave(tmp_path, auth=TOKEN)
    (tmp_path / f"{hexed(BASE)}.json").write_bytes(junk)
    assert find_model(tmp_path, BASE) is not None


def test_other_json_files_are_no_sidecars(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"url": BASE, "file_name": "x"}))
    assert sidecars_in(tmp_path, DISK) == []


def test_a_sidecar_is_not_read_through_a_link_nor_when_it_is_huge(tmp_path: Path) -> None:
    real = tmp_path / "secret.json"
    real.write_text("{}")
    link = tmp_path / f"{'0' * 64}.json"
    link.symlink_to(real)
    assert read_sidecar(link, DISK) is None
    huge = tmp_path / f"{'1' * 64}.json"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert read_sidecar(huge, DISK) is None


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://u:SECRET@h.example/x.pt", "https://h.example/x.pt"),
        ('https://h.example/a"b\\c', 'https://h.example/a"b\\c'),
        ("https://h.example/\u30e2.pt", "https://h.example/\u30e2.pt"),
    ],
)
def test_a_url_is_found_however_it_is_written_in_the_file(tmp_path: Path, written: str, asked: str) -> None:
    leave(tmp_path, url=written, auth=TOKEN)
    assert find_model(tmp_path, asked) is not None


def test_a_missing_folder_has_none(tmp_path: Path) -> None:
    assert sidecars_in(tmp_path / "nowhere", DISK) == []
    assert find_model(tmp_path / "nowhere", BASE) is None


def test_what_is_written_is_found_by_url_and_by_the_reference_that_stood_for_it(tmp_path: Path) -> None:
    model = tmp_path / "dream.safetensors"
    model.write_bytes(CONTENT)
    own = Provenance(source="civitai:143906", identities=(hexed(BASE), hexed("civitai:143906")))
    record = Record(url=BASE, file_name=model.name, file_size=len(CONTENT), own=own)
    path = write_sidecar(tmp_path, f"{BASE}?{TOKEN}", record, DISK)
    assert path == tmp_path / f"{hexed(BASE)}.json"
    for reference in (BASE, f"{BASE}?{TOKEN}", "civitai:143906"):
        found = find_model(tmp_path, reference)
        assert found is not None
        assert found.model == model
    assert find_model(tmp_path, "civitai:143907") is None


def test_writing_makes_the_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = write_sidecar(tmp_path / "new" / "loras", BASE, Record(url=BASE), DISK)
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208 - the names alone


class FullDisk(OsDisk):
    def replace(self, source: Path, destination: Path) -> None:
        assert source.read_bytes()
        raise OSError(28, os.strerror(28), str(destination))


def test_a_failed_write_leaves_the_old_sidecar_and_no_litter(tmp_path: Path) -> None:
    path = write_sidecar(tmp_path, BASE, Record(url=BASE, name="old"), DISK)
    before = path.read_bytes()
    with pytest.raises(DiskFullError):
        write_sidecar(tmp_path, BASE, Record(url=BASE, name="new"), FullDisk())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        write_sidecar(tmp_path / "file" / "loras", BASE, Record(url=BASE), DISK)


def test_the_first_fetcher_would_find_what_we_write_without_a_token(tmp_path: Path) -> None:
    write_sidecar(tmp_path, BASE, Record(url=BASE, file_name="dream.safetensors", file_size=3), DISK)
    theirs = json.loads((tmp_path / f"{hexed(BASE)}.json").read_text())
    assert theirs["url"] == BASE
    assert {"file_name", "file_size", "name", "data"} <= set(theirs)
    assert Path(theirs["file_name"]).name == theirs["file_name"]
