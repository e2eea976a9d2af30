"""Repairs a damaged file: its good blocks become the part file and journal of a new download.

The damaged file is kept until the new one is proved and replaces it.
"""

from __future__ import annotations

import os
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.journal import SALT_BYTES, BlockRecorded, JournalHeader
from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.storage.disk import PRIVATE_MODE, opened_to_read, read_exactly
from anymatix_fetcher.storage.journal_file import JournalFile
from anymatix_fetcher.storage.leftovers import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.ports import Disk, RandomFile
    from anymatix_fetcher.storage.places import Places


def salvage(
    places: Places,
    disk: Disk,
    *,
    reference: str,
    right: BlockChecksums,
    clone: Callable[[Path, Path], bool],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> int:
    """Stores the good blocks of the file at the destination in a part file with a journal; returns their bytes.

    If that download was started before, nothing is read, and the result is 0.

    Args:
        places: The paths of the damaged file. The caller holds its lock.
        disk: The file system.
        reference: The reference to download.
        right: The expected checksums of the blocks.
        clone: Clones the damaged file, if the file system can; otherwise good blocks are copied.
        on_bytes: Called with the number of bytes read. An exception from it stops the salvage and removes its files.

    Raises:
        StorageError: Another download was started there, or the disk is full.
    """
    for path in (places.part, places.journal):
        if disk.kind(path) is not None:
            header = read_header(places.journal, disk)
            if header is not None and header.is_for(reference):
                return 0
            differs = header is not None and header.differs_in_query_only(reference)
            what = ": its URL differs in the query only" if differs else ""
            raise StorageError(
                f"{path} belongs to another download{what}", hint="Finish that one, or `anyfetch prune` it."
            )
    with storage_errors(places.part):
        try:
            return _begin(places, disk, reference, right, clone, on_bytes)
        except BaseException:
            with suppress(OSError):
                disk.remove(places.part)
                disk.remove(places.journal)
            raise


def _begin(
    places: Places,
    disk: Disk,
    reference: str,
    right: BlockChecksums,
    clone: Callable[[Path, Path], bool],
    on_bytes: Callable[[int], None],
) -> int:
    header = JournalHeader.create(reference, block_size=right.block_size, salt=os.urandom(SALT_BYTES))
    kept = 0
    # The journal first: a part file without a journal counts as another program's.
    with closing(JournalFile(disk.open(places.journal, PRIVATE_MODE))) as journal:
        journal.begin(header)
        journal.append(Identity(right.length, Validator()))
        shared = clone(places.destination, places.part)
        with closing(disk.open(places.part)) as part, opened_to_read(disk, places.destination) as damaged:
            for index, block in _good_blocks(part if shared else damaged, right, on_bytes):
                if not shared:
                    part.write_at(right.span(index).start, block)
                journal.append(BlockRecorded(index, len(block), right.checksum(index)))
                kept += len(block)
            part.truncate(right.length)
    return kept


def _good_blocks(
    file: RandomFile, right: BlockChecksums, on_bytes: Callable[[int], None]
) -> Iterator[tuple[int, memoryview]]:
    buffer = memoryview(bytearray(right.block_size))
    for index in range(right.count):
        block = buffer[: len(right.span(index))]
        try:
            is_good = read_exactly(file, right.span(index).start, block)
        except OSError:
            is_good = False  # fetched again
        if is_good and xxh3_64_intdigest(block) == right.checksum(index):
            yield index, block
        on_bytes(len(block))
