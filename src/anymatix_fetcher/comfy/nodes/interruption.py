"""Polls ComfyUI's interrupt flag in one task and passes the interrupt to all waiting nodes of an event loop.

ComfyUI clears the flag when it raises, so only one of several polling nodes would see it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

T = TypeVar("T")

LOOK_SECONDS = 0.1


class ComfyInterrupt:
    """The interrupt as shared by the waiting nodes of one event loop."""

    def __init__(self) -> None:
        self._seen = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiting = 0

    def enter(self) -> None:
        """Counts a waiting node; the first starts the polling."""
        self._waiting += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    async def leave(self) -> None:
        """Ends a node's wait; the last stops the polling."""
        self._waiting -= 1
        if self._waiting or self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def tell(self) -> None:
        """Passes the interrupt to all waiting nodes."""
        self._seen.set()

    async def pause(self, seconds: float) -> None:
        """Waits for ``seconds``.

        Raises:
            InterruptProcessingException: The run was interrupted.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._seen.wait()
        if self._seen.is_set():
            raise interrupt_class()

    async def _look(self) -> None:
        from comfy.model_management import processing_interrupted  # noqa: PLC0415 - ComfyUI's own

        while not processing_interrupted():  # noqa: ASYNC110 - ComfyUI has a flag, not an event
            await asyncio.sleep(LOOK_SECONDS)
        self._seen.set()


async def unless_interrupted(asked: Coroutine[Any, Any, T]) -> T:
    """The result of ``asked``, which an interrupt cancels.

    Raises:
        InterruptProcessingException: The run was interrupted.
    """
    task = asyncio.ensure_future(asked)
    try:
        async with watched() as interrupt:
            while not task.done():
                await interrupt.pause(LOOK_SECONDS)
            return task.result()
    finally:
        task.cancel()


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, ComfyInterrupt] = WeakKeyDictionary()


@asynccontextmanager
async def watched() -> AsyncIterator[ComfyInterrupt]:
    """Polls for an interrupt within the block; all nodes that wait at that time see it."""
    loop = asyncio.get_running_loop()
    shared = _by_loop.setdefault(loop, ComfyInterrupt())
    shared.enter()
    try:
        yield shared
    except interrupt_class():
        shared.tell()
        _by_loop.pop(loop, None)
        raise
    finally:
        await shared.leave()


def interrupt_class() -> type[Exception]:
    """ComfyUI's exception class for interrupts."""
    from comfy.model_management import InterruptProcessingException  # noqa: PLC0415 - ComfyUI's own

    found: type[Exception] = InterruptProcessingException
    return found
