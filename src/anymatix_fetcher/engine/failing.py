"""Error handling at the engine's edges: errors become events, and cleaning up continues after a failure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import error_of
from anymatix_fetcher.errors import FetchError, InternalError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("anymatix_fetcher.engine")


class FailingCleanly:
    """A context manager that passes our errors and the system's on. A class, because it is entered for each event."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[FetchError], None]) -> None:
        self._take = take

    def __enter__(self) -> None:
        """Does nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Passes the error on."""
        if not isinstance(error, FetchError | OSError | UnicodeEncodeError):
            return False
        self._take(error_of(error))
        return True


def error_for(raised: BaseException, subject: str) -> FetchError:
    """Converts any exception to the error of a download of ``subject``. A bug is logged with its traceback."""
    error = error_of(raised)
    if isinstance(error, InternalError):
        log.error("%s: ended by a bug", subject, exc_info=raised)
    return error


def let_go(subject: str, *actions: Callable[[], object]) -> None:
    """Runs each of ``actions`` even if another one raises, which is logged, so that everything is released."""
    for action in actions:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the next action releases something else
            log.warning("%s: something couldn't be cleaned up: %s", subject, error)
