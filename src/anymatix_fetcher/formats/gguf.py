"""GGUF: metadata and tensor descriptions, followed by aligned data (ggml's docs/gguf.md; versions 1 to 3).

The header's length isn't stated; it is found by reading it. Long values such as vocabularies are skipped: only the
length of an array is kept unless it is short.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.formats.gguf_types import ARRAY, FILE_TYPES, QUANTIZATIONS, STRING, VALUE_FORMATS
from anymatix_fetcher.formats.prefix import TRUNCATED_HINT, DamagedError, ShortError
from anymatix_fetcher.formats.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.formats.prefix import Prefix

MAGIC = b"GGUF"
VERSIONS = (1, 2, 3)
DEFAULT_ALIGNMENT = 32
MAX_SHORT_ARRAY = 64
"""The values of longer arrays, which are vocabularies, aren't kept, nor are those of nested arrays."""

MAX_STRING_LENGTH = 1 << 26
MAX_KEPT_STRING_LENGTH = 16 * 1024
"""Longer texts are truncated; some files hold a whole tokenizer in one."""

MAX_COUNT = 1 << 15
"""The limit on tensors, metadata pairs, and nested arrays, far above any real model; only the first ones are read."""

IMPOSSIBLE_COUNT = 1 << 32
"""A count of tensors or metadata pairs for which no file has room."""

MAX_VALUES = 1 << 16
"""The limit on kept items of all arrays together; further ones are skipped."""

MAX_DIMENSIONS = 64
MAX_DEPTH = 32
_SMALLEST_PAIR = 10
_SMALLEST_TENSOR = 20
"""The smallest size of a pair or a description in any version, so that counts can be checked against the length."""


@dataclass(frozen=True, slots=True)
class LongArray:
    """The length of an array without its items, which weren't kept."""

    count: int


Value: TypeAlias = "int | float | bool | str | tuple[int | float | bool | str, ...] | LongArray"


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The parsed header. ``data_start`` is the position of the tensors' data.

    ``complete`` is false if the header wasn't read to its end; then ``data_start``, and with it the tensors' positions,
    are unknown. ``remarks`` list what can't be checked, and violations that readers tolerate.
    """

    version: int
    byte_order: str
    tensor_count: int
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    data_start: int
    complete: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def architecture(self) -> str:
        """``general.architecture``, or empty."""
        return self.text("general.architecture")

    @property
    def quantization(self) -> str:
        """The type of most tensors by ``general.file_type``, or empty."""
        file_type = self.metadata.get("general.file_type")
        return FILE_TYPES.get(file_type, "") if isinstance(file_type, int) else ""

    def text(self, key: str) -> str:
        """The metadata value of ``key`` if it is a text; otherwise empty."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""


def read_header(prefix: Prefix, *, cap: int | None = None) -> GgufHeader:
    """The header, checked for consistency with itself and with the file's length, if known.

    Args:
        prefix: The file's first bytes.
        cap: The number of first bytes after which a longer header is returned as far as it was read, with
            ``complete=False`` and unchecked.

    Raises:
        DamagedError: It violates the format; found in the available part, even if that isn't all.
        ShortError: It is valid so far, and continues.
    """
    walk = _Walk.begin(prefix)
    try:
        walk.run()
    except ShortError:
        if cap is None or len(prefix.data) < cap:
            raise
        return walk.result(complete=False)
    except _EnoughError:
        return walk.result(complete=False)
    return walk.result(complete=True)


class _EnoughError(Exception):
    """The header has more items than are read."""


@dataclass(slots=True)
class _Description:
    name: str
    shape: tuple[int, ...]
    type_number: int
    offset: int


