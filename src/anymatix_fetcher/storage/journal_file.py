"""The journal on disk: opened once, then appended to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.journal import encode

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.journal import JournalHeader, Record
    from anymatix_fetcher.core.values.ports import RandomFile


class JournalFile:
    """Appends records. The caller holds the part file's lock. Nothing is synced.

    Args:
        file: The open journal.
        valid_bytes: The length of its undamaged part; 0 for a new journal, which :meth:`begin` starts.
    """

    def __init__(self, file: RandomFile, valid_bytes: int = 0) -> None:
        self._file = file
        self._position = self._touched = valid_bytes
        self._file.truncate(valid_bytes)

    def begin(self, header: JournalHeader, *records: Record) -> None:
        """Replaces everything with ``header`` and these records, in one write."""
        self._position = 0
        if self._touched:
            self._file.truncate(0)
        self._append(header.encode() + b"".join(map(encode, records)))

    def append(self, record: Record) -> None:
        """Adds a record.

        Raises:
            ValueError: :meth:`begin` wasn't called.
            OSError: It isn't written. A partial record is overwritten by the next one, or cut by the next run.
        """
        if self._position == 0:
            raise ValueError("the journal has no header yet")
        self._append(encode(record))

    def void(self) -> None:
        """Empties the journal, so that nothing counts as stored. Needs no space on the disk.

        Raises:
            OSError: The file system refuses.
        """
        self._file.truncate(0)
        self._position = self._touched = 0

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _append(self, data: bytes) -> None:
        stop = self._position + len(data)
        self._touched = max(self._touched, stop)  # before the attempt: a failed write leaves the content unknown
        self._file.write_at(self._position, data)
        self._position = stop
