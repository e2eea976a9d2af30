from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.library.recalling import recall
from anymatix_fetcher.library.seeking import Seeker
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import CONTENT, hexed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHA256 = Digest("sha256", hexed(CONTENT))


@pytest.fixture
def seeker() -> Iterator[Seeker]:
    with Index() as index:
        yield Seeker(index, OsDisk(), Catalog(index, OsDisk()))


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_that_is_called_by_its_hash_is_found_and_read_once(tmp_path: Path, seeker: Seeker) -> None:
    path = put(tmp_path / f"{SHA256.hex}.pt")
    found = recall(SHA256, [tmp_path / "none", tmp_path], None, seeker)
    assert found is not None
    assert (found.path, found.verified, found.method) == (path, "sha256", None)
    assert seeker.index.digests(path) == (SHA256,)


def test_a_name_that_lies_is_passed_over(tmp_path: Path, seeker: Seeker) -> None:
    put(tmp_path / "a" / f"{SHA256.hex}.pt", b"no")
    path = put(tmp_path / "b" / f"{SHA256.hex}.pt")
    found = recall(SHA256, [tmp_path / "a", tmp_path / "b"], None, seeker)
    assert found is not None
    assert found.path == path


def test_what_the_index_knows_is_found_wherever_it_lies(tmp_path: Path, seeker: Seeker) -> None:
    path = put(tmp_path / "x" / "m.pt")
    seeker.index.add_many([IndexEntry(path, FileState.of(path.stat()), (SHA256,), HowKnown.CLAIMED)])
    found = recall(SHA256, [tmp_path], None, seeker)
    assert found is not None
    assert found.path == path


def test_it_stays_in_a_folder_of_its_type_and_comes_there_from_elsewhere(tmp_path: Path, seeker: Seeker) -> None:
    folders = [tmp_path / "loras", tmp_path / "more"]
    path = put(tmp_path / "x" / "m.pt")
    seeker.index.add(path, [SHA256])
    linked = recall(SHA256, folders, Placement(folders[0]), seeker)
    assert linked is not None
    assert linked.path == folders[0] / f"{SHA256.hex}.pt"
    assert linked.method is not None
    stays = recall(SHA256, folders, Placement(folders[0]), seeker)
    assert stays is not None
    assert (stays.path, stays.method) == (linked.path, None)
    exact = recall(SHA256, folders, Placement(tmp_path, exact=tmp_path / "mine"), seeker)
    assert exact is not None
    assert (tmp_path / "mine").read_bytes() == CONTENT


def test_what_is_not_here_is_not_found(tmp_path: Path, seeker: Seeker) -> None:
    assert recall(SHA256, [tmp_path], None, seeker) is None
