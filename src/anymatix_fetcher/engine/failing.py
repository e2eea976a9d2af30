"""How a part of a download fails cleanly: the error becomes an event, and nothing else is disturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable


class FailingCleanly:
    """A block whose ``FetchError`` ends it and is handed over; entered for every event, so it is no generator."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[FetchError], None]) -> None:
        self._take = take

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Hands the error over."""
        if not isinstance(error, FetchError):
            return False
        self._take(error)
        return True
