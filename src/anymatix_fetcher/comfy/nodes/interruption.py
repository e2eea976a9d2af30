"""ComfyUI's interrupt: looked for in one place, and told to every node of the loop that waits for a download.

What raises in ComfyUI takes the flag back as it does so: of several nodes that asked by themselves one alone would see
it.
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
    """What the nodes of one event loop share while any of them waits."""

    def __init__(self) -> None:
        self._seen = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiting = 0

    def enter(self) -> None:
        """One node more waits."""
        self._waiting += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    async def leave(self) -> None:
        """One less."""
        self._waiting -= 1
        if self._waiting or self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def tell(self) -> None:
        """It was seen."""
        self._seen.set()

    async def pause(self, seconds: float) -> None:
        """Returns after so long.

        Raises:
            InterruptProcessingException: ComfyUI's, as soon as the run is interrupted.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._seen.wait()
        if self._seen.is_set():
            raise interrupt_class()

    async def _look(self) -> None:
        from comfy.model_management import processing_interrupted  # noqa: PLC0415 - ComfyUI's own

        while not processing_interrupted():  # noqa: ASYNC110 - ComfyUI has a flag, and no event
            await asyncio.sleep(LOOK_SECONDS)
        self._seen.set()


async def unless_interrupted(asked: Coroutine[Any, Any, T]) -> T:
    """What is asked for; an interrupt ends the wait for it.

    Raises:
        InterruptProcessingException: ComfyUI's.
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
    """Looks for an interrupt within the block; one that came is known to everything that waited then."""
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
    """ComfyUI's exception."""
    from comfy.model_management import InterruptProcessingException  # noqa: PLC0415 - ComfyUI's own

    found: type[Exception] = InterruptProcessingException
    return found
