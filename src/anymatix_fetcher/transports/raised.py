"""What a sink or a callback has raised, as the failure of its exchange: one exchange's trouble ends no other one."""

from __future__ import annotations

import logging

from anymatix_fetcher.core.values.failures import Failure, FailureKind

log = logging.getLogger("anymatix_fetcher.transports")

NOT_TAKEN = frozenset({FailureKind.STORAGE, FailureKind.BUG})
"""The sink isn't given anything more after these."""


def raised(error: BaseException) -> Failure:
    """The failure for ``error``: the disk's where it is an ``OSError``, else a bug, which the log has in full."""
    if isinstance(error, OSError):
        return Failure(FailureKind.STORAGE, error.strerror or type(error).__name__, error.errno)
    log.error("an exchange failed for a reason that is a bug", exc_info=error)
    return Failure(FailureKind.BUG, type(error).__name__)
