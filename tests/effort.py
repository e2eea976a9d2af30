"""What something costs this process: its own time on the processor, which another program's work doesn't change."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Effort:
    """Seconds of processor time, of all threads together; known after the block."""

    seconds: float = 0.0


@contextmanager
def effort() -> Iterator[Effort]:
    """Measures the block."""
    measured, began = Effort(), time.process_time()
    yield measured
    measured.seconds = time.process_time() - began
