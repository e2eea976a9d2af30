"""The one place where the system's errors become ours."""

from __future__ import annotations

import errno

from anymatix_fetcher.errors import DestinationExistsError, DiskFullError, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}


def storage_error(error: OSError, path: object) -> StorageError:
    """Our error for what the system said about ``path``."""
    if error.errno in _FULL:
        return DiskFullError(
            f"the disk is full: {path}", hint="Free some space and start again; what has arrived is kept."
        )
    if error.errno == errno.EFBIG:
        return DiskFullError(
            f"the file system can't hold a file this large: {path}",
            hint="Choose a folder on another file system (FAT32 ends at 4 GiB), or raise the limit on file sizes.",
        )
    if error.errno == errno.ELOOP:
        return StorageError(f"{path} is a symbolic link", hint="Remove the link, or choose another name.")
    if error.errno == errno.ENAMETOOLONG:
        return StorageError(f"the name is too long: {path}", hint="Choose a shorter name.")
    reason = error.strerror or type(error).__name__
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StorageError(f"{path} can't be written: {reason}", hint="Choose a folder that you may write to.")
    return StorageError(f"{path}: {reason}")


def destination_exists(path: object) -> DestinationExistsError:
    """The error for a destination that is taken."""
    return DestinationExistsError(
        f"{path} is there already", hint="Use --overwrite to replace it, or choose another name."
    )


class storage_errors:  # noqa: N801 - read as a statement: with storage_errors(path)
    """Turns the system's errors in its block into ours, about ``path``.

    No generator, for each small file goes through it several times.
    """

    __slots__ = ("_path",)

    def __init__(self, path: object) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raises ours instead of the system's."""
        if isinstance(error, OSError):
            raise storage_error(error, self._path) from error
