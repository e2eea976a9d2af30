"""Shortens the pauses by Python's garbage collector and thread switching while the server runs."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SWITCH_SECONDS = 0.001
"""The interval of thread switches; a response needs several of them."""
MOST_ASIDE = 32
"""The number of requests that may wait for the disk or other servers at a time."""


def keep_pauses_short() -> None:
    """Excludes the present objects from garbage collection, and shortens the interval of thread switches.

    A full collection stops all threads: 20 ms for the modules alone, and several times as long on a busy processor. The
    objects that exist at the server's start are never freed. This affects the whole process, so only the program calls
    it.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def give_threads(loop: AbstractEventLoop) -> None:
    """Gives ``loop`` enough threads that slow requests don't delay quick ones."""
    loop.set_default_executor(ThreadPoolExecutor(MOST_ASIDE, thread_name_prefix="anymatix-aside"))
