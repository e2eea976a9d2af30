from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import (
    Published,
)
from anymatix_fetcher.errors import (
    DestinationExistsError,
    StorageError,
)
from tests.storage.opened import CONTENT, OTHER, WHOLE, Opened, leave, names

if TYPE_CHECKING:
    from pathlib import Path


def test_a_destination_that_exists_is_left_alone(destination: Path) -> None:
    destination.parent.mkdir()
    destination.write_bytes(b"precious")
    with pytest.raises(DestinationExistsError) as caught:
        Opened(destination)
    assert "--overwrite" in caught.value.hint
    assert names(destination) == ["model.bin"]


def test_a_destination_that_appears_meanwhile_is_not_replaced(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill()
    destination.write_bytes(b"precious")
    opened.finish()
    assert isinstance(opened.failure(), DestinationExistsError)
    assert destination.read_bytes() == b"precious"
    assert destination.with_name("model.bin.part").read_bytes() == CONTENT


def test_a_destination_is_replaced_when_that_is_wanted_and_not_before(destination: Path) -> None:
    destination.parent.mkdir()
    destination.write_bytes(b"old")
    opened = Opened(destination, overwrite=True)
    opened.fill()
    assert destination.read_bytes() == b"old"
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT
    assert names(destination) == ["model.bin"]


def test_a_folder_at_the_destination_is_refused_even_to_be_overwritten(destination: Path) -> None:
    destination.mkdir(parents=True)
    with pytest.raises(StorageError, match="folder"):
        Opened(destination, overwrite=True)


def test_a_link_at_the_destination_is_neither_followed_nor_replaced(destination: Path, tmp_path: Path) -> None:
    destination.parent.mkdir()
    destination.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DestinationExistsError):
        Opened(destination)
    with pytest.raises(StorageError, match="symbolic link"):
        Opened(destination, overwrite=True)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("suffix", [".part", ".part.journal"])
def test_nothing_is_written_through_a_planted_link(destination: Path, tmp_path: Path, suffix: str) -> None:
    leave(destination)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    planted = destination.with_name(f"model.bin{suffix}")
    planted.unlink()
    planted.symlink_to(victim)
    for overwrite in (False, True):
        with pytest.raises(StorageError, match="symbolic link"):
            Opened(destination, overwrite=overwrite)
    assert victim.read_bytes() == b"precious"


def test_a_strangers_part_file_is_left_alone_unless_it_may_be_overwritten(destination: Path) -> None:
    destination.parent.mkdir()
    part = destination.with_name("model.bin.part")
    part.write_bytes(b"a browser's")
    for _ in range(2):  # the first refusal mustn't leave anything that makes the second attempt succeed
        with pytest.raises(StorageError, match="wasn't made by this program"):
            Opened(destination)
    assert part.read_bytes() == b"a browser's"
    assert names(destination) == ["model.bin.part"]
    opened = Opened(destination, overwrite=True)
    opened.fill()
    opened.finish()
    assert destination.read_bytes() == CONTENT


def test_a_strangers_journal_is_left_alone(destination: Path) -> None:
    destination.parent.mkdir()
    journal = destination.with_name("model.bin.part.journal")
    journal.write_bytes(b"dear diary")
    with pytest.raises(StorageError, match="wasn't made by this program"):
        Opened(destination)
    assert journal.read_bytes() == b"dear diary"


def test_the_part_file_of_another_reference_is_left_alone_unless_it_may_be_overwritten(destination: Path) -> None:
    leave(destination)
    with pytest.raises(StorageError, match="another download") as caught:
        Opened(destination, reference="hf:other/repo/file")
    assert "--overwrite" in caught.value.hint
    kept = Opened(destination).store.kept
    assert kept is not None
    assert kept.blocks == WHOLE
    assert Opened(destination, reference="hf:other/repo/file", overwrite=True).store.kept is None


def test_a_part_file_that_was_replaced_meanwhile_is_not_published(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill()
    part = destination.with_name("model.bin.part")
    part.unlink()
    part.write_bytes(OTHER)
    opened.finish()
    assert "replaced" in opened.failure().message
    assert not destination.exists()
    assert part.read_bytes() == OTHER


def test_a_journal_left_behind_by_a_crash_after_publishing_is_tidied_up(destination: Path) -> None:
    leave(destination)
    destination.with_name("model.bin.part").rename(destination)
    with pytest.raises(DestinationExistsError):
        Opened(destination)
    assert names(destination) == ["model.bin"]
    assert destination.read_bytes() == CONTENT


def test_a_second_name_left_behind_by_a_crash_while_publishing_is_tidied_up(destination: Path) -> None:
    leave(destination)
    destination.hardlink_to(destination.with_name("model.bin.part"))
    with pytest.raises(DestinationExistsError):
        Opened(destination)
    assert names(destination) == ["model.bin"]
    assert destination.read_bytes() == CONTENT
