"""One process's life with a store, for tests: what it opens, writes, leaves and hears."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.journal import MIN_BLOCK_SIZE
from anymatix_fetcher.core.values.messages import (
    BlocksProved,
    Event,
    Identity,
    Published,
    StorageFailed,
)
from anymatix_fetcher.core.values.spans import Span, SpanSet, union
from anymatix_fetcher.core.values.urls import Origin
from anymatix_fetcher.core.values.validators import EntityTag, Validator
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.store import Store
from tests.storage.doubles import ManualWorkers

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.errors import (
        FetchError,
    )
    from anymatix_fetcher.storage.space import Space

BLOCK = MIN_BLOCK_SIZE
LENGTH = 3 * BLOCK + 777
CONTENT = random.Random(3).randbytes(LENGTH)
OTHER = random.Random(4).randbytes(LENGTH)
IDENTITY = Identity(LENGTH, Validator(EntityTag("v1")), Origin("https", "host", 443))
REFERENCE = "https://host/model.bin?token=hunter2"
WHOLE = SpanSet.whole(LENGTH)


class Opened:
    """One process's life with a store: what it opens, writes, and hears."""

    def __init__(
        self,
        destination: Path,
        *,
        disk: Disk | None = None,
        reference: str = REFERENCE,
        overwrite: bool = False,
        space: Space | None = None,
    ) -> None:
        self.destination = destination
        self.events: list[Event] = []
        self.workers = ManualWorkers()
        self.store = Store.open(
            destination,
            reference=reference,
            disk=disk or OsDisk(),
            workers=self.workers,
            report=self.events.append,
            overwrite=overwrite,
            space=space,
        )

    def fill(self, *spans: Span, content: bytes = CONTENT) -> None:
        self.store.set_identity(IDENTITY)
        for span in spans or (Span(0, LENGTH),):
            self.store.sink.write(span.start, content[span.start : span.stop])

    def finish(self) -> list[Event]:
        self.store.verify(LENGTH)
        self.workers.run()
        self.publish()
        return self.events

    def publish(self, named_by: Digest | None = None, destination: Path | None = None) -> None:
        """Publishes and tidies up, as a driver does when it has recorded what is there."""
        self.store.publish(named_by, destination)
        self.workers.run()
        if isinstance(self.events[-1], Published):
            self.store.tidy()

    def failure(self) -> FetchError:
        assert isinstance(self.events[-1], StorageFailed)
        return self.events[-1].error

    def proved(self) -> tuple[SpanSet, SpanSet]:
        """All blocks that were found good, and bad."""
        answers = [event for event in self.events if isinstance(event, BlocksProved)]
        good = union(span for answer in answers for span in answer.good)
        return good, union(span for answer in answers for span in answer.bad)


def names(destination: Path) -> list[str]:
    return sorted(path.name for path in destination.parent.iterdir())


def leave(destination: Path, *spans: Span) -> None:
    """What a process leaves that stored ``spans`` and died."""
    opened = Opened(destination)
    opened.fill(*spans)
    opened.store.close()


def blocks(*indices: int) -> SpanSet:
    return SpanSet.of(*(Span(index * BLOCK, min((index + 1) * BLOCK, LENGTH)) for index in indices))
