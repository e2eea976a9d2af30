"""Rules: which tensors, of which sizes, make which model. The tables are data; :class:`TensorNames` looks things up.

A pattern is a tensor's name; ``*`` in front, behind, or both stands for anything. Of a table, the first rule that
fits counts, so the more particular ones stand first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.formats.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.formats.tensors import Tensor

MAX_NAME_LENGTH = 500
"""Longer names are nobody's, and aren't looked at."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is recognized, and by what.

    Args:
        architecture: The family that it belongs to.
        has: Patterns that must all be there.
        any_of: Patterns one of which must be there, unless empty.
        lacks: Patterns none of which may be there.
        sizes: ``(pattern, axis, size)``: the first tensor that fits the pattern must have that size there.
        kind: What it is for.
        variant: What is special about it.
    """

    architecture: str
    has: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int, int], ...] = ()
    kind: ModelKind = ModelKind.UNKNOWN
    variant: str = ""

    def fits(self, names: TensorNames, prefix: str = "") -> bool:
        """Whether the tensors are what the rule says, where all names of the rule begin with ``prefix``."""
        return (
            all(names.has(prefix + pattern) for pattern in self.has)
            and (not self.any_of or any(names.has(prefix + pattern) for pattern in self.any_of))
            and not any(names.has(prefix + pattern) for pattern in self.lacks)
            and all(names.size(prefix + pattern, axis) == size for pattern, axis, size in self.sizes)
        )


@dataclass(frozen=True, slots=True)
class TensorNames:
    """Tensors by their names, and all names as one text, in which a pattern is found at the speed of memory."""

    shapes: dict[str, tuple[int, ...]]
    text: str = field(repr=False)

    @classmethod
    def of(cls, tensors: Iterable[Tensor]) -> TensorNames:
        """The names of ``tensors``, in their order."""
        shapes = {tensor.name: tensor.shape for tensor in tensors if len(tensor.name) <= MAX_NAME_LENGTH}
        return cls(shapes, "\n".join(["", *shapes, ""]))

    def has(self, pattern: str) -> bool:
        """Whether there is a tensor that fits the pattern."""
        return pattern in self.shapes or ("*" in pattern and _searched(pattern) in self.text)

    def size(self, pattern: str, axis: int) -> int | None:
        """The size along ``axis`` of the first tensor that fits; ``None`` where there is none, or no such axis."""
        name = pattern
        if "*" in pattern:
            at = self.text.find(_searched(pattern))
            if at < 0:
                return None
            start = at + 1 if self.text[at] == "\n" else self.text.rfind("\n", 0, at) + 1
            name = self.text[start : self.text.find("\n", start)]
        shape = self.shapes.get(name, ())
        return shape[axis] if axis < len(shape) else None


def _searched(pattern: str) -> str:
    before = "" if pattern.startswith("*") else "\n"
    after = "" if pattern.endswith("*") else "\n"
    return before + pattern.strip("*") + after


def first_fit(rules: Iterable[Rule], names: TensorNames, prefix: str = "") -> Rule | None:
    """The first rule that fits."""
    return next((rule for rule in rules if rule.fits(names, prefix)), None)
