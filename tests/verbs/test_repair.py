from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import CancelToken, Condition, DigestMismatchError, verify
from anymatix_fetcher.library.sidecars import sidecars_in
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.verbs.ls import list_models
from anymatix_fetcher.verbs.repair import origin_of
from tests.library.first_fetcher import leave
from tests.verbs.models import MEBIBYTE, arrived, content, flip, model

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import File, Origin

SIZE = 40 * MEBIBYTE + 99
DATA = content(SIZE)


@pytest.fixture
def file(origin: Origin) -> File:
    return origin.add("/x.safetensors", data=DATA)


def test_only_bad_blocks_are_fetched_and_the_whole_is_proved(tmp_path: Path, origin: Origin, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    path.chmod(0o640)
    before = path.stat()
    verify([path])
    flip(path, 3 * MEBIBYTE + 5, SIZE - 1)
    (found,) = verify([path], repair=True)
    assert (found.condition, found.error, found.verified) == (Condition.REPAIRED, None, "sha256")
    assert path.read_bytes() == DATA
    assert origin.ledger().bytes_sent < 12 * MEBIBYTE
    assert 0 < found.bytes_downloaded < 12 * MEBIBYTE
    now = path.stat()
    assert (now.st_mtime_ns, now.st_mode) == (before.st_mtime_ns, before.st_mode)
    assert len(list(tmp_path.iterdir())) == 2
    assert verify([path])[0].condition is Condition.INTACT


def test_a_file_that_was_cut_gets_its_end_again(tmp_path: Path, origin: Origin, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    verify([path])
    os.truncate(path, SIZE - 2 * MEBIBYTE)
    (found,) = verify([path], repair=True)
    assert found.condition is Condition.REPAIRED
    assert path.read_bytes() == DATA
    assert origin.ledger().bytes_sent < 12 * MEBIBYTE


def test_where_no_blocks_are_known_the_whole_file_is_fetched(tmp_path: Path, origin: Origin, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    flip(path, 7)
    (found,) = verify([path], repair=True)
    assert found.condition is Condition.REPAIRED
    assert path.read_bytes() == DATA
    assert origin.ledger().bytes_sent >= SIZE


def test_a_copy_that_is_here_saves_the_download(tmp_path: Path, origin: Origin, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    copy = model(tmp_path / "copy.safetensors", DATA)
    verify([tmp_path])
    flip(path, 7)
    (found,) = verify([path], repair=True)
    assert (found.condition, found.repaired_from, found.bytes_downloaded) == (Condition.REPAIRED, copy, 0)
    assert path.read_bytes() == DATA
    assert not path.samefile(copy)
    assert origin.ledger().requests == 0
    assert verify([path])[0].condition is Condition.INTACT


def test_a_copy_that_is_damaged_too_isnt_used(tmp_path: Path, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    copy = model(tmp_path / "copy.safetensors", DATA)
    verify([tmp_path])
    flip(path, 7)
    flip(copy, 9)
    (found,) = verify([path], repair=True)
    assert (found.condition, found.repaired_from) == (Condition.REPAIRED, None)
    assert path.read_bytes() == DATA


def test_a_sidecar_that_was_not_written_here_has_no_file_replaced(tmp_path: Path, origin: Origin, file: File) -> None:
    mine = content(5000, seed=7)
    path = model(tmp_path / "x.safetensors", mine)
    _, sidecar = leave(
        tmp_path / "theirs", url=file.url, content=DATA, file_name=path.name, sha256=file.sha256(), file_size=SIZE
    )
    sidecar.rename(tmp_path / sidecar.name)
    (found,) = verify([path], repair=True)
    assert (found.condition, path.read_bytes()) == (Condition.DAMAGED, mine)
    assert isinstance(found.error, DigestMismatchError)
    assert "elsewhere" in found.error.hint
    assert origin.ledger().requests == 0
    assert not list_models(models=tmp_path).models[0].is_damaged, "it is only said of it"


def test_a_copy_that_only_its_name_tells_of_saves_the_download(
    tmp_path: Path, origin: Origin, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path))
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    copy = model(tmp_path / "vae" / f"x_{file.sha256()}.safetensors", DATA)
    flip(path, 7)
    (found,) = verify([path], repair=True)
    assert (found.condition, found.repaired_from) == (Condition.REPAIRED, copy)
    assert path.read_bytes() == DATA
    assert origin.ledger().requests == 0


@pytest.mark.parametrize("asked", ["one", "all"])
def test_a_file_is_repaired_for_all_its_names(
    tmp_path: Path, origin: Origin, file: File, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path))
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    names = [tmp_path / "loras" / "y.safetensors", tmp_path / "z.safetensors"]
    names[0].parent.mkdir()
    for name in names:
        os.link(path, name)
    (tmp_path / "link.safetensors").symlink_to(path)
    verify([tmp_path])
    flip(path, 7)
    (found,) = verify([path if asked == "one" else tmp_path], repair=True)
    assert found.condition is Condition.REPAIRED
    assert all(name.samefile(path) for name in names)
    assert path.read_bytes() == DATA
    assert origin.ledger().bytes_sent < 12 * MEBIBYTE
    assert {one.condition for one in verify([tmp_path])} == {Condition.INTACT}
    assert len(verify([tmp_path])) == 1


def test_what_nobody_has_recorded_where_it_came_from_cant_be_mended(tmp_path: Path) -> None:
    path = model(tmp_path / "x.safetensors", DATA)
    verify([path])
    flip(path, 7)
    (found,) = verify([path], repair=True)
    assert found.condition is Condition.DAMAGED
    assert found.error is not None
    assert "its origin isn't recorded" in found.error.message


def test_a_link_is_mended_where_it_leads_to(tmp_path: Path, file: File) -> None:
    path = arrived(tmp_path / "models" / "x.safetensors", DATA, file.url)
    real = tmp_path / "elsewhere" / "x.safetensors"
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to(real)
    verify([path])
    flip(real, 7)
    assert verify([path], repair=True)[0].condition is Condition.REPAIRED
    assert path.is_symlink()
    assert real.read_bytes() == DATA


def test_when_it_is_stopped_the_damaged_file_stays_and_the_next_repair_goes_on(tmp_path: Path, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    verify([path])
    flip(path, 7)
    damaged, cancel = path.read_bytes(), CancelToken()
    (found,) = verify([path], repair=True, cancel=cancel, on_download=lambda _: cancel.cancel())
    if found.condition is not Condition.REPAIRED:
        assert isinstance(found.error, DigestMismatchError)
        assert path.read_bytes() == damaged
    assert verify([path], repair=True)[0].error is None
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("by", ["download", "copy"])
def test_what_was_changed_on_purpose_is_kept_beside_what_mends_it(
    tmp_path: Path, file: File, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path))
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    os.link(path, tmp_path / "other-name.safetensors")
    if by == "copy":
        model(tmp_path / "copy.safetensors", DATA)
    verify([tmp_path])
    for number, mine in enumerate((content(5000, seed=7), content(SIZE, seed=8)), 1):
        path.write_bytes(mine)
        kept_as = path.with_name(f"{path.name}.changed{'' if number == 1 else '-2'}")
        (found,) = verify([path], repair=True)
        assert (found.condition, found.kept_as) == (Condition.REPAIRED, kept_as)
        assert kept_as.read_bytes() == mine
        assert path.read_bytes() == DATA
        assert path.samefile(tmp_path / "other-name.safetensors")
    assert {one.path.suffix for one in list_models(models=tmp_path).models} == {".safetensors"}
    path.write_bytes(b"mine")
    (found,) = verify([path], repair=True, keep_changed=False)
    assert (found.condition, found.kept_as) == (Condition.REPAIRED, None)
    assert len(list(tmp_path.glob("*.changed*"))) == 2


def test_what_the_disk_has_changed_isnt_kept(tmp_path: Path, file: File) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    verify([path])
    flip(path, 7)
    assert verify([path], repair=True)[0].kept_as is None
    assert not list(tmp_path.glob("*.changed*"))


@pytest.mark.parametrize("size", [SIZE, SIZE + 1])
def test_another_file_at_the_address_leaves_everything_as_it_was(tmp_path: Path, origin: Origin, size: int) -> None:
    file = origin.add("/x.safetensors", data=content(size, seed=9))
    path = arrived(tmp_path / "x.safetensors", DATA, file.url)
    verify([path])
    names = {one.name for one in tmp_path.iterdir()}
    for offset, quietly in ((7, True), (9, False)):
        flip(path, offset, quietly=quietly)
        damaged = path.read_bytes()
        (found,) = verify([path], repair=True)
        assert (found.condition, path.read_bytes()) == (Condition.DAMAGED, damaged)
        assert isinstance(found.error, DigestMismatchError)
        assert "The server has another file now" in found.error.hint
        assert {one.name for one in tmp_path.iterdir()} == names
    if size != SIZE:
        assert origin.ledger().bytes_sent < SIZE, "its length told at once"


def test_whatever_is_in_a_repairs_way_it_is_the_file_that_is_damaged(tmp_path: Path, origin: Origin) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, origin.url("/gone.safetensors"))
    flip(path, 7)
    assert isinstance(verify([path], repair=True)[0].error, DigestMismatchError)


def test_where_it_came_from_is_the_sidecars_host(tmp_path: Path) -> None:
    leave(tmp_path)
    assert origin_of(sidecars_in(tmp_path, OsDisk())) == "civitai.com"
    assert origin_of([]) == ""
