"""The lock file on the disk, and the local folders that its entries belong to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.engine import forms
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.library.lock_file_format import MAX_FILE_BYTES, read, write
from anymatix_fetcher.library.ports import replace_whole
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.verbs.comparing import LocalFiles
from anymatix_fetcher.wiring.models import models_root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.lock_file_format import LockFile

DEFAULT_FILE = Path("anyfetch.lock")
"""In the current folder."""


def read_lock(file: Path) -> LockFile:
    """The parsed lock file.

    Raises:
        NotFoundError: It doesn't exist.
        ReferenceSyntaxError: It can't be parsed.
        StorageError: It can't be read.
    """
    if not file.exists():
        raise NotFoundError(
            f"there is no lock file {file}",
            hint="Write one with `anyfetch lock`, or name another by -f FILE.",
        )
    with storage_errors(file):
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ReferenceSyntaxError(
                f"{file} is larger than {MAX_FILE_BYTES >> 20} MiB, which is too large for a lock file",
                hint="Name a file that `anyfetch lock` has written by -f FILE.",
            )
        return read(file.read_bytes(), str(file))


def write_lock(file: Path, lock: LockFile) -> bool:
    """Writes the lock file atomically; returns whether its content changed.

    Raises:
        StorageError: It can't be written.
    """
    data, disk = write(lock).encode(), OsDisk()
    with storage_errors(file):
        file = file.resolve()  # a symbolic link to it is kept
        if file.is_file() and file.read_bytes() == data:
            return False
        disk.make_folder(file.parent)
        replace_whole(disk, file, data)
    return True


def local_files(
    file: Path,
    directory: Path | str | None,
    models: Path | str | None,
    extra_paths: Iterable[Path | str] | Path | str,
    index: Index,
) -> tuple[LocalFiles, str]:
    """The local destinations of locked files, and the reason for the choice of the models root.

    Args:
        file: The lock file.
        directory: The folder of files outside the models root; the lock file's by default.
        models: The models root, or a program's folder.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        index: The known files.

    Raises:
        ReferenceSyntaxError: A value is no path, or one of these files can't be parsed.
    """
    root, named = models_root(models), forms.path("directory", directory)
    here = (named if named is not None else file.parent).absolute()
    folders = root.folders(forms.paths("extra_paths", extra_paths))
    return LocalFiles(folders, here, index, is_named=named is not None), f"{root.models} ({root.reason})"
