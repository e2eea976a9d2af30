"""Small real implementations of the storage seams, for tests that must decide when and how things go wrong."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.ports import SHARED_MODE
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.workers import After, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import RandomFile
    from anymatix_fetcher.storage.workers import Task, Worker


class ManualWorkers:
    """Runs tasks when the test says so, on the test's own thread; waits are noted, not waited."""

    def __init__(self) -> None:
        self.workers: list[ManualWorker] = []
        self.waited_seconds = 0.0

    def start(self, task: Task, *, asleep: bool = False) -> Worker:
        worker = ManualWorker(task)
        worker.awake = not asleep
        self.workers.append(worker)
        return worker

    def hold(self) -> None:
        pass

    def go_on(self) -> None:
        pass

    def run(self) -> None:
        """Steps every task until all sleep or are done."""
        while sum(self._step(worker) for worker in list(self.workers)):
            pass

    def _step(self, worker: ManualWorker) -> bool:
        if not worker.awake or worker.stopped:
            return False
        worker.awake = False
        try:
            following = worker.task.step()
        except Exception as error:  # noqa: BLE001 - whatever a step raises is the task's to hear
            worker.stopped = True
            with suppress(Exception):
                worker.task.fail(error)
            return True
        if isinstance(following, After):
            self.waited_seconds += following.seconds
        if following is Step.DONE:
            worker.stop()
        elif following is not Step.IDLE:
            worker.wake()
        return True


class ManualWorker:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.awake = True
        self.stopped = False

    def wake(self) -> None:
        self.awake = True

    def stop(self) -> None:
        self.stopped = True


def no_fault(_operation: str, _path: Path) -> None:
    """Lets everything succeed."""


@dataclass
class FaultyDisk(OsDisk):
    """The real disk, but for what ``fault`` raises before an operation on a path.

    Operations are the names of the methods of ``Disk`` and ``RandomFile``.
    """

    fault: Callable[[str, Path], None] = no_fault
    free: int | None = 1 << 50
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def _happens(self, operation: str, path: Path) -> None:
        self.calls.append((operation, path.name))
        self.fault(operation, path)

    def open(self, path: Path, mode: int = SHARED_MODE) -> RandomFile:
        self._happens("open", path)
        return FaultyFile(super().open(path, mode), path, self._happens)

    def open_to_read(self, path: Path) -> RandomFile:
        self._happens("open_to_read", path)
        return FaultyFile(super().open_to_read(path), path, self._happens)

    def free_bytes(self, folder: Path) -> int | None:
        self._happens("free_bytes", folder)
        return self.free

    def move(self, source: Path, destination: Path) -> None:
        self._happens("move", source)
        super().move(source, destination)

    def replace(self, source: Path, destination: Path) -> None:
        self._happens("replace", source)
        super().replace(source, destination)

    def remove(self, path: Path) -> None:
        self._happens("remove", path)
        super().remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._happens("sync_folder", folder)
        super().sync_folder(folder)


class FaultyFile:
    def __init__(self, file: RandomFile, path: Path, happens: Callable[[str, Path], None]) -> None:
        self._file = file
        self._path = path
        self._happens = happens

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        self._happens("write_at", self._path)
        self._file.write_at(offset, data)

    def read_into(self, offset: int, buffer: bytearray | memoryview) -> int:
        self._happens("read_into", self._path)
        return self._file.read_into(offset, buffer)

    def size(self) -> int:
        return self._file.size()

    def on_disk(self) -> int:
        return self._file.on_disk()

    def truncate(self, length: int) -> None:
        self._happens("truncate", self._path)
        self._file.truncate(length)

    def sync(self) -> None:
        self._happens("sync", self._path)
        self._file.sync()

    def is_at(self, path: Path) -> bool:
        return self._file.is_at(path)

    def duplicate(self) -> RandomFile:
        return self._file.duplicate()

    def close(self) -> None:
        self._file.close()
        self._happens("close", self._path)


def failing(
    operation: str, suffix: str, number: int = errno.ENOSPC, *, times: int = 1 << 30
) -> Callable[[str, Path], None]:
    """A fault: ``operation`` on a path that ends with ``suffix`` fails so many times."""
    left = times

    def fault(happening: str, path: Path) -> None:
        nonlocal left
        if happening == operation and path.name.endswith(suffix) and left > 0:
            left -= 1
            raise OSError(number, os.strerror(number), str(path))

    return fault
