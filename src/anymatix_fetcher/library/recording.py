"""Records a finished download for later runs: a sidecar, and an entry in the index."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.core.answers.secrecy import recordable
from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.catalog import keeping_ours
from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.hash_named import SCHEME
from anymatix_fetcher.library.identity import identity, part_of, unnamed
from anymatix_fetcher.library.sidecar_format import Provenance, Record
from anymatix_fetcher.library.sidecars import Sidecar, read_sidecar, write_sidecar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.index import Index


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that has arrived.

    Args:
        path: Its path.
        reference: The requested reference.
        url: Its URL on the named host, never a redirect's target.
        digests: The computed digests.
        verified: What verified it: an algorithm's name, ``length`` or ``none``.
        name: The server's name for the file.
        type: A :class:`~anymatix_fetcher.library.types.ModelType`, or empty.
        data: Civitai's description of the model's version.
        blocks: The checksums of its blocks from the journal, so that damage can be found and repaired block by block.
        asked: The reference as typed, if it differs.
        read_at: When the digests were computed, in seconds since 1970; ``None`` for just now.
        is_unnamed: Whether the source has chosen the file's name.
        part_of: The reference that named several files, such as a whole repository; otherwise empty.
    """

    path: Path
    reference: str = field(repr=False)
    url: str = field(repr=False)
    digests: tuple[Digest, ...]
    verified: str
    name: str
    type: str = ""
    data: Mapping[str, Any] | None = field(default=None, repr=False)
    blocks: BlockChecksums | None = None
    asked: str = field(default="", repr=False)
    read_at: float | None = None
    is_unnamed: bool = False
    part_of: str = field(default="", repr=False)

    @property
    def identities(self) -> tuple[str, ...]:
        """The identities of all references that led to the file."""
        return tuple(dict.fromkeys(map(identity, self._references)))

    @property
    def _references(self) -> tuple[str, ...]:
        return (self.url, self.reference, *((self.asked,) if self.asked else ()))

    def entry(self, state: FileState, read_at: float) -> IndexEntry:
        """The index entry of the file in ``state``, read at ``read_at`` (seconds since 1970)."""
        origins = dict.fromkeys(map(unnamed, self._references)) if self.is_unnamed else {}
        identities = (*self.identities, *origins)
        return IndexEntry(
            self.path, state, self.digests, HowKnown.HASHED, identities, self.verified, read_at, self.blocks
        )


def record(arrival: Arrival, index: Index, disk: Disk, wall_seconds: float) -> Path:
    """Writes the sidecar and the index entry; returns the sidecar's path.

    Args:
        arrival: The file.
        index: The index.
        disk: The file system.
        wall_seconds: The current time in seconds since 1970.

    Raises:
        StorageError: The sidecar can't be written; the index knows the file all the same.
    """
    entry = current_entry(arrival, wall_seconds)
    try:
        sidecar = note(arrival, entry, disk)
    except StorageError:
        index.add_many([entry])
        raise
    index.add_many([entry], keeping_ours([sidecar]))
    return sidecar.path


def current_entry(arrival: Arrival, wall_seconds: float) -> IndexEntry:
    """The index entry of the file as it is now.

    Raises:
        StorageError: It isn't there.
    """
    with storage_errors(arrival.path):
        state = FileState.of(arrival.path.stat())
    return arrival.entry(state, wall_seconds if arrival.read_at is None else arrival.read_at)


def note(arrival: Arrival, entry: IndexEntry, disk: Disk) -> Sidecar:
    """Writes the sidecar of a file with this entry.

    From an earlier sidecar of the same URL, additional fields such as the first fetcher's ``data`` and other references
    are kept.

    Raises:
        StorageError: It can't be written.
    """
    earlier = read_sidecar(arrival.path.with_name(f"{identity(arrival.url)}.json"), disk)
    known = earlier.record if earlier else Record()
    sha256 = next((digest.hex for digest in arrival.digests if digest.algorithm == "sha256"), None)
    named_among_others = (part_of(arrival.part_of),) if arrival.part_of else ()
    content = Record(
        url=recordable(arrival.url),
        file_name=arrival.path.name,
        file_size=entry.state.size,
        name=arrival.name,
        data=arrival.data if arrival.data is not None else known.data,
        sha256=sha256,
        own=Provenance(
            source=arrival.reference,
            identities=tuple(dict.fromkeys((*arrival.identities, *named_among_others, *known.identities))),
            type=arrival.type,
            digests=arrival.digests,
            verified=arrival.verified,
            verified_at=entry.read_at or 0.0,
            mtime_ns=entry.state.mtime_ns,
        ),
        rest=known.rest,
    )
    return Sidecar(write_sidecar(arrival.path.parent, arrival.url, content, disk), content)


def restate(
    sidecars: Iterable[Sidecar],
    state: FileState,
    digests: tuple[Digest, ...],
    index: Index,
    disk: Disk,
    wall_seconds: float,
) -> None:
    """Replaces each sidecar by one that states the file's current content, without its origin.

    The description of the model is kept.

    Args:
        sidecars: The sidecars of a file that was changed on purpose.
        state: The file's state when it was read.
        digests: Its digests, including SHA-256.
        index: The index.
        disk: The file system.
        wall_seconds: The current time in seconds since 1970.

    Raises:
        StorageError: A sidecar can't be written or removed.
    """
    sha256 = next(digest.hex for digest in digests if digest.algorithm == "sha256")
    reference = f"{SCHEME}{sha256}"
    for sidecar in sidecars:
        known = (read_sidecar(sidecar.path, disk) or sidecar).record
        own = Provenance(
            source=reference,
            type=known.own.type if known.own else "",
            digests=digests,
            verified_at=wall_seconds,
            mtime_ns=state.mtime_ns,
        )
        content = replace(known, url=None, file_size=state.size, sha256=sha256, own=own)
        # Two files in one folder may have the same content now.
        path = write_sidecar(sidecar.path.parent, f"{reference}/{known.file_name}", content, disk)
        index.database.write(keeping_ours([Sidecar(path, content)]))
        if path != sidecar.path:
            with storage_errors(sidecar.path):
                disk.remove(sidecar.path)
