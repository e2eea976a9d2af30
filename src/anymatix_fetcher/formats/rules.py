"""Rules that identify models by tensor names and sizes. The tables are data; :class:`TensorNames` evaluates them.

A pattern is a tensor's name, with ``*`` at its beginning, its end, or both as a wildcard. The first matching rule of a
table counts, so more specific rules come first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.formats.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.formats.tensors import Tensor

MAX_NAME_LENGTH = 500
"""Longer names are ignored."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and what it identifies.

    Args:
        architecture: The family.
        has: Patterns that must all match.
        any_of: Patterns of which one must match, unless empty.
        lacks: Patterns of which none may match.
        sizes: ``(pattern, axis, size)``: the first tensor that matches the pattern must have that size along the axis.
        kind: The purpose.
        variant: The variant.
    """

    architecture: str
    has: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int, int], ...] = ()
    kind: ModelKind = ModelKind.UNKNOWN
    variant: str = ""

    def fits(self, names: TensorNames, prefix: str = "") -> bool:
        """Whether the tensors match the rule, if all names of the rule begin with ``prefix``."""
        return (
            all(names.has(prefix + pattern) for pattern in self.has)
            and (not self.any_of or any(names.has(prefix + pattern) for pattern in self.any_of))
            and not any(names.has(prefix + pattern) for pattern in self.lacks)
            and all(names.size(prefix + pattern, axis) == size for pattern, axis, size in self.sizes)
        )


@dataclass(frozen=True, slots=True)
class TensorNames:
    """Tensors by name, and all names as one text, in which patterns are found fast."""

    shapes: dict[str, tuple[int, ...]]
    text: str = field(repr=False)

    @classmethod
    def of(cls, tensors: Iterable[Tensor]) -> TensorNames:
        """The names of ``tensors``, in their order."""
        shapes = {tensor.name: tensor.shape for tensor in tensors if len(tensor.name) <= MAX_NAME_LENGTH}
        return cls(shapes, "\n".join(["", *shapes, ""]))

    def has(self, pattern: str) -> bool:
        """Whether a tensor matches the pattern."""
        return pattern in self.shapes or ("*" in pattern and _searched(pattern) in self.text)

    def size(self, pattern: str, axis: int) -> int | None:
        """The size along ``axis`` of the first match; ``None`` if there is none, or no such axis."""
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
    """The first matching rule."""
    return next((rule for rule in rules if rule.fits(names, prefix)), None)
