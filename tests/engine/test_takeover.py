"""How the taking over of another program's part looks while it is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.engine.takeover import AUTO, Takeover
from anymatix_fetcher.storage.os_disk import OsDisk

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.storage.store import Store

MIB = 1 << 20


class Copying:
    """A store that has copied as much as the test says."""

    def __init__(self) -> None:
        self.recorded = SpanSet()
        self.begun = 0

    def take_over(self, *_: object) -> None:
        self.begun += 1


def test_it_says_how_far_the_copying_is_and_nothing_before_and_after_it(tmp_path: Path) -> None:
    (tmp_path / "m.bin.crdownload").write_bytes(b"\1" * (8 * MIB))
    takeover, copying = Takeover(AUTO, OsDisk()), Copying()
    store = cast("Store", copying)
    assert takeover.finds(tmp_path / "m.bin")
    takeover.prepare(16 * MIB, (), overwrite=False)
    assert takeover.note(store) == ""
    assert takeover.begin(store, 16 * MIB, lambda _: None)
    assert copying.begun == 1
    assert takeover.note(store) == "taking over what is in m.bin.crdownload: 0%"
    copying.recorded = SpanSet.of(Span(0, 2 * MIB))
    assert takeover.note(store) == "taking over what is in m.bin.crdownload: 25%"
    takeover.end()
    assert takeover.note(store) == ""
