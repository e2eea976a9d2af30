"""Cancellation: one token can stop any number of downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class CancelToken:
    """Cancels the downloads that it was passed to. May be used from any thread and from signal handlers.

    Cancellation is final and takes effect within half a second. Part file and journal are kept.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` has been called."""
        return self._cancelled

    def cancel(self) -> None:
        """Asks the downloads to stop, without waiting. An exception from a listener is raised after all were called."""
        self._cancelled = True
        raised: Exception | None = None
        # Without a lock, because a signal handler may interrupt the thread that holds it. Lists are safe to copy.
        for listener in list(self._listeners):
            try:
                listener()
            except Exception as error:  # noqa: BLE001 - the other listeners belong to other downloads
                raised = error
        if raised is not None:
            raise raised

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Calls ``listener`` when the token is cancelled, or at once if it already is. The listener must not block."""
        self._listeners.append(listener)
        if self._cancelled:
            listener()

    def remove_listener(self, listener: Callable[[], None]) -> None:
        """Undoes :meth:`add_listener`; unknown listeners are ignored."""
        if listener in self._listeners:
            self._listeners.remove(listener)
