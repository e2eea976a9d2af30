"""The exceptions of the public API.

::

    FetchError                        .hint: what to do about it
     +-- ReferenceSyntaxError         the reference or an option is invalid
     +-- AccessDeniedError            a token, a licence or a permission is missing
     +-- NotFoundError                the file doesn't exist, or no longer
     +-- NetworkError                 the network or a server failed
     |    +-- UnexpectedAnswerError   a response violates the protocol, or a redirect was refused
     |    +-- RetriesExhaustedError   a temporary failure that outlasted the retries
     +-- IntegrityError               the content is wrong
     |    +-- RepresentationChangedError
     |    +-- DigestMismatchError
     |    +-- NotAModelError
     |    +-- UnsafeModelError
     +-- StorageError                 the disk or the folder can't be used
     |    +-- DiskFullError
     |    +-- DestinationExistsError
     +-- DestinationLockedError       another process holds the destination
     +-- DownloadCancelled            the caller cancelled it
     +-- InternalError                a bug in this program

A message says what happened and to what. It never holds a token or a signed query. The library knows no
exit codes; the command line has a table of them.
"""

from __future__ import annotations

from typing import TypeVar

Error = TypeVar("Error", bound="FetchError")


class FetchError(Exception):
    """The base class. ``hint`` says in one sentence what to do about the error, or is empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def message(self) -> str:
        """The message: what happened, and to what."""
        return str(self.args[0])


def with_hint(error: Error, hint: str) -> Error:
    """``error``, with another hint."""
    error.hint = hint
    return error


class ReferenceSyntaxError(FetchError):
    """The reference or an option is invalid."""


class AccessDeniedError(FetchError):
    """Access is denied: a token, a licence or a permission is missing, or the address may not be asked."""


class NotFoundError(FetchError):
    """The server doesn't have the file, or no longer."""


class NetworkError(FetchError):
    """The network or a server failed."""


class UnexpectedAnswerError(NetworkError):
    """A response violates the protocol or contradicts an earlier one, or a redirect was refused."""


class RetriesExhaustedError(NetworkError):
    """A temporary failure outlasted the retries. The partial download is kept."""


class IntegrityError(FetchError):
    """The content is not what it should be."""


class RepresentationChangedError(IntegrityError):
    """The server's content is no longer that of the part file."""


class DigestMismatchError(IntegrityError):
    """The complete file doesn't have the expected digest."""


class NotAModelError(IntegrityError):
    """The content is not a model, but a web page, an error document or a pointer file."""


class UnsafeModelError(IntegrityError):
    """The file is a pickle that would run harmful code when loaded. It isn't published."""


class StorageError(FetchError):
    """The disk or the folder can't be read or written."""


class DiskFullError(StorageError):
    """There isn't enough free space."""


class DestinationExistsError(StorageError):
    """The destination exists and may not be replaced."""


class DestinationLockedError(FetchError):
    """Another process is downloading to the same destination."""


class DownloadCancelled(FetchError):  # noqa: N818 - not an error
    """The caller cancelled the download. The part file and its journal are kept."""


class InternalError(FetchError):
    """This program has a bug; ``__cause__`` is the original exception."""
