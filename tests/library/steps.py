"""Work that yields its progress, done to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

P = TypeVar("P")
T = TypeVar("T")


def all_of(steps: Generator[P, None, T]) -> tuple[list[P], T]:
    """Everything that was yielded, and what was returned."""
    yielded: list[P] = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            returned: T = end.value
            return yielded, returned


def result(steps: Generator[object, None, T]) -> T:
    """What was returned."""
    return all_of(steps)[1]
