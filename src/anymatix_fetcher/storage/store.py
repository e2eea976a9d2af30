"""One download's place on the disk: part file, journal, follower, and what is done with them."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.http import Validator
from anymatix_fetcher.core.values.journal import MIN_BLOCK_SIZE, SALT_BYTES, JournalHeader, block_size_for
from anymatix_fetcher.core.values.messages import FOREIGN, Identity, KeptBlocks, PartShortened
from anymatix_fetcher.core.values.spans import EVERYTHING, SpanSet
from anymatix_fetcher.storage.comparison import Comparing
from anymatix_fetcher.storage.disk import read_first
from anymatix_fetcher.storage.hashing import Follower, new_hasher
from anymatix_fetcher.storage.opening import check_destination, find_content, open_files
from anymatix_fetcher.storage.part_file import PartFile
from anymatix_fetcher.storage.pieces import record_pieces
from anymatix_fetcher.storage.places import Places
from anymatix_fetcher.storage.proving import Prover
from anymatix_fetcher.storage.publishing import Publisher, forget_for_good, too_late_to_fail
from anymatix_fetcher.storage.takeover import Adopter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.journal import JournalContent
    from anymatix_fetcher.core.values.messages import BlockCompared, Event, StorageFailed, Verified
    from anymatix_fetcher.core.values.ports import Disk, RandomFile
    from anymatix_fetcher.storage.foreign import Partial
    from anymatix_fetcher.storage.journal_file import JournalFile
    from anymatix_fetcher.storage.space import Space
    from anymatix_fetcher.storage.takeover import TakenOver
    from anymatix_fetcher.storage.workers import Task, Worker, Workers

_logger = logging.getLogger("anymatix_fetcher.storage")

AT_ONCE_BYTES = 256 << 10
"""So much is hashed sooner than another thread would have begun with it."""


class Store:
    """Where one download's bytes are, from the first to publishing.

    The driver's thread calls every method; all return quickly. Proving, verifying and publishing run on workers and
    report events. :meth:`open` opens, :meth:`close` closes.
    """

    def __init__(
        self,
        places: Places,
        *,
        reference: str,
        disk: Disk,
        workers: Workers,
        report: Callable[[Event], None],
        algorithms: tuple[str, ...],
        overwrite: bool,
        content: JournalContent,
        file: RandomFile,
        journal: JournalFile,
        smallest_block: int = MIN_BLOCK_SIZE,
        any_reference: bool = False,
        space: Space | None = None,
    ) -> None:
        self._places = places
        self._reference = reference
        self._disk = disk
        self._workers = workers
        self._report = report
        self._overwrite = overwrite
        self._identity = content.identity
        self._file = file
        self._journal = journal
        self._smallest_block = smallest_block
        self._any_reference = any_reference
        self._space = space
        self._part = PartFile(
            file, journal, on_front=self._front_moved, on_forgotten=self._rewind, block_size=smallest_block
        )
        if content.header and content.identity:
            self._part.lay_out(content.header.block_size, content.identity.length, content)
        self._follower = Follower(self._part, places.part, algorithms=algorithms, report=report)
        self._following: Worker | None = None
        self._was_woken = False
        self._running: list[Worker] = []
        self._source: RandomFile | None = None
        self._publisher: Publisher | None = None
        self._is_new = self.kept is None
        self._is_tidy = self._is_closed = False

    @classmethod
    def open(
        cls,
        destination: Path,
        *,
        reference: str,
        disk: Disk,
        workers: Workers,
        report: Callable[[Event], None],
        algorithms: Iterable[str] = (),
        overwrite: bool = False,
        any_reference: bool = False,
        replaces: bool = False,
        smallest_block: int = MIN_BLOCK_SIZE,
        space: Space | None = None,
    ) -> Store:
        """Opens, or finds again, the part file and the journal of ``destination``; its folder is made where missing.

        Args:
            destination: The final path.
            reference: What is downloaded; a journal of another reference isn't gone on with.
            disk: The file system.
            workers: Who runs the slow work.
            report: Takes its events; called from any thread.
            algorithms: What to compute beside SHA-256, by the names of ``core.digests``.
            overwrite: Whether to replace what is at the destination, and a part file that isn't this download's.
            any_reference: Whether to go on with a part file that another reference has begun.
            replaces: Whether what is at the destination is an unfinished file that this download takes the place of.
            smallest_block: Bytes of a new journal's blocks, while there aren't too many of them.
            space: Knows what other downloads still need; ``None`` where room isn't looked at.

        Raises:
            DestinationExistsError: Something is at the destination.
            StorageError: It is a folder or a special file, the part file beside it is somebody else's, or the system
                doesn't allow it.
            ReferenceSyntaxError: An algorithm isn't known or not installed.
        """
        places, algorithms = Places.of(destination), tuple(algorithms)
        for algorithm in algorithms:
            new_hasher(algorithm)  # before anything is touched
        with storage_errors(places.destination):
            disk.make_folder(destination.parent)
            check_destination(places, disk, overwrite=overwrite or replaces)
        with storage_errors(places.part):
            content = find_content(places, disk, reference, overwrite=overwrite, any_reference=any_reference)
            file, journal = open_files(places, disk, content)
        return cls(
            places,
            reference=reference,
            disk=disk,
            workers=workers,
            report=report,
            algorithms=algorithms,
            overwrite=overwrite or replaces,
            content=content,
            file=file,
            journal=journal,
            smallest_block=smallest_block,
            any_reference=any_reference,
            space=space,
        )

    @property
    def kept(self) -> KeptBlocks | None:
        """What an earlier run left, claimed and not yet proved; ``None`` where it left nothing that counts."""
        recorded, identity = self._part.claimed, self._identity
        if not recorded or identity is None:
            return None
        if self._any_reference and identity.origin != FOREIGN:
            # What was said of it under another address says nothing of this one: its blocks have to.
            identity = Identity(identity.length, Validator())
        return KeptBlocks(recorded, identity)

    @property
    def is_new(self) -> bool:
        """Whether no earlier run has left a part file of this download."""
        return self._is_new

    @property
    def block_size(self) -> int:
        """Bytes of a block, of all but the last one."""
        return self._part.block_size

    @property
    def sink(self) -> PartFile:
        """Where transports write."""
        return self._part

    @property
    def comparing(self) -> Comparing:
        """Where transports write what is to be compared only: recorded blocks; anything else is dropped."""
        return Comparing(self._part)

    @property
    def recorded(self) -> SpanSet:
        """The bytes of all recorded blocks."""
        return self._part.recorded

    @property
    def hashed_bytes(self) -> int:
        """How far the digest has gone over the file."""
        return self._follower.hashed_bytes

    def read_first(self, size: int) -> bytes:
        """The first ``size`` bytes of the part file, or as many as there are; holes read as zeroes.

        Raises:
            StorageError: The system doesn't allow it.
        """
        with storage_errors(self._places.part):
            return read_first(self._file, size)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills ``buffer`` from the part file; how many bytes that were: fewer only at its end.

        Raises:
            OSError: The system doesn't allow it.
        """
        return self._file.read_into(offset, buffer)

    def run(self, task: Task) -> None:
        """Has a worker run ``task``, which may read the part file: no step of it runs once that is closed."""
        self._running.append(self._workers.start(task))

    def checksums(self) -> BlockChecksums | None:
        """Those of all blocks of the whole file; ``None`` where one isn't recorded."""
        return self._part.checksums()

    def compared(self) -> list[BlockCompared | PartShortened]:
        """What was found out since the last call: that the file was shortened, and comparisons that were finished."""
        shortened = [PartShortened()] if self._part.take_shortened() else []
        return [*shortened, *self._part.compared()]

    def set_identity(self, identity: Identity) -> None:
        """Writes down what the part file holds pieces of, and gives it its length.

        What is stored stays: forget :data:`EVERYTHING` before where the new identity is another representation's.

        Args:
            identity: The representation.

        Raises:
            DiskFullError: There isn't room enough, or the file system can't hold such a file.
            StorageError: The system doesn't allow it.
        """
        with storage_errors(self._places.part):
            if self._identity is None or (self._part.is_empty and identity.length != self._identity.length):
                self._begin(identity)
            elif identity != self._identity:
                self._journal.append(identity)
            if identity.length is not None:
                self._check_space(identity.length)
                self._part.set_length(identity.length)
            self._identity = identity
        if self._following is None:
            self._following = self._workers.start(self._follower, asleep=True)

    def _begin(self, identity: Identity) -> None:
        block_size = block_size_for(identity.length, smallest=self._smallest_block)
        if self._identity is not None and self._file.size():
            self._file.truncate(0)  # gives back the space of what doesn't count any longer
        salt = os.urandom(SALT_BYTES)
        self._journal.begin(JournalHeader.create(self._reference, block_size=block_size, salt=salt), identity)
        self._part.lay_out(block_size, identity.length)

    def _check_space(self, length: int) -> None:
        if self._space is not None:
            # Of what isn't recorded yet, some is on the disk all the same.
            stored = max(self._part.recorded.total, self._file.on_disk())
            needed = max(0, length - stored)
            self._space.claim(self, self._places.part.parent, needed, lambda: length - self._part.recorded.total)

    def take_over(
        self, partial: Partial, stored: SpanSet, length: int, report: Callable[[TakenOver | StorageFailed], None]
    ) -> None:
        """Copies what another program has left; answered by ``TakenOver``. For a part file that holds nothing yet.

        Args:
            partial: Where it is.
            stored: Which bytes of it count.
            length: Of the whole file.
            report: Takes the answer, from any thread.

        Raises:
            StorageError: It can't be opened, or there isn't room for a whole file beside it.
        """
        with storage_errors(partial.path):
            self._source = source = self._disk.open_to_read(partial.path)
        self.set_identity(Identity(length, Validator(), FOREIGN))
        self.run(Adopter(self._part, self._places.part, source, stored, report=report))

    def prove(self, blocks: SpanSet) -> None:
        """Reads these blocks back; answered by one or more ``BlocksProved``. Bad ones are forgotten."""
        self.run(Prover(self._part, self._places.part, blocks, report=self._report))

    def forget(self, blocks: SpanSet) -> None:
        """Strikes every block that ``blocks`` touch, unfinished ones too: all their bytes must come again."""
        with storage_errors(self._places.journal):
            self._part.forget(blocks)

    def verify(self, length: int) -> Verified | None:
        """Asks for the whole file's digests: at once for a small file, else answered when everything is hashed.

        Raises:
            ValueError: Not every block of a file of ``length`` bytes is recorded and proved.
            StorageError: The system doesn't allow it.
        """
        with storage_errors(self._places.part):
            self._part.set_length(length)
        if self._part.is_unsettled:
            return None  # the machine is about to be told, and asks again
        if self._part.proved != SpanSet.whole(length):
            raise ValueError(f"to be verified, all of {length} bytes must be proved, not only {self._part.proved}")
        if length <= AT_ONCE_BYTES and not self._was_woken:
            with storage_errors(self._places.part):
                return self._follower.verify_at_once(length)
        self._follower.verify(length)
        self._wake()
        return None

    def publish(self, named_by: Digest | None = None, destination: Path | None = None) -> None:
        """Syncs the part file and moves it to its destination; answered by ``Published``.

        Args:
            named_by: The digest of the content, where the final name says it.
            destination: That name, in the same folder; ``None`` for the name that was known from the beginning.
        """
        places = self._places if destination is None else replace(self._places, destination=destination)
        with storage_errors(self._places.part):
            if not self._part.looks_whole():
                return  # the machine is about to be told
        self._stop_workers()  # the file is closed on the way, and no worker may be reading it then
        self._publisher = Publisher(
            self._disk,
            places,
            part=self._file,
            length=self._part.length,
            journal=self._journal,
            overwrite=self._overwrite,
            distrust=partial(forget_for_good, lambda: self._part.forget(EVERYTHING), places, self._disk, self._journal),
            report=self._report,
            named_by=named_by,
        )
        self.run(self._publisher)

    def withdraw(self) -> bool:
        """Sees to it that nothing is published; false where it is too late for that, and ``Published`` is to come."""
        return self._publisher is None or self._publisher.withdraw()

    def tidy(self) -> None:
        """Removes the journal of a file that is published and recorded; a second call does nothing. From any thread."""
        if self._is_tidy:
            return
        self._is_tidy = True
        with too_late_to_fail(self._places.journal):
            self._disk.remove(self._places.journal)

    def close(self) -> None:
        """Stops the work and closes the files, which stay for the next run. A second call does nothing.

        Transports must have stopped writing; returns when a step that is running has ended.
        """
        self._stop_workers()
        if self._space is not None:
            self._space.release(self)
        if not self._is_closed and self._publisher is None and self._identity and self._identity.origin != FOREIGN:
            record_pieces(self._part, self._file, self._journal)
        self._is_closed = True
        opened = (self._publisher, self._file, self._journal, self._source)
        for close in [file.close for file in opened if file is not None]:
            try:
                close()
            except Exception as error:  # noqa: BLE001 - the others have to be closed all the same
                # What it tells of is lost, and the next run's proof will find that out.
                _logger.warning("%s: %s", self._places.part, error)

    def discard(self) -> None:
        """Closes, and removes part file and journal."""
        self.close()
        with storage_errors(self._places.part):
            self._disk.remove(self._places.part)
            self._disk.remove(self._places.journal)

    def _stop_workers(self) -> None:
        for worker in (*self._running, *([self._following] if self._following else ())):
            worker.stop()
        self._running.clear()
        self._following = None

    def _front_moved(self) -> None:
        # Not for the last piece of the file: to be asked for the digests follows at once, and wakes the follower as
        # well. To wake a thread costs as much as to hash a small file.
        if self._identity is None or self._part.front != self._identity.length:
            self._wake()

    def _wake(self) -> None:
        following = self._following
        if following is not None:
            self._was_woken = True
            following.wake()

    def _rewind(self, offset: int) -> None:
        self._follower.rewind(offset)
