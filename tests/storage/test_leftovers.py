from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.storage.leftovers import JournalWatch, Leftovers, PartProgress
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.storage.doubles import FaultyFile
from tests.storage.opened import BLOCK, LENGTH, REFERENCE, Opened, blocks, leave

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import RandomFile


def test_a_part_file_is_found_again_by_its_reference(destination: Path) -> None:
    leave(destination, Span(0, BLOCK))
    leave(destination.with_name("other.bin"), Span(0, BLOCK))
    destination.with_name("bad.part.journal").write_bytes(b"?")
    destination.with_name(".part.journal").write_bytes(b"?")
    second = Opened(destination.with_name("second.bin"), reference="hf:org/repo/file")
    second.fill(Span(0, 1))
    leftovers = Leftovers(OsDisk(), lambda: 0.0)
    assert leftovers.find(destination.parent, "hf:org/repo/file") == destination.with_name("second.bin")
    assert leftovers.find(destination.parent, REFERENCE) == destination
    assert leftovers.find(destination.parent, "hf:org/repo/else") is None
    assert leftovers.find(destination.parent / "missing", REFERENCE) is None


class CountingDisk(OsDisk):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def open_to_read(self, path: Path) -> RandomFile:
        return FaultyFile(super().open_to_read(path), path, self._happens)

    def _happens(self, operation: str, _: Path) -> None:
        self.reads += operation == "read_into"


def test_another_process_sees_how_far_a_download_is(destination: Path) -> None:
    watch, disk = JournalWatch(destination, REFERENCE, OsDisk()), CountingDisk()
    opened = Opened(destination)
    watch.look()
    assert (watch.progress, watch.is_for_reference) == (None, False)
    opened.fill(Span(0, BLOCK), Span(2 * BLOCK, LENGTH))
    watch.look()
    assert (watch.progress, watch.is_for_reference) == (PartProgress(2 * BLOCK + 777, LENGTH), True)
    opened.store.forget(blocks(0))
    watch.look()
    assert watch.progress == PartProgress(BLOCK + 777, LENGTH)
    other = JournalWatch(destination, "https://host/other", disk)
    for _ in range(10):
        other.look()
    assert (other.progress, other.is_for_reference) == (PartProgress(BLOCK + 777, LENGTH), False)
    assert disk.reads == 1, "it is read again only when it has grown"
    opened.store.discard()
    other.look()
    assert other.progress is None


def test_a_folder_is_looked_through_once_for_many_downloads(destination: Path) -> None:
    leave(destination, Span(0, BLOCK))
    now = [100.0]
    leftovers = Leftovers(OsDisk(), lambda: now[0])
    assert leftovers.find(destination.parent, REFERENCE) == destination
    later = Opened(destination.with_name("later.bin"), reference="hf:org/repo/later")
    later.fill(Span(0, 1))
    assert leftovers.find(destination.parent, "hf:org/repo/later") is None
    now[0] += 60.0
    assert leftovers.find(destination.parent, "hf:org/repo/later") == destination.with_name("later.bin")
    later.store.discard()
    assert leftovers.find(destination.parent, "hf:org/repo/later") is None


def test_a_folder_that_may_not_be_looked_through_holds_nothing_that_is_known(tmp_path: Path) -> None:
    """As one that may be written to, and not read: the system refuses to list it."""
    (tmp_path / "file").write_bytes(b"x")
    assert OsDisk().names(tmp_path / "file") == []
    assert OsDisk().names(tmp_path / "file" / "below") == []
    assert OsDisk().names(tmp_path / "missing") == []
