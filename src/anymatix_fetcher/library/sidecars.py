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
    """A sidecar: where it is and what it says."""

    path: Path
    record: Record

    @property
    def model(self) -> Path | None:
        """The file that it describes, whether it is there or not."""
        name = self.record.file_name
        return self.path.with_name(name) if name else None

    def says(self, reference: str) -> bool:
        """Whether what is in it, rather than its name, speaks of ``reference``."""
        if self.record.identities:
            return identity(reference) in self.record.identities
        url = self.record.url
        return url is not None and base_reference(url) == base_reference(reference)


def read_sidecar(path: Path, disk: Disk) -> Sidecar | None:
    """The sidecar at ``path``; ``None`` where there is none that can be read."""
    data = _read(path, disk)
    record = decode(data)
    if record is None and data:
        _logger.info("%s says nothing that makes sense: it is passed over", path)
    return Sidecar(path, record) if record is not None else None


def sidecars_in(folder: Path, disk: Disk) -> list[Sidecar]:
    """All sidecars in ``folder``, in the order of their names."""
    names = sorted(name for name in disk.names(folder) if is_sidecar_name(name))
    return [sidecar for name in names if (sidecar := read_sidecar(folder / name, disk))]


def has_whole_model(sidecar: Sidecar) -> bool:
    """Whether the file that it describes is there, and whole as far as can be told without reading it.

    What the first fetcher hasn't finished has the final name already: a digest tells, which it writes when all is
    there, or else the length in the sidecar. Where a sidecar has neither, nothing counts as whole.
    """
    try:
        status = sidecar.model.stat() if sidecar.model is not None else None
    except (OSError, ValueError):
        return False
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    # A digest will tell, whatever the sidecar says of the length.
    return bool(sidecar.record.digests) or status.st_size == sidecar.record.file_size


def write_sidecar(folder: Path, reference: str, record: Record, disk: Disk) -> Path:
    """The path of the sidecar that now says ``record``: named by the reference's identity, in one step.

    Raises:
        StorageError: It can't be written.
    """
    path = folder / f"{identity(reference)}.json"
    with storage_errors(path):
        disk.make_folder(folder)
        replace_whole(disk, path, encode(record))
    return path


def _read(path: Path, disk: Disk) -> bytes:
    """The content; empty where it can't be read."""
    try:
        data = read_small(disk, path, MOST_BYTES)
    except (OSError, StorageError) as error:
        if not isinstance(error, FileNotFoundError):
            _logger.info("the sidecar %s can't be read: %s", path, error)
        return b""
    if data is None:
        _logger.info("%s is too long for a sidecar: it is passed over", path)
    return data or b""
