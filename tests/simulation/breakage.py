"""Locks, storage and operations of the disk that break as a simulated life says, and the errors that this excuses."""

from __future__ import annotations

import errno
import os
from functools import cached_property
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import JOURNAL_SUFFIX, PART_SUFFIX
from anymatix_fetcher.errors import (
    DestinationExistsError,
    DiskFullError,
    FetchError,
    InternalError,
    StorageError,
)
from anymatix_fetcher.storage.store import Store
from tests.simulation.scenario import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.transports.base import Sink
    from tests.simulation.scenario import Life, Trouble

DESTINATION = FOLDER / "model.safetensors"
PART = DESTINATION.with_name(DESTINATION.name + PART_SUFFIX)
JOURNAL = DESTINATION.with_name(DESTINATION.name + JOURNAL_SUFFIX)


class Lock:
    """A lock that nobody else wants; ``held`` tells which ones are taken."""

    def __init__(self, held: set[Path], destination: Path) -> None:
        self._held = held
        self._destination = destination

    def try_acquire(self) -> bool:
        self._held.add(self._destination)
        return True

    def is_held(self) -> bool:
        return self._destination in self._held

    def show_life(self) -> None:
        pass

    def signs_of_life(self) -> object:
        return None

    def release(self) -> None:
        self._held.discard(self._destination)


class Free(Lock):
    """A lock of which nobody keeps account."""

    def __init__(self, destination: Path) -> None:
        super().__init__(set(), destination)


class BreakingSink:
    """A sink that has a bug: after so many pieces it raises what no disk does."""

    def __init__(self, sink: Sink, after: int) -> None:
        self._sink = sink
        self._left = after

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        if self._left == 0:
            raise ValueError("planted")
        self._left -= 1
        self._sink.write(offset, data)


def breaking_store(after: int) -> type[Store]:
    """Storage whose sink breaks."""

    class BreakingStore(Store):
        @cached_property
        def sink(self) -> Sink:  # type: ignore[override] # as the real one, but for its bug
            return BreakingSink(super().sink, after)

    return BreakingStore


def excuses(life: Life | None, *, was_there: bool) -> set[type[FetchError]]:
    """The errors that what happens to this machine, not to the network, may end in."""
    excuses: set[type[FetchError]] = {DestinationExistsError} if was_there else set()
    if life is not None and life.fills_disk_after is not None:
        excuses.add(DiskFullError)
    if life is not None and (life.rots or life.fails_sync_after is not None):
        excuses.add(StorageError)
    if life is not None and life.meanwhile.cuts_after_seconds is not None:
        excuses.add(StorageError)
    if life is not None:
        excuses |= _troubles(life.trouble)
    return excuses


def _troubles(trouble: Trouble) -> set[type[FetchError]]:
    """The errors that what goes wrong with this download alone may end in."""
    own: set[type[FetchError]] = set()
    if trouble.keeps_names or trouble.closes_badly or trouble.reads_badly:
        own.add(StorageError)
    if trouble.sink_breaks_after is not None:
        own.add(InternalError)
    return own


def fault(trouble: Trouble, operation: str, path: Path) -> None:
    """Raises what ``trouble`` has the disk say of an operation on one of the download's own files."""
    own = path in {PART, JOURNAL}
    if (
        (trouble.keeps_names and operation in {"remove", "rename"} and own)
        or (trouble.keeps_litter and operation == "remove" and own)
        or (trouble.closes_badly and operation == "close" and own)
        or (trouble.syncs_folders_badly and operation == "sync_folder")
        or (trouble.reads_badly and operation in {"read", "close"} and path == DESTINATION)
    ):
        number = errno.EPERM if operation in {"remove", "rename"} else errno.EIO
        raise OSError(number, os.strerror(number), str(path))
