"""Reads, finds and atomically writes the sidecars in a folder."""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.identity import base_reference, identity
from anymatix_fetcher.library.names import is_sidecar_name
from anymatix_fetcher.library.ports import read_small, replace_whole
from anymatix_fetcher.library.sidecar_format import MOST_BYTES, Record, decode, encode

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk

_logger = logging.getLogger("anymatix_fetcher.library")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar: its path and content."""

    path: Path
    record: Record

    @property
    def model(self) -> Path | None:
        """The file that it describes, which may not exist."""
        name = self.record.file_name
        return self.path.with_name(name) if name else None

    def says(self, reference: str) -> bool:
        """Whether its content, rather than its name, refers to ``reference``."""
        if self.record.identities:
            return identity(reference) in self.record.identities
        url = self.record.url
        return url is not None and base_reference(url) == base_reference(reference)


def read_sidecar(path: Path, disk: Disk) -> Sidecar | None:
    """The sidecar at ``path``; ``None`` if there is no valid one."""
    data = _read(path, disk)
    record = decode(data)
    if record is None and data:
        _logger.info("%s is no valid sidecar, and is ignored", path)
    return Sidecar(path, record) if record is not None else None


def sidecars_in(folder: Path, disk: Disk) -> list[Sidecar]:
    """All sidecars in ``folder``, sorted by name."""
    names = sorted(name for name in disk.names(folder) if is_sidecar_name(name))
    return [sidecar for name in names if (sidecar := read_sidecar(folder / name, disk))]


def has_whole_model(sidecar: Sidecar) -> bool:
    """Whether the described file exists and looks complete without reading it.

    An incomplete file of the first fetcher already has its final name. It is complete if the sidecar has a digest,
    which is written at the end, or else if its length matches. A file without both doesn't count as complete.
    """
    try:
        status = sidecar.model.stat() if sidecar.model is not None else None
    except (OSError, ValueError):
        return False
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    # With a digest, the stated length isn't needed.
    return bool(sidecar.record.digests) or status.st_size == sidecar.record.file_size


def write_sidecar(folder: Path, reference: str, record: Record, disk: Disk) -> Path:
    """Writes ``record`` atomically to the sidecar for ``reference``; returns its path.

    Raises:
        StorageError: It can't be written.
    """
    path = folder / f"{identity(reference)}.json"
    with storage_errors(path):
        disk.make_folder(folder)
        replace_whole(disk, path, encode(record))
    return path


def _read(path: Path, disk: Disk) -> bytes:
    """The content; empty if it can't be read."""
    try:
        data = read_small(disk, path, MOST_BYTES)
    except (OSError, StorageError) as error:
        if not isinstance(error, FileNotFoundError):
            _logger.info("the sidecar %s can't be read: %s", path, error)
        return b""
    if data is None:
        _logger.info("%s is too long for a sidecar, and is ignored", path)
    return data or b""
