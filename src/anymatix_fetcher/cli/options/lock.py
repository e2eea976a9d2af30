"""The options that ``anyfetch lock`` and ``anyfetch sync`` share: the lock file, destinations, and speed."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.options.network import option, speed_options
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option
from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.lock_file_format import LockFile
    from anymatix_fetcher.verbs.sync import LocalFiles

DEFAULT_FILE = Path("anyfetch.lock")
_PLACES = "Destination"


def lock_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options of both verbs to ``command``; those on speed are passed as one argument ``speed``."""
    which = option(
        "Lock file",
        "-f",
        "--file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        default=DEFAULT_FILE,
        help="The lock file. [default: anyfetch.lock in the current folder]",
    )
    return which(models_option(_PLACES)(extra_paths_option(_PLACES)(speed_options(command))))


def read_lock(file: Path) -> LockFile:
    """The parsed lock file.

    Raises:
        NotFoundError: It doesn't exist.
        ReferenceSyntaxError: It can't be parsed.
        StorageError: It can't be read.
    """
    from anymatix_fetcher.library.lock_file_format import MAX_FILE_BYTES, read  # noqa: PLC0415 - wrong usage needn't wait for it

    if not file.exists():
        raise NotFoundError(
            f"there is no lock file {file}",
            hint="Write one with `anyfetch lock`, or name another by -f FILE.",
        )
    with storage_errors(file):
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ReferenceSyntaxError(
                f"{file} is larger than {MAX_FILE_BYTES >> 20} MiB, which is too large for a lock file"
            )
        return read(file.read_bytes(), str(file))


def write_lock(file: Path, lock: LockFile) -> bool:
    """Writes the lock file atomically; returns whether its content changed.

    Raises:
        StorageError: It can't be written.
    """
    from anymatix_fetcher.library.lock_file_format import write  # noqa: PLC0415
    from anymatix_fetcher.library.ports import temporary_beside  # noqa: PLC0415 - as in read_lock
    from anymatix_fetcher.storage.os_disk import OsDisk  # noqa: PLC0415

    data, disk = write(lock).encode(), OsDisk()
    with storage_errors(file):
        file = file.resolve()  # a symbolic link to it is kept
        if file.is_file() and file.read_bytes() == data:
            return False
        disk.make_folder(file.parent)
        temporary = temporary_beside(file)
        try:
            with closing(disk.open(temporary)) as opened:
                opened.write_at(0, data)
                opened.sync()
            disk.replace(temporary, file)
        except BaseException:
            disk.remove(temporary)
            raise
        disk.sync_folder(file.parent)
    return True


def surroundings_of(
    file: Path, directory: Path | None, models: Path | None, extra_paths: tuple[Path, ...], index: Index
) -> tuple[LocalFiles, str]:
    """The local destinations of locked files, and the reason for the choice of the models root."""
    from anymatix_fetcher.library.roots import find_models  # noqa: PLC0415 - as in read_lock
    from anymatix_fetcher.verbs.sync import LocalFiles  # noqa: PLC0415
    from anymatix_fetcher.wiring.composition import current_folder  # noqa: PLC0415

    root = find_models(models, environment=os.environ, current=current_folder()(), home=Path.home())
    here = (directory if directory is not None else file.parent).absolute()
    surroundings = LocalFiles(root.folders(extra_paths), here, index, is_named=directory is not None)
    return surroundings, f"{root.models} ({root.reason})"
