"""Keeps the beginning of a body in memory, to check a doubtful ``Content-Type`` or ``Content-Encoding`` against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE
from anymatix_fetcher.core.values.messages import BeginningSeen
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.storage.hashing import new_hasher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.messages import LookAtBeginning


class Beginning:
    """The beginning of a body; implements ``Sink``."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Implements ``Sink.write``."""
        self._data[offset : offset + len(data)] = data

    def look(self, command: LookAtBeginning, digests: Sequence[Digest]) -> BeginningSeen:
        """Whether the content is what its header fields say, and isn't a file with one of ``digests``.

        If a digest can decide and the body is longer than the beginning, the decision is left to verification.
        """
        from anymatix_fetcher.formats.labelled import is_coded, is_document  # noqa: PLC0415 - seldom needed

        settling = [digest for digest in digests if digest.algorithm in COLLISION_FREE]
        if settling and not command.is_whole:
            return BeginningSeen(is_unwanted=False)
        first = bytes(self._data)
        length = len(first) if command.is_whole else None
        unwanted = is_coded(first, command.coding) if command.coding else is_document(first, length)
        return BeginningSeen(is_unwanted=unwanted and not any(_has(self._data, digest) for digest in settling))


def _has(data: bytearray, digest: Digest) -> bool:
    try:
        hasher = new_hasher(digest.algorithm)
    except ReferenceSyntaxError:
        return False  # verification reports that it can't be computed
    hasher.update(memoryview(data))
    return hasher.hexdigest() == digest.hex
