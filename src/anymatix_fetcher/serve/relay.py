"""From the queue's threads to the loop: what they tell is passed on, in order and some of it at a time."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

T = TypeVar("T")

AT_A_TIME = 50
"""After so many the loop gets its turn: a thousand jobs that are added at once are a thousand events."""


class Relay(Generic[T]):
    """Passes things on to a function that runs on the loop.

    Args:
        loop: The loop.
        receive: Takes one of them.
    """

    def __init__(self, loop: AbstractEventLoop, receive: Callable[[T], None]) -> None:
        self._loop = loop
        self._receive = receive
        self._waiting: deque[T] = deque()
        self._is_called = False

    def put(self, item: T) -> None:
        """One more, from any thread; it doesn't block."""
        self._waiting.append(item)
        if not self._is_called:
            self._is_called = True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._pass_on)

    def _pass_on(self) -> None:
        for _ in range(min(AT_A_TIME, len(self._waiting))):
            self._receive(self._waiting.popleft())
        self._is_called = False
        # After that, so that what comes in between is either seen here, or calls by itself.
        if self._waiting and not self._is_called:
            self._is_called = True
            self._loop.call_soon(self._pass_on)
