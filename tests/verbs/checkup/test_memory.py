from __future__ import annotations

import time
from typing import TYPE_CHECKING

from anymatix_fetcher import Digest, FindingState
from anymatix_fetcher.core.pace.learned import KnownHost
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.storage.host_memory import HostMemory
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.verbs.checkup.memory import examine_host_memory, examine_index, examine_unfinished

if TYPE_CHECKING:
    from pathlib import Path

BLOCKED = "a file where a folder should be"


def test_an_index_that_isnt_there_yet_isnt_made(tmp_path: Path) -> None:
    found = examine_index(tmp_path / "data" / "index.sqlite")
    assert found.state is FindingState.OK
    assert list(tmp_path.iterdir()) == []


def test_an_index_is_counted_and_stays_as_it_is(tmp_path: Path) -> None:
    path, model = tmp_path / "index.sqlite", tmp_path / "m.bin"
    model.write_bytes(b"model")
    with Index(path) as index:
        index.add(model, [Digest("sha256", "0" * 64)])
        assert examine_index(path).text == f"files recorded: 1, in {path}"  # while it is open, too
    before = path.read_bytes()
    assert examine_index(path).text == f"files recorded: 1, in {path}"
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"index.sqlite", "m.bin"}


def test_a_broken_index_is_a_note_and_isnt_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"no database at all" * 100)
    found = examine_index(path)
    assert found.state is FindingState.NOTE
    assert "set aside and rebuilt on its next use" in found.text
    assert [one.name for one in tmp_path.iterdir()] == ["index.sqlite"]


def test_where_nothing_can_be_kept_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text(BLOCKED)
    path = tmp_path / "home" / "hosts.json"
    for found in (examine_index(path), examine_host_memory(HostMemory(path, time.time), path)):
        assert found.state is FindingState.NOTE
        assert found.text.endswith("can't be created: nothing is recorded")


def test_known_hosts_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "hosts.json"
    memory = HostMemory(path, lambda: 1000.0)
    memory.write({"https://models.example": KnownHost(seen_at=1000.0)})
    assert examine_host_memory(memory, path).text == f"hosts recorded: 1, in {path}"


def test_unfinished_downloads_are_named(tmp_path: Path) -> None:
    here, models = tmp_path / "here", tmp_path / "models"
    here.mkdir()
    models.mkdir()
    assert examine_unfinished(here, [models], OsDisk()).state is FindingState.OK
    for name in ("a.bin", "b.bin"):
        (here / f"{name}.part").write_bytes(b"half")
        (here / f"{name}.part.journal").write_bytes(b"")
    (here / "of_another_program.part").write_bytes(b"half")
    found = examine_unfinished(here, [models], OsDisk())
    assert found.state is FindingState.NOTE
    assert found.text.startswith(f"{here / 'a.bin'} and 1 more")
