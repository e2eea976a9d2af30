"""What a node of ComfyUI meets while it runs: the flag of an interrupt, and the bar of progress."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = Callable[..., None]


class InterruptProcessingException(Exception):  # noqa: N818 - ComfyUI's name
    """The run was interrupted."""


class Interrupting:
    """The part of ``comfy.model_management`` that is about interrupts: raising takes the flag back."""

    def __init__(self) -> None:
        self.InterruptProcessingException = InterruptProcessingException
        self._is_interrupted = False
        self._lock = threading.RLock()

    def interrupt_current_processing(self, value: bool = True) -> None:  # noqa: FBT001, FBT002 - ComfyUI's signature
        with self._lock:
            self._is_interrupted = value

    def processing_interrupted(self) -> bool:
        with self._lock:
            return self._is_interrupted

    def throw_exception_if_processing_interrupted(self) -> None:
        with self._lock:
            if self._is_interrupted:
                self._is_interrupted = False
                raise InterruptProcessingException


class Progressing:
    """The part of ``comfy.utils`` that is about progress; ``hook`` is what the server has set."""

    def __init__(self) -> None:
        self.hook: Hook | None = None
        outer = self

        class ProgressBar:
            def __init__(self, total: float, node_id: str | None = None) -> None:
                self.total = total
                self.current = 0.0
                self.node_id = node_id

            def update_absolute(self, value: float, total: float | None = None, preview: object = None) -> None:
                if total is not None:
                    self.total = total
                self.current = min(value, self.total)
                if outer.hook is not None:
                    outer.hook(self.current, self.total, preview, node_id=self.node_id)

            def update(self, value: float) -> None:
                self.update_absolute(self.current + value)

        self.ProgressBar = ProgressBar

    def set_progress_bar_global_hook(self, function: Hook) -> None:
        self.hook = function