@dataclass(slots=True)
class _Walk:
    """One pass through the header. What was read is kept when the bytes run out."""

    prefix: Prefix
    version: int
    order: str
    position: int
    tensor_count: int = 0
    values_left: int = MAX_VALUES
    lists_left: int = MAX_COUNT
    metadata: dict[str, Value] = field(default_factory=dict)
    descriptions: list[_Description] = field(default_factory=list)

    @classmethod
    def begin(cls, prefix: Prefix) -> _Walk:
        """A walk positioned at the first count, after magic number and version."""
        prefix.require(len(MAGIC) + 4)
        if not prefix.data.startswith(MAGIC):
            raise DamagedError("it doesn't begin with 'GGUF'")
        for order in "<>":
            version = prefix.unpack(_layout(order, "I"), len(MAGIC))[0]
            if version in VERSIONS:
                return cls(prefix, version, order, len(MAGIC) + 4)
        raise DamagedError("its version is none that is known (1 to 3)")

    def run(self) -> None:
        count_format = "I" if self.version == 1 else "Q"
        self.tensor_count = self._number(count_format)
        pairs = self._number(count_format)
        if max(self.tensor_count, pairs) >= IMPOSSIBLE_COUNT:
            raise DamagedError(f"its header counts {self.tensor_count:,} tensors and {pairs:,} metadata")
        self._check_count(self.tensor_count * _SMALLEST_TENSOR + pairs * _SMALLEST_PAIR)
        for _ in range(min(pairs, MAX_COUNT)):
            key = self._string()
            if key in self.metadata:
                raise DamagedError("its metadata say one thing twice")
            self.metadata[key] = self._value(self._number("I"), depth=0)
        if pairs > MAX_COUNT:
            raise _EnoughError
        for _ in range(min(self.tensor_count, MAX_COUNT)):
            self.descriptions.append(self._description())
        if self.tensor_count > MAX_COUNT:
            raise _EnoughError

    def result(self, *, complete: bool) -> GgufHeader:
        alignment = self._alignment()
        data_start = -(-self.position // alignment) * alignment if complete else 0
        tensors = tuple(_tensor(description, data_start) for description in self.descriptions)
        unknown = sorted({one.type_number for one in self.descriptions} - QUANTIZATIONS.keys())
        remarks = [f"elements of type {number} are of a size that isn't known here" for number in unknown]
        if any(description.offset % alignment for description in self.descriptions):
            remarks.append(f"a tensor's data aren't aligned to {alignment} bytes")
        if complete:
            remarks += _checked_places(tensors, self.prefix.length)
        return GgufHeader(
            self.version,
            "little" if self.order == "<" else "big",
            self.tensor_count,
            self.metadata,
            tensors,
            data_start,
            complete,
            tuple(remarks),
        )

    def _description(self) -> _Description:
        name = self._string()
        dimensions = self._number("I")
        if dimensions > MAX_DIMENSIONS:
            raise DamagedError(f"its header describes a tensor of {dimensions:,} dimensions")
        sizes = self._numbers(f"{dimensions}{'I' if self.version == 1 else 'Q'}")
        type_number = self._number("I")
        # The fastest axis comes first in the file; here it is the last, as everywhere else.
        return _Description(name, tuple(reversed(sizes)), type_number, self._number("Q"))

    def _value(self, value_type: int, *, depth: int) -> Value:
        if value_type in VALUE_FORMATS:
            return self._scalars(VALUE_FORMATS[value_type])[0]
        if value_type == STRING:
            return self._string()
        if value_type == ARRAY and depth < MAX_DEPTH:
            return self._array(depth=depth)
        raise DamagedError(f"its metadata have a value of type {value_type}, which there isn't")

    def _array(self, *, depth: int) -> Value:
        item_type = self._number("I")
        count = self._number("I" if self.version == 1 else "Q")
        if item_type in VALUE_FORMATS:
            size = _layout(self.order, VALUE_FORMATS[item_type]).size
            self._check_count(count * size)
            if self._keeps(count):
                return self._scalars(f"{count}{VALUE_FORMATS[item_type]}")
            self.position += count * size
            return LongArray(count)
        self._check_count(count * (4 if self.version == 1 else 8))
        if item_type == ARRAY:
            self.lists_left -= count
            if self.lists_left < 0:
                raise _EnoughError
            for _ in range(count):
                self._value(ARRAY, depth=depth + 1)
        elif item_type != STRING and count:
            raise DamagedError(f"its metadata have an array of type {item_type}, which there isn't")
        elif self._keeps(count):
            return tuple(self._string() for _ in range(count))
        else:
            self._skip_strings(count)
        return LongArray(count)

    def _keeps(self, count: int) -> bool:
        """Whether an array's items are kept and counted. No array is refused for its length."""
        kept = count <= min(MAX_SHORT_ARRAY, self.values_left)
        self.values_left -= count if kept else 0
        return kept

    def _skip_strings(self, count: int) -> None:
        # There are hundreds of thousands in a vocabulary, so this loop has to be fast.
        layout = _layout(self.order, "I" if self.version == 1 else "Q")
        unpack, size, data, position = layout.unpack_from, layout.size, self.prefix.data, self.position
        last = len(data) - size
        for _ in range(count):
            if position > last:
                self.prefix.require(position + size)
            length = unpack(data, position)[0]
            if length > MAX_STRING_LENGTH:
                raise DamagedError(f"its metadata have a text of {length:,} bytes")
            position += size + length
        self.position = position

    def _string(self) -> str:
        length = self._number("I" if self.version == 1 else "Q")
        if length > MAX_STRING_LENGTH:
            raise DamagedError(f"its header has a text of {length:,} bytes")
        self.prefix.require(self.position + length)
        raw = self.prefix.data[self.position : self.position + min(length, MAX_KEPT_STRING_LENGTH)]
        self.position += length
        # Tokens may be parts of characters.
        return raw.decode("utf-8", errors="replace")

    def _scalars(self, layout: str) -> tuple[int | float | bool, ...]:
        """Metadata values, which may be fractions. All counts of the header are integers."""
        return self._numbers(layout)

    def _number(self, layout: str) -> int:
        return self._numbers(layout)[0]

    def _numbers(self, layout: str) -> tuple[int, ...]:
        compiled = _layout(self.order, layout)
        found = self.prefix.unpack(compiled, self.position)
        self.position += compiled.size
        return found

    def _check_count(self, least: int) -> None:
        if self.prefix.length is not None and self.position + least > self.prefix.length:
            raise DamagedError("its header counts more things than the file has room for")

    def _alignment(self) -> int:
        alignment = self.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            raise DamagedError("its alignment isn't a power of two")
        return alignment


def _tensor(description: _Description, data_start: int) -> Tensor:
    elements = math.prod(description.shape)
    quantization = QUANTIZATIONS.get(description.type_number)
    start, size, name = data_start + description.offset, 0, f"type {description.type_number}"
    if quantization is not None:
        name = quantization.name
        size = elements // quantization.block_elements * quantization.block_size
    return Tensor(description.name, name, description.shape, start, start + size)


def _checked_places(tensors: tuple[Tensor, ...], length: int | None) -> list[str]:
    """Remarks on the positions of the tensors' data. Two tensors may share theirs."""
    remarks, front = list[str](), 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.start, tensor.stop)):
        if tensor.start < front:
            remarks = ["two tensors' data overlap"]
        front = max(front, tensor.stop)
    if length is not None and front > length:
        raise DamagedError(f"its tensors end at byte {front:,}, and it has {length:,} bytes", hint=TRUNCATED_HINT)
    return remarks


@lru_cache(maxsize=256)
def _layout(order: str, layout: str) -> struct.Struct:
    return struct.Struct(order + layout)
