"""Models that are split into several files: a file's part number, from its name or its header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"(.*-)([0-9]{5})(-of-)([0-9]{5})(\.[A-Za-z0-9.]+)", re.DOTALL)
"""The naming scheme of llama.cpp and transformers: ``model-00001-of-00003.gguf``."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a model, counted from 1; ``names`` are those of all parts in order, empty if unknown."""

    number: int
    count: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"part {self.number} of {self.count} of a model: it needs the others in the same folder"


def part_by_name(name: str) -> Part | None:
    """The part that a file with this name is; ``None`` if it isn't one."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    front, number, between, count, suffix = match.groups()
    if not 1 <= int(number) <= int(count) or int(count) < 2:  # noqa: PLR2004 - one part is a whole
        return None
    names = (f"{front}{one:05}{between}{count}{suffix}" for one in range(1, int(count) + 1))
    return Part(int(number), int(count), tuple(names))


def part_by_metadata(metadata: Mapping[str, str]) -> Part | None:
    """The part that a GGUF file states (``split.no`` counts from 0); ``None`` if it is complete."""
    number, count = (metadata.get(f"split.{key}", "") for key in ("no", "count"))
    if not (number.isdecimal() and count.isdecimal() and len(number) <= 5 and len(count) <= 5):  # noqa: PLR2004 - as in names
        return None
    found = Part(int(number) + 1, int(count))
    return found if found.count > 1 and found.number <= found.count else None
