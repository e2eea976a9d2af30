from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.messages import (
    KeptBlocks,
    Published,
)
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import (
    DiskFullError,
    ReferenceSyntaxError,
    StorageError,
)
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.publishing import RETRY_SECONDS
from anymatix_fetcher.storage.store import Store
from tests.storage.doubles import FaultyDisk, ManualWorkers, failing
from tests.storage.opened import BLOCK, CONTENT, IDENTITY, LENGTH, REFERENCE, WHOLE, Opened, blocks, names

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_disk_keeps_what_has_arrived_and_a_later_run_goes_on(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill(Span(0, BLOCK))
    disk.fault = failing("write_at", ".part")
    with pytest.raises(OSError, match="space") as caught:
        opened.fill(Span(BLOCK, LENGTH))
    assert caught.value.errno == errno.ENOSPC
    opened.store.close()
    later = Opened(destination)
    assert later.store.kept == KeptBlocks(blocks(0), IDENTITY)


def test_a_full_disk_at_the_journal_loses_nothing_that_can_be_recorded_at_the_end(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill(Span(0, BLOCK))
    disk.fault = failing("write_at", ".journal", times=1)
    with pytest.raises(OSError, match="space"):
        opened.fill(Span(BLOCK, 2 * BLOCK))
    opened.fill(Span(2 * BLOCK, LENGTH))
    opened.store.close()
    assert Opened(destination).store.kept == KeptBlocks(WHOLE, IDENTITY)


@pytest.mark.parametrize("operation", ["open", "truncate"])
def test_what_the_system_refuses_while_opening_is_a_storage_error_and_leaks_no_handle(
    destination: Path, operation: str
) -> None:
    destination.parent.mkdir()
    destination.with_name(destination.name + ".part").write_bytes(b"what a crash has left beside a torn journal")
    destination.with_name(destination.name + ".part.journal").write_bytes(b"any")
    for suffix in (".part", ".part.journal"):
        disk = FaultyDisk(failing(operation, suffix, errno.EROFS))
        with pytest.raises(StorageError, match="can't be written"):
            Opened(destination, disk=disk)
        opened = [call for call in disk.calls if call[0] in {"open", "open_to_read"}]
        closed = [call for call in disk.calls if call[0] == "close"]
        assert len(opened) - (operation == "open") == len(closed)


def test_a_file_system_that_cannot_hold_the_file_is_told(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    disk.fault = failing("truncate", ".part", errno.EFBIG)
    with pytest.raises(DiskFullError, match="this large"):
        opened.store.set_identity(IDENTITY)


def test_a_failed_sync_is_not_tried_again_and_nothing_that_was_stored_counts_any_longer(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    disk.fault = failing("sync", ".part", errno.EIO, times=1)
    opened.finish()
    assert os.strerror(errno.EIO) in opened.failure().message
    opened.store.close()
    assert not destination.exists()
    assert Opened(destination).store.kept is None


def test_a_close_that_tells_of_lost_writes_is_no_success(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    disk.fault = failing("close", ".part", errno.EIO, times=1)
    opened.finish()
    assert isinstance(opened.failure(), StorageError)
    opened.store.close()
    assert not destination.exists()
    assert Opened(destination).store.kept is None


@pytest.mark.parametrize("journal", ["full", "gone"])
def test_after_a_failed_sync_a_journal_that_cant_be_written_proves_nothing(destination: Path, journal: str) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    hindered = {"write_at"} if journal == "full" else {"write_at", "truncate"}

    def fault(operation: str, path: Path) -> None:
        if (operation == "sync" and path.name.endswith(".part")) or (
            operation in hindered and path.name.endswith(".journal")
        ):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    disk.fault = fault
    opened.finish()
    assert isinstance(opened.failure(), StorageError)
    opened.store.close()
    assert Opened(destination).store.kept is None


@pytest.mark.parametrize(("operation", "suffix"), [("sync_folder", ""), ("close", ".journal"), ("remove", ".journal")])
def test_nothing_that_fails_after_the_rename_fails_the_download(
    destination: Path, operation: str, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    disk.fault = failing(operation, suffix, errno.EIO)
    assert opened.finish()[-1] == Published()
    opened.store.close()
    assert destination.read_bytes() == CONTENT
    assert "the file itself is whole" in caplog.text


def test_a_read_that_fails_while_verifying_is_reported(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    disk.fault = failing("read_into", ".part", errno.EIO)
    opened.store.verify(LENGTH)
    opened.workers.run()
    assert isinstance(opened.failure(), StorageError)


def test_a_rename_that_a_scanner_hinders_is_tried_again_for_a_while(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    disk.fault = failing("move", ".part", errno.EBUSY, times=4)
    assert opened.finish()[-1] == Published()
    assert opened.workers.waited_seconds == pytest.approx(sum(RETRY_SECONDS[:4]))
    assert destination.read_bytes() == CONTENT


def test_a_rename_that_is_hindered_for_good_fails_and_keeps_the_part_file(destination: Path) -> None:
    disk = FaultyDisk()
    opened = Opened(destination, disk=disk)
    opened.fill()
    disk.fault = failing("move", ".part", errno.EBUSY)
    opened.finish()
    assert isinstance(opened.failure(), StorageError)
    assert 10 < opened.workers.waited_seconds < 15
    opened.store.close()
    assert Opened(destination).store.kept == KeptBlocks(WHOLE, IDENTITY)


def test_discarding_leaves_nothing(destination: Path) -> None:
    opened = Opened(destination)
    opened.fill()
    opened.store.discard()
    opened.store.close()
    assert names(destination) == []


def test_an_algorithm_that_is_not_there_is_told_before_anything_is_made(destination: Path) -> None:
    with pytest.raises(ReferenceSyntaxError):
        Store.open(
            destination,
            reference=REFERENCE,
            disk=OsDisk(),
            workers=ManualWorkers(),
            report=print,
            algorithms=["rot13"],
        )
    assert not destination.parent.exists()
