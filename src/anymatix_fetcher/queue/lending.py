"""The files that may be served to peers: those hashed on this machine, and the proved blocks of unfinished downloads.

The digest in a sidecar, a name or a server's response is not enough. A complete file is opened before it is compared
with
the index, so the bytes sent are those of the checked file. A block of a part file is read back and compared with the
journal's checksum before it is sent.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from xxhash import xxh3_64_intdigest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.library.entries import HowKnown
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.storage.leftovers import read_journal
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.journal import JournalContent
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.queue.queue import Queue

JOURNAL_SECONDS = 0.5
"""How long a journal that was read is reused: one file gets many requests."""
MOST_JOURNALS = 64
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A complete file that was checked after it was opened.

    Args:
        file: The open file; the caller closes it.
        name: The file's name.
        length: Its length in bytes.
    """

    file: BinaryIO = field(repr=False)
    name: str
    length: int


@dataclass(frozen=True, slots=True)
class ArrivingFile:
    """The part file of an unfinished download.

    Args:
        file: The open part file; the caller closes it.
        name: The name of the complete file.
        length: Its length in bytes.
        journal: The journal's content.
    """

    file: BinaryIO = field(repr=False)
    name: str
    length: int
    journal: JournalContent = field(repr=False)

    def proved(self, span: Span) -> Span:
        """The longest prefix of the span that the journal records; empty if its first byte isn't recorded."""
        header, stop = self.journal.header, span.start
        if header is not None:
            for index in span.blocks(header.block_size):
                length = self.journal.blocks.length(index)
                if not length:
                    break
                stop = index * header.block_size + length
        return Span(span.start, max(span.start, min(stop, span.stop)))

    def pieces(self, span: Span) -> Iterator[bytes]:
        """The bytes of a :meth:`proved` span, block by block; stops at a block that doesn't match its checksum."""
        header = self.journal.header
        if header is None:
            return
        for index in span.blocks(header.block_size):
            start = index * header.block_size
            self.file.seek(start)
            data = self.file.read(self.journal.blocks.length(index))
            if xxh3_64_intdigest(data) != self.journal.blocks.checksum(index):
                return
            yield data[max(0, span.start - start) : span.stop - start]


class _Read(NamedTuple):
    at: float
    content: JournalContent


class Lender:
    """Finds files by SHA-256. The methods may be called from any thread, and wait for the disk.

    Args:
        queue: The queue, for unfinished downloads.
        index: The index of files that were hashed on this machine.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, queue: Queue, index: Index, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._index = index
        self._clock = clock
        self._journals: dict[Path, _Read] = {}

    def find(self, sha256: str) -> WholeFile | ArrivingFile | None:
        """The open file with this SHA-256; ``None`` if there is none.

        Args:
            sha256: 64 hexadecimal digits in lower case.
        """
        digest = Digest("sha256", sha256)
        return self._whole(digest) or self._arriving(digest)

    def _whole(self, digest: Digest) -> WholeFile | None:
        for candidate in self._index.wanted(digest):
            if candidate.proof is HowKnown.HASHED:
                file = _opened(candidate.path)
                if file is not None and FileState.of(os.fstat(file.fileno())).is_still(candidate.state):
                    return WholeFile(file, candidate.path.name, candidate.state.size)
                if file is not None:
                    file.close()
        return None

    def _arriving(self, digest: Digest) -> ArrivingFile | None:
        for destination, length in self._queue.arriving(digest):
            places = Places.of(destination)
            journal = self._journal(places.journal)
            file = _opened(places.part, _NO_LINK) if journal is not None else None
            if file is not None and journal is not None:
                return ArrivingFile(file, destination.name, length, journal)
        return None

    def _journal(self, path: Path) -> JournalContent | None:
        known, now = self._journals.get(path), self._clock()
        if known is not None and now - known.at < JOURNAL_SECONDS:
            return known.content
        content = read_journal(path, OsDisk())
        if content is None or content.header is None:
            self._journals.pop(path, None)
            return None
        if len(self._journals) >= MOST_JOURNALS:
            self._journals.clear()
        self._journals[path] = _Read(now, content)
        return content


def _opened(path: Path, flags: int = 0) -> BinaryIO | None:
    """The regular file at ``path``, opened for reading; ``None`` if there is none."""
    try:
        handle = os.open(path, os.O_RDONLY | _FLAGS | flags)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return os.fdopen(handle, "rb")
