"""Whose turn it is to read: a few threads at a time, however many have something to.

Python lets one thread run at a time, and TLS brings 16 KiB with each call: sixteen threads that all read fight over
the right to run more than they read, and bring half of what two bring. Who waits for the network holds nobody up.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock, Semaphore
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = 2
"""One decrypts or stores, which needs no right to run, while the other one runs."""


class Turns:
    """The turns of all exchanges of a transport; every method may be called from any thread.

    Attributes:
        reading: One turn, as a context: it waits until the turn is there. Nobody waits for the network in it.
    """

    def __init__(self) -> None:
        self.reading = Semaphore(AT_ONCE)
        self._lock = Lock()
        self._busy = 0
        self._waited = 0.0
        self._idle_since = monotonic()

    @property
    def waited_seconds(self) -> float:
        """For how long nobody has had anything to read or to store, so far."""
        with self._lock:
            return self._waited if self._busy else self._waited + monotonic() - self._idle_since

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While this lasts the calling thread carries a body."""
        self._begin()
        try:
            yield
        finally:
            self._pause()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within :meth:`busy`: while this lasts there is nothing to do."""
        self._pause()
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        with self._lock:
            if not self._busy:
                self._waited += monotonic() - self._idle_since
            self._busy += 1

    def _pause(self) -> None:
        with self._lock:
            self._busy -= 1
            if not self._busy:
                self._idle_since = monotonic()
