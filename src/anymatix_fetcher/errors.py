"""Every exception that a caller can meet.

::

    FetchError                        .hint: what to do about it
     +-- ReferenceSyntaxError         the caller's turn: the reference or an option can't be read
     +-- AccessDeniedError            the caller's turn: a token, a licence or a permission is missing
     +-- NotFoundError                nobody's turn: it isn't there, or no longer
     +-- NetworkError                 the network's turn
     |    +-- UnexpectedAnswerError   a server broke the rules, or led to where we don't go
     |    +-- RetriesExhaustedError   it might have worked later
     +-- IntegrityError               the content's turn
     |    +-- RepresentationChangedError
     |    +-- DigestMismatchError
     |    +-- NotAModelError
     |    +-- UnsafeModelError
     +-- StorageError                 the machine's turn: the disk or the folder
     |    +-- DiskFullError
     |    +-- DestinationExistsError
     +-- DestinationLockedError       another process's turn
     +-- DownloadCancelled            the caller wanted it so
     +-- InternalError                our turn: this program has a bug

A message says what happened and to what; it never holds a token or a signed query. The library knows no
exit codes: the command line has a table.
"""

from __future__ import annotations


class FetchError(Exception):
    """Anything that ends a download; ``hint`` says in one sentence what to do about it, or is empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        return str(self.args[0])


class ReferenceSyntaxError(FetchError):
    """The reference or an option can't be read."""


class AccessDeniedError(FetchError):
    """The server refuses: a token, a licence or a permission is missing."""


class NotFoundError(FetchError):
    """The server has no such thing, or has it no longer."""


class NetworkError(FetchError):
    """The network or a server on it didn't do its part."""


class UnexpectedAnswerError(NetworkError):
    """A server's answer breaks the rules, contradicts itself, or leads to where we don't go."""


class RetriesExhaustedError(NetworkError):
    """It was tried as often as makes sense; what has arrived is kept."""


class IntegrityError(FetchError):
    """What arrived isn't what it should be."""


class RepresentationChangedError(IntegrityError):
    """The server now has other content than the part file holds pieces of."""


class DigestMismatchError(IntegrityError):
    """The whole file hasn't the digest that it should have."""


class NotAModelError(IntegrityError):
    """The server sent something else than a model: a web page, an error document, a pointer."""


class UnsafeModelError(IntegrityError):
    """The file is a pickle that would do harm to whoever loads it; it isn't published."""


class StorageError(FetchError):
    """The disk or the folder doesn't let us write."""


class DiskFullError(StorageError):
    """There isn't room enough."""


class DestinationExistsError(StorageError):
    """Something is at the destination, and it isn't ours to replace."""


class DestinationLockedError(FetchError):
    """Another process downloads to the same destination."""


class DownloadCancelled(FetchError):  # noqa: N818 - not an error of anybody's
    """The caller stopped the download; part and journal are kept."""


class InternalError(FetchError):
    """This program has a bug; ``__cause__`` is what was raised."""
