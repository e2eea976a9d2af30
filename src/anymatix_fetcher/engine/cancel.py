"""Stopping from outside: one token may stop any number of downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class CancelToken:
    """Cancels the downloads that it was given to. May be used from any thread and from signal handlers.

    Cancelling is final and takes effect within half a second; part and journal are kept.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` has been called."""
        return self._cancelled

    def cancel(self) -> None:
        """Asks the downloads to stop; returns at once. What a listener raises comes out when all have been told."""
        self._cancelled = True
        raised: Exception | None = None
        # No lock: a signal handler may interrupt the thread that holds it. Lists are safe to copy.
        for listener in list(self._listeners):
            try:
                listener()
            except Exception as error:  # noqa: BLE001 - the next one may be another download
                raised = error
        if raised is not None:
            raise raised

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Has ``listener`` called when the token is cancelled, or at once where it already is. It mustn't block."""
        self._listeners.append(listener)
        if self._cancelled:
            listener()

    def remove_listener(self, listener: Callable[[], None]) -> None:
        """Undoes :meth:`add_listener`; unknown listeners are ignored."""
        if listener in self._listeners:
            self._listeners.remove(listener)
