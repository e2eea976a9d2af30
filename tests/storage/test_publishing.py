from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.messages import Published
from anymatix_fetcher.errors import DestinationExistsError
from tests.storage.opened import CONTENT, LENGTH, OTHER, Opened

if TYPE_CHECKING:
    from pathlib import Path

NAMED_BY = Digest("sha256", sha256(CONTENT).hexdigest())


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    opened = Opened(tmp_path / "working.bin")
    opened.fill()
    opened.store.verify(LENGTH)
    opened.workers.run()
    return opened


def publish(opened: Opened, destination: Path) -> None:
    opened.store.publish(NAMED_BY, destination)
    opened.workers.run()


def test_a_name_that_is_known_last_is_given_in_one_step(tmp_path: Path, opened: Opened) -> None:
    publish(opened, tmp_path / "final.bin")
    assert opened.events[-1] == Published()
    assert [path.name for path in tmp_path.iterdir()] == ["final.bin"]
    assert (tmp_path / "final.bin").read_bytes() == CONTENT


def test_the_same_content_under_that_name_is_kept_and_the_new_copy_goes(tmp_path: Path, opened: Opened) -> None:
    (tmp_path / "final.bin").write_bytes(CONTENT)
    before = (tmp_path / "final.bin").stat().st_ino
    publish(opened, tmp_path / "final.bin")
    assert opened.events[-1] == Published(already_there=True)
    assert [path.name for path in tmp_path.iterdir()] == ["final.bin"]
    assert (tmp_path / "final.bin").stat().st_ino == before


def test_something_else_under_that_name_stays_and_so_does_the_part_file(tmp_path: Path, opened: Opened) -> None:
    (tmp_path / "final.bin").write_bytes(OTHER)
    publish(opened, tmp_path / "final.bin")
    assert isinstance(opened.failure(), DestinationExistsError)
    assert (tmp_path / "final.bin").read_bytes() == OTHER
    assert (tmp_path / "working.bin.part").read_bytes() == CONTENT


def test_a_link_under_that_name_is_not_followed(tmp_path: Path, opened: Opened) -> None:
    (tmp_path / "elsewhere").write_bytes(CONTENT)
    (tmp_path / "final.bin").symlink_to(tmp_path / "elsewhere")
    publish(opened, tmp_path / "final.bin")
    assert isinstance(opened.failure(), DestinationExistsError)
