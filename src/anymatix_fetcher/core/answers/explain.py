"""Explains refusals and failures: the exception that ends the download, and its hint."""

from __future__ import annotations

import errno
from math import ceil
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.expiry import is_signed
from anymatix_fetcher.core.values.disk_errors import BUG_HINT
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.shortages import SHORTAGES
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DiskFullError,
    FetchError,
    InternalError,
    NotAModelError,
    NotFoundError,
    RepresentationChangedError,
    RetriesExhaustedError,
    StorageError,
    UnexpectedAnswerError,
    with_hint,
)

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused
    from anymatix_fetcher.core.values.urls import Url

KEPT = "What has arrived is kept; run the same command again to go on."
_KEPT_SO_FAR = "What has arrived is kept."
ASK_LATER = "Run the same command again later."
_NO_LONGER_FITS = (
    "The pieces that are here are kept, but no longer fit; --overwrite drops them and fetches the new content."
)
_NEVER_FITTED = "It is another file than the one that was meant, or its length was stated wrongly: check both."
LOGIN_PAGE_HINT = (
    "Mostly this is a login page: open the address in a browser, and give the token that it asks for. "
    "To keep a web page as such, name it with -o NAME.html, or give --as-is."
)
FULL_DISK_ERRORS = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})

_ANOTHER_PLACE = "give another address of the same file, or add one with --mirror URL"
ALLOW_PRIVATE_HINT = "The address was written by others: if that is meant, set ANYFETCH_ALLOW_PRIVATE=1."

_REFUSALS: dict[Refusal, tuple[type[FetchError], str]] = {
    Refusal.UNAUTHORIZED: (
        AccessDeniedError,
        "The server wants to know who asks: give a token with -H 'Authorization: Bearer ...' or in ~/.netrc.",
    ),
    Refusal.FORBIDDEN: (
        AccessDeniedError,
        "Check that the token is right, that it may read this file, and that the licence is accepted on the web page.",
    ),
    Refusal.NOT_FOUND: (NotFoundError, "Check the address; the file may have been renamed or removed."),
    Refusal.GONE: (NotFoundError, "The file was removed by its owner or archived."),
    Refusal.BAD_REQUEST: (
        UnexpectedAnswerError,
        "The server can't make sense of the request: check the address, and the headers that are sent with it.",
    ),
    Refusal.THROTTLED: (RetriesExhaustedError, f"The server allows no more for now. {KEPT}"),
    Refusal.UNAVAILABLE: (RetriesExhaustedError, KEPT),
    Refusal.CHANGED: (
        RepresentationChangedError,
        _NO_LONGER_FITS,
    ),
    Refusal.UNSATISFIABLE: (
        UnexpectedAnswerError,
        f"The file may be another one by now: check the address. {_KEPT_SO_FAR}",
    ),
    Refusal.RANGE_IGNORED: (
        UnexpectedAnswerError,
        f"Try --engine single, which asks for no ranges, or {_ANOTHER_PLACE}.",
    ),
    Refusal.MISLABELLED: (
        UnexpectedAnswerError,
        f"The server, or a proxy before it, breaks the rules of HTTP: {_ANOTHER_PLACE}.",
    ),
    Refusal.UNSAFE_REDIRECT: (
        UnexpectedAnswerError,
        "Such a redirect isn't followed: find an https address of the same file.",
    ),
    Refusal.UNEXPECTED: (
        UnexpectedAnswerError,
        "Check the address: open it in a browser, to see what the server has to say.",
    ),
    Refusal.ENCODED: (
        UnexpectedAnswerError,
        "The server codes it, or a proxy does. --as-is keeps it as it comes; so does --hash with the right digest.",
    ),
    Refusal.NOT_A_MODEL: (
        NotAModelError,
        LOGIN_PAGE_HINT,
    ),
}

_FAILURES = {
    FailureKind.RESOLVE: "Check the host's name and the network's DNS.",
    FailureKind.CONNECT: "Check that the server is up, and that no firewall or missing proxy is in between.",
    FailureKind.TLS: "Check the clock; for a private authority give its certificate with --cacert FILE.",
    FailureKind.PROXY: "Check the proxy's address and credentials; --proxy '' goes without one.",
    FailureKind.UNUSABLE: "Check the proxy, the certificate file and the options.",
}


def refusal_error(refused: Refused, url: Url, *, authorized: bool = False) -> FetchError:
    """The exception for a final refusal.

    Args:
        refused: The refusal.
        url: The URL that refused.
        authorized: Whether credentials were sent.
    """
    kind, hint = _REFUSALS[refused.kind]
    if refused.kind is Refusal.UNAUTHORIZED and authorized:
        hint = "The server doesn't accept the credentials that were sent: check them, and whether they have expired."
    if refused.kind is Refusal.FORBIDDEN and is_signed(url):
        hint = f"The link carries a signature and has probably expired: get a fresh one. {_KEPT_SO_FAR}"
    if refused.kind is Refusal.THROTTLED and refused.retry_after_seconds:
        hint = f"The server asks to wait for {_duration(refused.retry_after_seconds)}. {KEPT}"
    return kind(f"{refused.sentence} ({url})", hint=hint)


def nothing_kept(error: FetchError) -> FetchError:
    """``error`` with its hint adapted to a download without any stored bytes."""
    hint = error.hint.replace(KEPT, ASK_LATER).replace(f" {_KEPT_SO_FAR}", "").replace(_NO_LONGER_FITS, _NEVER_FITTED)
    return with_hint(error, hint)


def failure_error(failure: Failure, url: Url) -> FetchError:
    """The exception for a failed exchange that isn't retried."""
    if failure.kind is FailureKind.STORAGE:
        return storage_error(failure)
    if failure.kind is FailureKind.BUG:
        return InternalError(f"{failure.detail}: this is a bug in anyfetch", hint=BUG_HINT)
    if failure.os_error in SHORTAGES and failure.kind in _IN_NEED:
        return StorageError(f"{url.host}: {failure}", hint=f"{SHORTAGES[failure.os_error]} {KEPT}")
    if failure.kind is FailureKind.INSIDE:
        return AccessDeniedError(f"{url.host}: {failure}", hint=ALLOW_PRIVATE_HINT)
    kind = UnexpectedAnswerError if failure.kind in _ONCE else RetriesExhaustedError
    return kind(f"{url.host}: {failure}", hint=_FAILURES.get(failure.kind, KEPT))


def broken_off_error(position: int, url: Url) -> FetchError:
    """The exception for a body that repeatedly breaks off, ``position`` bytes into the file."""
    return RetriesExhaustedError(
        f"{url.host} breaks off after {_size(position)} each time, and can't go on from there ({url})",
        hint=f"Give another address of the same file, or add one with --mirror URL. {KEPT}",
    )


def _size(count: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{ceil(seconds / size)} {unit}"
    return f"{ceil(seconds)} seconds"


_IN_NEED = frozenset({FailureKind.CONNECT, FailureKind.RESOLVE})
_ONCE = frozenset({FailureKind.TLS, FailureKind.UNUSABLE})


def storage_error(failure: Failure) -> FetchError:
    """The exception for bytes that couldn't be written."""
    if failure.os_error in FULL_DISK_ERRORS:
        return DiskFullError(
            f"the disk is full: {failure.detail}", hint=f"Make room, then run the same command again. {_KEPT_SO_FAR}"
        )
    return StorageError(f"the part file can't be written: {failure.detail}", hint=KEPT)
