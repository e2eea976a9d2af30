"""Converts exceptions to our errors: the system's errors become storage errors, unexplained ones a bug."""

from __future__ import annotations

import errno

from anymatix_fetcher.core.values.shortages import SHORTAGES
from anymatix_fetcher.errors import DestinationExistsError, DiskFullError, FetchError, InternalError, StorageError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}

_HINTS = {
    errno.ENOENT: "The folder is gone, or was never there: choose another one, or change to one that exists.",
    errno.EISDIR: "Choose a file's name.",
    errno.EIO: "Check the disk and its cable, or the network share; what has arrived is kept.",
    errno.ESTALE: "The network share was mounted anew: start again.",
    errno.EMFILE: SHORTAGES[errno.EMFILE],
    errno.ENFILE: SHORTAGES[errno.ENFILE],
    errno.EINVAL: "Choose another name or folder: this file system can't do it.",
    errno.EBUSY: "End the program that uses it, then start again.",
    errno.ETXTBSY: "End the program that uses it, then start again.",
}
_HINT = "Check the disk and the folder, or choose another folder."
BUG_HINT = "Run it again with --verbose, and report what that shows."


def storage_error(error: OSError | UnicodeEncodeError, path: object) -> StorageError:
    """The error for a system error concerning ``path``, or the path that the error itself names."""
    if isinstance(error, UnicodeEncodeError):
        return StorageError(
            f"{path} can't be written in this locale's encoding",
            hint="Choose another name with -o, or set LC_ALL=C.UTF-8.",
        )
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
        return StorageError(
            f"{_named(error, path)} is a symbolic link", hint="Remove the link, or choose another name."
        )
    if error.errno == errno.ENAMETOOLONG:
        return StorageError(f"the name is too long: {path}", hint="Choose a shorter name.")
    reason = error.strerror or type(error).__name__
    if error.errno in _REFUSED:
        return StorageError(f"{path} can't be written: {reason}", hint="Choose a folder that you may write to.")
    if error.errno == errno.ENOTDIR:
        return StorageError(f"a part of {path} is a file, where a folder is needed", hint="Choose another folder.")
    if error.errno == errno.EEXIST:
        return StorageError(
            f"{_named(error, path)} is in the way: a file or a link has this name",
            hint="Remove it, or choose another folder.",
        )
    return StorageError(f"{path}: {reason}", hint=_HINTS.get(error.errno or 0, _HINT))


def _named(error: OSError, path: object) -> object:
    """The path that the error concerns, as ``path`` may stand for several files."""
    return path if error.filename is None or isinstance(error.filename, int | bytes) else error.filename


def error_of(error: BaseException, path: object = "") -> FetchError:
    """Converts any exception: the system's errors become storage errors, and unexplained ones a bug.

    Args:
        error: The exception.
        path: The path that it concerns, if known.
    """
    match error:
        case FetchError():
            return error
        case OSError():
            ours: FetchError = storage_error(error, error.filename or path or "the system")
        case UnicodeEncodeError():
            ours = storage_error(error, "a name")  # which name isn't said, because it may contain a secret
        case MemoryError():
            ours = StorageError("there isn't memory enough", hint="End other programs, or fetch fewer files at a time.")
        case _:
            ours = InternalError(f"{type(error).__name__}: this is a bug in anyfetch", hint=BUG_HINT)
    ours.__cause__ = error
    return ours


def destination_exists(path: object) -> DestinationExistsError:
    """The error for a destination that exists."""
    return DestinationExistsError(
        f"{path} is there already", hint="Use --overwrite to replace it, or choose another name."
    )


class storage_errors:  # noqa: N801 - read as a statement: with storage_errors(path)
    """A context manager that converts the system's errors to ours, concerning ``path``.

    A class rather than a generator, because it is used several times for each small file.
    """

    __slots__ = ("_path",)

    def __init__(self, path: object) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Does nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raises our error instead of the system's."""
        if isinstance(error, OSError | UnicodeEncodeError):
            raise storage_error(error, self._path) from error
