from __future__ import annotations

import errno
import os
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.messages import Published
from anymatix_fetcher.core.values.ports import SHARED_MODE
from anymatix_fetcher.errors import DestinationExistsError
from tests.storage.doubles import FaultyDisk, FaultyFile
from tests.storage.opened import CONTENT, LENGTH, OTHER, Opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import RandomFile

NAMED_BY = Digest("sha256", sha256(CONTENT).hexdigest())


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    opened = Opened(tmp_path / "working.bin")
    opened.fill()
    opened.store.verify(LENGTH)
    opened.workers.run()
    return opened


def publish(opened: Opened, destination: Path) -> None:
    opened.publish(NAMED_BY, destination)


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


def test_a_wish_to_stop_that_comes_before_the_rename_is_granted(tmp_path: Path, opened: Opened) -> None:
    opened.store.publish()
    assert opened.store.withdraw()
    opened.workers.run()
    assert not any(isinstance(event, Published) for event in opened.events)
    assert (tmp_path / "working.bin.part").read_bytes() == CONTENT
    assert not (tmp_path / "working.bin").exists()


class Acting(FaultyDisk):
    """A disk that does something at the very moment when a file is given its name, or has just been given it."""

    def __init__(self, before: Callable[[Path], None], after: Callable[[Path], None]) -> None:
        super().__init__()
        self._before = before
        self._after = after

    def move(self, source: Path, destination: Path) -> None:
        self._before(source)
        super().move(source, destination)
        self._after(destination)


def nothing(_: Path) -> None:
    """Does nothing."""


def test_after_the_rename_it_is_too_late_to_stop(tmp_path: Path) -> None:
    answers: list[bool] = []
    life = Opened(tmp_path / "x.bin", disk=Acting(nothing, lambda _: answers.append(life.store.withdraw())))
    life.fill()
    assert life.finish()[-1] == Published()
    assert answers == [False]
    assert not life.store.withdraw()
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_a_part_file_that_is_swapped_at_the_very_end_is_not_published(tmp_path: Path) -> None:
    def swap(part: Path) -> None:
        part.unlink()
        part.write_bytes(OTHER)

    opened = Opened(tmp_path / "x.bin", disk=Acting(swap, nothing))
    opened.fill()
    opened.finish()
    assert "replaced" in opened.failure().message
    assert not (tmp_path / "x.bin").exists()
    assert (tmp_path / "x.bin.part").read_bytes() == OTHER


class Blind(FaultyDisk):
    """A disk that can't tell which file a path names, once a file has been given its name."""

    def open(self, path: Path, mode: int = SHARED_MODE) -> RandomFile:
        return BlindFile(super().open(path, mode), path, self._happens)


class BlindFile(FaultyFile):
    def duplicate(self) -> RandomFile:
        return BlindFile(super().duplicate(), self._path, self._happens)

    def is_at(self, path: Path) -> bool:
        if not path.name.endswith(".part"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return super().is_at(path)


def test_a_last_look_that_fails_takes_nothing_back(tmp_path: Path) -> None:
    life = Opened(tmp_path / "x.bin", disk=Blind())
    life.fill()
    assert life.finish()[-1] == Published()
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
