"""The store of one download: its part file, journal and follower, and the work on them."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.journal import MIN_BLOCK_SIZE, SALT_BYTES, JournalHeader, block_size_for
from anymatix_fetcher.core.values.messages import FOREIGN, Identity, KeptBlocks, PartShortened
from anymatix_fetcher.core.values.spans import EVERYTHING, SpanSet
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.storage.background import Background
from anymatix_fetcher.storage.comparison import Comparing
from anymatix_fetcher.storage.disk import read_first
from anymatix_fetcher.storage.hashing import Follower, new_hasher
from anymatix_fetcher.storage.opening import open_part
from anymatix_fetcher.storage.part_file import PartFile
from anymatix_fetcher.storage.pieces import record_pieces
from anymatix_fetcher.storage.proving import Prover
from anymatix_fetcher.storage.publishing import Publisher, forget_for_good, too_late_to_fail
from anymatix_fetcher.storage.takeover import PartialCopier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.messages import BlockCompared, Event, StorageFailed, Verified
    from anymatix_fetcher.core.values.ports import Disk, RandomFile
    from anymatix_fetcher.storage.foreign import Partial
    from anymatix_fetcher.storage.opening import OpenedFiles
    from anymatix_fetcher.storage.space import Space
    from anymatix_fetcher.storage.takeover import TakenOver
    from anymatix_fetcher.storage.workers import Task, Workers

_logger = logging.getLogger("anymatix_fetcher.storage")

AT_ONCE_BYTES = 256 << 10
"""Hashing this many bytes takes less time than starting another thread."""


class Store:
    """Keeps one download's bytes, from the first to publishing.

    The driver's thread calls every method; all return quickly. Proving, verifying and publishing run on workers and
    report events. :meth:`open` opens, :meth:`close` closes.
    """

    def __init__(
        self,
        opened: OpenedFiles,
        *,
        reference: str,
        disk: Disk,
        workers: Workers,
        report: Callable[[Event], None],
        algorithms: tuple[str, ...],
        overwrite: bool,
        smallest_block: int = MIN_BLOCK_SIZE,
        any_reference: bool = False,
        space: Space | None = None,
    ) -> None:
        content = opened.content
        self._places = places = opened.places
        self._reference = reference
        self._disk = disk
        self._report = report
        self._overwrite = overwrite
        self._identity = content.identity
        self._file = opened.file
        self._journal = opened.journal
        self._smallest_block = smallest_block
        self._any_reference = any_reference
        self._space = space
        self._work = Background(workers)
        self._part = PartFile(
            self._file,
            self._journal,
            on_front=self._front_moved,
            on_forgotten=self._rewind,
            block_size=smallest_block,
        )
        if content.header and content.identity:
            self._part.lay_out(content.header.block_size, content.identity.length, content)
        self._follower = Follower(self._part, places.part, algorithms=algorithms, report=report)
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
        """Opens or creates the part file and the journal of ``destination``, and its folder.

        Args:
            destination: The final path.
            reference: The reference. A journal of another reference isn't continued.
            disk: The file system.
            workers: Run the slow work.
            report: Takes the events; called from any thread.
            algorithms: The algorithms to compute in addition to SHA-256, by the names of ``core.values.digests``.
            overwrite: Whether to replace a file at the destination, and a part file of another download.
            any_reference: Whether to continue a part file of another reference.
            replaces: Whether the file at the destination is a partial file that this download replaces.
            smallest_block: The block size of a new journal, unless that makes too many blocks.
            space: The space that other downloads need; ``None`` to skip the check.

        Raises:
            DestinationExistsError: Something is at the destination.
            StorageError: It is a folder or a special file, the part file belongs to another program, or the file system
                refuses.
            ReferenceSyntaxError: An algorithm is unknown, or its package isn't installed.
        """
        algorithms = tuple(algorithms)
        for algorithm in algorithms:
            new_hasher(algorithm)  # before anything is changed
        return cls(
            open_part(
                destination, disk, reference, overwrite=overwrite, any_reference=any_reference, replaces=replaces
            ),
            reference=reference,
            disk=disk,
            workers=workers,
            report=report,
            algorithms=algorithms,
            overwrite=overwrite or replaces,
            smallest_block=smallest_block,
            any_reference=any_reference,
            space=space,
        )

    @property
    def kept(self) -> KeptBlocks | None:
        """The blocks of an earlier run, claimed and not yet proved; ``None`` if there are none."""
        recorded, identity = self._part.claimed, self._identity
        if not recorded or identity is None:
            return None
        if self._any_reference and identity.origin != FOREIGN:
            # What was stated under another URL says nothing about this one; blocks have to be compared.
            identity = Identity(identity.length, Validator())
        return KeptBlocks(recorded, identity)

    @property
    def is_new(self) -> bool:
        """Whether no earlier run has left a part file of this download."""
        return self._is_new

    @property
    def block_size(self) -> int:
        """The size of every block but the last one, in bytes."""
        return self._part.block_size

    @property
    def sink(self) -> PartFile:
        """The sink for bytes to store."""
        return self._part

    @property
    def comparing(self) -> Comparing:
        """The sink for bytes that are only compared with the stored ones."""
        return Comparing(self._part.compare)

    @property
    def recorded(self) -> SpanSet:
        """The bytes of all recorded blocks."""
        return self._part.recorded

    @property
    def hashed_bytes(self) -> int:
        """The number of bytes that are hashed."""
        return self._follower.hashed_bytes

    def read_first(self, size: int) -> bytes:
        """The first ``size`` bytes of the part file, or fewer if it is shorter. Holes read as zeroes.

        Raises:
            StorageError: The file system refuses.
        """
        with storage_errors(self._places.part):
            return read_first(self._file, size)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills ``buffer`` from the part file; returns the number of bytes, which is smaller only at its end.

        Raises:
            OSError: The file system refuses.
        """
        return self._file.read_into(offset, buffer)

    def run(self, task: Task) -> None:
        """Runs ``task`` on a worker; it may read the part file, because no step of it runs after closing."""
        self._work.run(task)

    def checksums(self) -> BlockChecksums | None:
        """The checksums of all blocks; ``None`` if one isn't recorded."""
        return self._part.checksums()

    def compared(self) -> list[BlockCompared | PartShortened]:
        """The results since the last call: that the file was shortened, and finished comparisons."""
        shortened = [PartShortened()] if self._part.take_shortened() else []
        return [*shortened, *self._part.compared()]

    def set_identity(self, identity: Identity) -> None:
        """Records the representation that the part file holds blocks of, and sets the file's length.

        Stored blocks are kept. For another representation, forget :data:`EVERYTHING` first.

        Args:
            identity: The representation.

        Raises:
            DiskFullError: There isn't enough space, or the file system can't hold such a file.
            StorageError: The file system refuses.
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
        self._work.follow(self._follower)

    def _begin(self, identity: Identity) -> None:
        block_size = block_size_for(identity.length, smallest=self._smallest_block)
        if self._identity is not None and self._file.size():
            self._file.truncate(0)  # frees the space of content that no longer counts
        salt = os.urandom(SALT_BYTES)
        self._journal.begin(JournalHeader.create(self._reference, block_size=block_size, salt=salt), identity)
        self._part.lay_out(block_size, identity.length)

    def _check_space(self, length: int) -> None:
        if self._space is not None:
            # Some unrecorded bytes are on the disk too.
            stored = max(self._part.recorded.total, self._file.on_disk())
            needed = max(0, length - stored)
            self._space.reserve(self, self._places.part.parent, needed, lambda: length - self._part.recorded.total)

    def take_over(
        self, partial: Partial, stored: SpanSet, length: int, report: Callable[[TakenOver | StorageFailed], None]
    ) -> None:
        """Copies another program's partial file into an empty part file; ends with ``TakenOver``.

        Args:
            partial: The partial file.
            stored: Its usable bytes.
            length: The file's length.
            report: Takes the result, from any thread.

        Raises:
            StorageError: It can't be opened, or there isn't enough space for the whole file beside it.
        """
        with storage_errors(partial.path):
            self._source = source = self._disk.open_to_read(partial.path)
        self.set_identity(Identity(length, Validator(), FOREIGN))
        self.run(PartialCopier(self._part, self._places.part, source, stored, report=report))

    def prove(self, blocks: SpanSet) -> None:
        """Reads blocks back and forgets bad ones; ends with one or more ``BlocksProved``."""
        self.run(Prover(self._part, self._places.part, blocks, report=self._report))

    def forget(self, blocks: SpanSet) -> None:
        """Forgets every block that ``blocks`` touch, including unfinished ones."""
        with storage_errors(self._places.journal):
            self._part.forget(blocks)

    def verify(self, length: int) -> Verified | None:
        """Requests the whole file's digests: returned at once for a small file, otherwise reported later.

        Raises:
            ValueError: Not every block of a file of ``length`` bytes is recorded and proved.
            StorageError: The file system refuses.
        """
        with storage_errors(self._places.part):
            self._part.set_length(length)
        if self._part.is_unsettled:
            return None  # the machine will be told, and requests it again
        if self._part.proved != SpanSet.whole(length):
            raise ValueError(f"to be verified, all of {length} bytes must be proved, not only {self._part.proved}")
        if length <= AT_ONCE_BYTES and not self._work.was_woken:
            with storage_errors(self._places.part):
                return self._follower.verify_at_once(length)
        self._follower.verify(length)
        self._work.wake()
        return None

    def publish(self, named_by: Digest | None = None, destination: Path | None = None) -> None:
        """Syncs the part file and renames it to its destination; ends with ``Published``.

        Args:
            named_by: The digest in the final name, if there is one.
            destination: The final path, in the same folder; ``None`` for the original destination.
        """
        places = self._places if destination is None else replace(self._places, destination=destination)
        with storage_errors(self._places.part):
            if not self._part.looks_whole():
                return  # the machine will be told
        self._work.stop()  # the file is closed for the rename, and no worker may read it then
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
        """Prevents publication; false if it is too late, and ``Published`` will follow."""
        return self._publisher is None or self._publisher.withdraw()

    def tidy(self) -> None:
        """Removes the journal of a published and recorded file. Idempotent; may be called from any thread."""
        if self._is_tidy:
            return
        self._is_tidy = True
        with too_late_to_fail(self._places.journal):
            self._disk.remove(self._places.journal)

    def close(self) -> None:
        """Stops the work and closes the files, which are kept for the next run. Idempotent.

        Transports must have stopped writing. Returns when the running steps have ended.
        """
        self._work.stop()
        if self._space is not None:
            self._space.release(self)
        if not self._is_closed and self._publisher is None and self._identity and self._identity.origin != FOREIGN:
            record_pieces(self._part.unfinished, self._file, self._journal)
        self._is_closed = True
        opened = (self._publisher, self._file, self._journal, self._source)
        for close in [file.close for file in opened if file is not None]:
            try:
                close()
            except Exception as error:  # noqa: BLE001 - the others have to be closed anyway
                # Bytes may be lost, which the next run's proof will detect.
                _logger.warning("%s: %s", self._places.part, error)

    def discard(self) -> None:
        """Closes, and removes part file and journal."""
        self.close()
        with storage_errors(self._places.part):
            self._disk.remove(self._places.part)
            self._disk.remove(self._places.journal)

    def _front_moved(self) -> None:
        # Except for the last piece: verification follows at once, and wakes the follower too. Waking a thread takes as
        # long as hashing a small file.
        if self._identity is None or self._part.front != self._identity.length:
            self._work.wake()

    def _rewind(self, offset: int) -> None:
        self._follower.rewind(offset)
