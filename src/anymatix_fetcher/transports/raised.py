"""Converts an exception of a sink or a callback to the failure of its exchange; other exchanges continue."""

from __future__ import annotations

import logging

from anymatix_fetcher.core.values.failures import Failure, FailureKind

log = logging.getLogger("anymatix_fetcher.transports")

NOT_TAKEN = frozenset({FailureKind.STORAGE, FailureKind.BUG})
"""The failures after which the sink is no longer called."""


def raised(error: BaseException) -> Failure:
    """The failure for ``error``: that of the disk for an ``OSError``, otherwise a bug, which is logged."""
    if isinstance(error, OSError):
        return Failure(FailureKind.STORAGE, error.strerror or type(error).__name__, error.errno)
    log.error("an exchange failed for a reason that is a bug", exc_info=error)
    return Failure(FailureKind.BUG, type(error).__name__)
