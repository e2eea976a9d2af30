"""Python's own pauses, kept short while a server answers and its downloads run on other threads."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SWITCH_SECONDS = 0.001
"""How long one thread runs before another one that waits gets its turn. An answer needs several turns."""
MOST_ASIDE = 32
"""How many requests may wait for the disk or for other servers at a time, beside those that don't."""


def keep_pauses_short() -> None:
    """Has the garbage collector leave alone what the program consists of, and threads take shorter turns.

    A full collection looks at every object while no thread runs: 20 ms of work for the modules alone, and several times
    as long where other programs want the processor as well. What is here when the server begins stays for good. For
    the whole process, and so for the program to call.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def give_threads(loop: AbstractEventLoop) -> None:
    """Gives ``loop`` threads enough that requests which wait for long don't keep quick ones waiting."""
    loop.set_default_executor(ThreadPoolExecutor(MOST_ASIDE, thread_name_prefix="anymatix-aside"))
