"""Tensors as a header describes them, and sums over them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: ``shape`` with the slowest axis first, its data at ``[start, stop)`` of the file.

    ``dtype`` is the format's own name for the type of an element ("F16", "Q4_K").
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def elements(self) -> int:
        """How many numbers it holds; 1 for a scalar, whose shape is empty."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes of its data."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class DtypeTotal:
    """What all tensors of one type come to: their number, their elements, their bytes."""

    dtype: str
    tensors: int
    parameters: int
    size: int


def totals_by_dtype(tensors: Iterable[Tensor]) -> tuple[DtypeTotal, ...]:
    """The totals of each type, the one with the most bytes first."""
    totals: dict[str, DtypeTotal] = {}
    for tensor in tensors:
        so_far = totals.get(tensor.dtype, DtypeTotal(tensor.dtype, 0, 0, 0))
        totals[tensor.dtype] = DtypeTotal(
            tensor.dtype, so_far.tensors + 1, so_far.parameters + tensor.elements, so_far.size + tensor.size
        )
    return tuple(sorted(totals.values(), key=lambda total: (-total.size, total.dtype)))
