"""Reports what a call's requests wait for to its caller, on the same thread."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    OnWait: TypeAlias = Callable[[str], None]

_on_wait: ContextVar[OnWait] = ContextVar("_on_wait", default=lambda _: None)


@contextmanager
def watching(on_wait: OnWait) -> Iterator[None]:
    """Has ``on_wait`` called several times a second, within the block, with what is waited for."""
    before = _on_wait.set(on_wait)
    try:
        yield
    finally:
        _on_wait.reset(before)


def tell(text: str) -> None:
    """Reports it to the callers that watch."""
    _on_wait.get()(text)
