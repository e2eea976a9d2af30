"""Tensors as described by a header, and their totals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: ``shape`` with the slowest axis first, its data at ``[start, stop)`` of the file.

    ``dtype`` is the format's own name for the element type ("F16", "Q4_K").
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def elements(self) -> int:
        """The number of elements; 1 for a scalar, which has an empty shape."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """The size of its data in bytes."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class DtypeTotal:
    """The totals of all tensors of one type: their number, elements, and bytes."""

    dtype: str
    tensors: int
    parameters: int
    size: int


def totals_by_dtype(tensors: Iterable[Tensor]) -> tuple[DtypeTotal, ...]:
    """The totals by type, sorted by size in bytes, largest first."""
    totals: dict[str, DtypeTotal] = {}
    for tensor in tensors:
        so_far = totals.get(tensor.dtype, DtypeTotal(tensor.dtype, 0, 0, 0))
        totals[tensor.dtype] = DtypeTotal(
            tensor.dtype, so_far.tensors + 1, so_far.parameters + tensor.elements, so_far.size + tensor.size
        )
    return tuple(sorted(totals.values(), key=lambda total: (-total.size, total.dtype)))
