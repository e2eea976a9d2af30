"""Limits the number of threads that read concurrently.

Python runs one thread at a time, and TLS delivers 16 KiB per call: sixteen threads that all read contend for the
interpreter lock more than they read, and achieve half the rate of two. Threads that wait for the network take no turn.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock, Semaphore
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = 2
"""One thread decrypts or stores without the interpreter lock while the other one runs."""


class Turns:
    """The turns of all exchanges of a transport; every method may be called from any thread.

    Attributes:
        reading: A turn as a context manager, which waits until it is available. Never wait for the network within it.
    """

    def __init__(self) -> None:
        self.reading = Semaphore(AT_ONCE)
        self._lock = Lock()
        self._busy = 0
        self._waited = 0.0
        self._idle_since = monotonic()

    @property
    def waited_seconds(self) -> float:
        """The total time in which no thread had anything to read or to store."""
        with self._lock:
            return self._waited if self._busy else self._waited + monotonic() - self._idle_since

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A block in which the calling thread carries a body."""
        self._begin()
        try:
            yield
        finally:
            self._pause()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A block within :meth:`busy` in which there is nothing to do."""
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
