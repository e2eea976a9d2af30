"""Passes items from other threads to the event loop, in order and in batches."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

T = TypeVar("T")

AT_A_TIME = 50
"""The batch size, after which the loop runs other callbacks: adding a thousand jobs causes a thousand events."""


class Relay(Generic[T]):
    """Passes items to a function that runs on the loop.

    Args:
        loop: The event loop.
        receive: Called on the loop with each item.
    """

    def __init__(self, loop: AbstractEventLoop, receive: Callable[[T], None]) -> None:
        self._loop = loop
        self._receive = receive
        self._waiting: deque[T] = deque()
        self._is_called = False

    def put(self, item: T) -> None:
        """Adds an item; may be called from any thread and doesn't block."""
        self._waiting.append(item)
        if not self._is_called:
            self._is_called = True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._pass_on)

    def _pass_on(self) -> None:
        for _ in range(min(AT_A_TIME, len(self._waiting))):
            self._receive(self._waiting.popleft())
        self._is_called = False
        # Checked after the reset, so that an item added meanwhile is seen here or schedules its own call.
        if self._waiting and not self._is_called:
            self._is_called = True
            self._loop.call_soon(self._pass_on)
