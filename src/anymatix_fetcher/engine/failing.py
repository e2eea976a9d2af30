"""How a part of a download fails cleanly: the error becomes an event, and nothing else is disturbed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.errors import FetchError, InternalError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("anymatix_fetcher.engine")


class FailingCleanly:
    """A block that our errors and the system's end, and that hands them over; no generator: each event enters it."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[FetchError], None]) -> None:
        self._take = take

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Hands the error over."""
        if not isinstance(error, FetchError | OSError | UnicodeEncodeError):
            return False
        self._take(error_of(error))
        return True


def error_for(raised: BaseException, subject: str) -> FetchError:
    """The error that a download of ``subject`` ends with, whatever was raised; a bug is logged in full."""
    error = error_of(raised)
    if isinstance(error, InternalError):
        log.error("%s: ended by a bug", subject, exc_info=raised)
    return error


def let_go(subject: str, *actions: Callable[[], object]) -> None:
    """Does each of ``actions``, whatever another one of them raises, which is logged: what is held has to be freed."""
    for action in actions:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the next one frees something else
            log.warning("%s: something couldn't be cleaned up: %s", subject, error)
