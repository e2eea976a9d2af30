"""Files by hand: whole ones, small, with the layouts of real ones. Their data are zeros unless said otherwise."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.formats.gguf_types import ARRAY, QUANTIZATIONS, STRING, VALUE_FORMATS
from anymatix_fetcher.formats.inspection import inspect
from anymatix_fetcher.formats.safetensors import BITS_PER_ELEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.formats.facts import ModelFacts

Shapes: TypeAlias = "Mapping[str, tuple[str, tuple[int, ...]]]"
Pair: TypeAlias = "tuple[str, int, object]"


def of_dtype(dtype: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """All of one type."""
    return {name: (dtype, shape) for name, shape in shapes.items()}


def header_bytes(text: bytes) -> bytes:
    """The length and the text, as they stand in front of a safetensors file."""
    return struct.pack("<Q", len(text)) + text


def safetensors_header(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> tuple[bytes, int]:
    """A header as the reference implementation writes it, padded with spaces, and the length of the data behind it."""
    entries: dict[str, object] = {} if metadata is None else {"__metadata__": metadata}
    offset = 0
    for name, (dtype, shape) in shapes.items():
        stop = offset + math.prod(shape) * BITS_PER_ELEMENT[dtype] // 8
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, stop]}
        offset = stop
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    return header_bytes(text + b" " * (-len(text) % 8)), offset


def safetensors(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> bytes:
    """A whole file."""
    header, size = safetensors_header(shapes, metadata)
    return header + bytes(size)


class GgufWriter:
    """A GGUF file in the making; ``order`` is the byte order in ``struct``'s notation."""

    def __init__(self, version: int = 3, order: str = "<") -> None:
        self.version = version
        self.order = order
        self.size = "I" if version == 1 else "Q"

    def pack(self, layout: str, *values: object) -> bytes:
        return struct.pack(self.order + layout, *values)

    def string(self, text: str | bytes) -> bytes:
        raw = text.encode() if isinstance(text, str) else text
        return self.pack(self.size, len(raw)) + raw

    def value(self, value_type: int, value: object) -> bytes:
        if value_type in VALUE_FORMATS:
            return self.pack(VALUE_FORMATS[value_type], value)
        if value_type == STRING:
            assert isinstance(value, str | bytes)
            return self.string(value)
        assert value_type == ARRAY
        assert isinstance(value, tuple)
        item_type, items = value
        return self.pack(f"I{self.size}", item_type, len(items)) + b"".join(
            self.value(item_type, item) for item in items
        )

    def header(
        self, pairs: Iterable[Pair], tensors: Iterable[tuple[str, int, tuple[int, ...]]], alignment: int = 32
    ) -> tuple[bytes, int]:
        """The header up to the data, and the data's length; the shapes are slowest axis first."""
        pairs, tensors = list(pairs), list(tensors)
        parts = [b"GGUF", self.pack(f"I2{self.size}", self.version, len(tensors), len(pairs))]
        for key, value_type, value in pairs:
            parts += [self.string(key), self.pack("I", value_type), self.value(value_type, value)]
        offset = 0
        for name, type_number, shape in tensors:
            parts += [
                self.string(name),
                self.pack("I", len(shape)),
                self.pack(f"{len(shape)}{self.size}", *shape[::-1]),
            ]
            parts.append(self.pack("IQ", type_number, offset))
            kind = QUANTIZATIONS[type_number]
            offset += math.prod(shape) // kind.block_elements * kind.block_size
            offset += -offset % alignment
        text = b"".join(parts)
        return text + bytes(-len(text) % alignment), offset

    def file(self, pairs: Iterable[Pair] = (), tensors: Iterable[tuple[str, int, tuple[int, ...]]] = ()) -> bytes:
        header, size = self.header(pairs, tensors)
        return header + bytes(size)


def zip_file(entries: Mapping[str, bytes], comment: bytes = b"") -> bytes:
    """An archive with these entries, stored as PyTorch stores them."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.comment = comment
    return written.getvalue()


def run(length: int, read: Callable[[Span], bytes], name: str = "") -> tuple[ModelFacts, list[Span]]:
    """The facts of a file that ``read`` reads, and what was asked for to get them."""
    asked: list[Span] = []
    inspection = inspect(length, name)
    try:
        span = next(inspection)
        while True:
            asked.append(span)
            span = inspection.send(read(span))
    except StopIteration as end:
        facts: ModelFacts = end.value
        return facts, asked


def behind(header: bytes) -> Callable[[Span], bytes]:
    """Reads a file of which only the header exists; the rest is zeros of any length."""
    return lambda span: header[span.start : span.stop].ljust(len(span), b"\0")
