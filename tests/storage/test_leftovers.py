from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.spans import Span
from anymatix_fetcher.storage.leftovers import Leftovers, PartProgress, find_part, read_progress
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.storage.opened import BLOCK, LENGTH, REFERENCE, Opened, blocks, leave

if TYPE_CHECKING:
    from pathlib import Path


def test_a_part_file_is_found_again_by_its_reference(destination: Path) -> None:
    leave(destination, Span(0, BLOCK))
    leave(destination.with_name("other.bin"), Span(0, BLOCK))
    destination.with_name("bad.part.journal").write_bytes(b"?")
    destination.with_name(".part.journal").write_bytes(b"?")
    second = Opened(destination.with_name("second.bin"), reference="hf:org/repo/file")
    second.fill(Span(0, 1))
    assert find_part(destination.parent, "hf:org/repo/file", OsDisk()) == destination.with_name("second.bin")
    assert find_part(destination.parent, REFERENCE, OsDisk()) == destination
    assert find_part(destination.parent, "hf:org/repo/else", OsDisk()) is None
    assert find_part(destination.parent / "missing", REFERENCE, OsDisk()) is None


def test_another_process_reads_how_far_a_download_is(destination: Path) -> None:
    opened = Opened(destination)
    assert read_progress(destination, OsDisk()) is None
    opened.fill(Span(0, BLOCK), Span(2 * BLOCK, LENGTH))
    assert read_progress(destination, OsDisk()) == PartProgress(2 * BLOCK + 777, LENGTH)
    opened.store.forget(blocks(0))
    assert read_progress(destination, OsDisk()) == PartProgress(BLOCK + 777, LENGTH)
    assert read_progress(destination.with_name("missing"), OsDisk()) is None


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
