"""safetensors: eight bytes of length, a JSON header, and data that the header's offsets cover without gap or overlap.

The rules are those of the specification (https://github.com/huggingface/safetensors, "Format") and of its reference
reader. The header is scanned, not given to a JSON parser as a whole: memory stays proportional to the number of
tensors, and no invented depth or number costs more than its bytes.
"""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.formats.prefix import TRUNCATED_HINT, DamagedError, ShortError
from anymatix_fetcher.formats.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.formats.prefix import Prefix

MAX_HEADER_LENGTH = 100_000_000
"""The limit of the reference reader."""

MAX_ENTRIES = 1 << 15
"""The limit on tensors and metadata entries; a header with more is treated as if it continued after the available
bytes."""

MAX_TEXT_LENGTH = 1_000_000
"""Longer metadata values are truncated."""

MAX_REMARKS = 10
LENGTH_SIZE = 8
METADATA_KEY = "__metadata__"

BITS_PER_ELEMENT = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""An unknown, newer type has a size that can't be checked, and is no reason to refuse a file."""

_NULL = b"null"
_KEYS = ("dtype", "shape", "data_offsets")
_MAX_DEPTH = 128
"""The depth limit of the reference reader's JSON parser."""
_LENGTH = struct.Struct("<Q")
_WHITE_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"', re.DOTALL)
_BEGINNING = re.compile(rb'"(?:[^"\\]|\\u[0-9A-Fa-f]{4}|\\[^u]){0,%d}+' % MAX_TEXT_LENGTH, re.DOTALL)
_WORD = re.compile(rb"[-+.0-9A-Za-z]{1,64}")
_SCALAR = re.compile(rb"true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_CONTROL = re.compile(rb"[\x00-\x1f]")
_USUAL_TENSOR = re.compile(
    rb'\{"dtype": ?"([A-Z0-9_]{1,32})", ?"shape": ?\[((?:\d{1,19}+(?:, ?\d{1,19}+){0,63}+)?+)\], ?'
    rb'"data_offsets": ?\[(\d{1,19}+), ?(\d{1,19}+)\]\}'
)
_PIECE = re.compile(rb'[][{}]|[^][{}",]++|,|"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SIZES = re.compile(rb"\[[ \t\r\n]*+(?:\d{1,20}+[ \t\r\n]*+(?:,[ \t\r\n]*+\d{1,20}+[ \t\r\n]*+)*+)?+\]")


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """The parsed header. ``data_start`` is the position of the tensors' data.

    ``complete`` is false if the header wasn't read to its end; ``remarks`` list violations that loaders tolerate.
    """

    data_start: int
    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    complete: bool = True
    remarks: tuple[str, ...] = ()


def header_stop(prefix: Prefix) -> int:
    """The position after the header: the number of first bytes that contain it.

    Raises:
        DamagedError: The stated length is invalid.
        ShortError: The length isn't available yet.
    """
    length = prefix.unpack(_LENGTH, 0)[0]
    if length > MAX_HEADER_LENGTH:
        raise DamagedError(f"its first eight bytes state a header of {length:,} bytes, which no safetensors file has")
    if length < len(b"{}"):
        raise DamagedError(f"its first eight bytes state a header of {length} bytes, which can't hold anything")
    stop = LENGTH_SIZE + length
    if prefix.length is not None and stop > prefix.length:
        reason = f"its header alone would end at byte {stop:,}, and it has {prefix.length:,} bytes"
        raise DamagedError(reason, hint=TRUNCATED_HINT)
    return stop


def read_header(prefix: Prefix, *, cap: int | None = None) -> SafetensorsHeader:
    """The header, checked for consistency with itself and with the file's length, if known.

    Args:
        prefix: The file's first bytes.
        cap: The number of first bytes after which a longer header is returned as far as it was read, with
            ``complete=False`` and unchecked.

    Raises:
        DamagedError: It violates the format; found in the available part, even if that isn't all.
        ShortError: It is valid so far, and continues.
    """
    stop = header_stop(prefix)
    whole = len(prefix.data) >= stop
    walk = _Walk(prefix.data[:stop], data_start=stop)
    try:
        walk.run()
    except _RunsOutError:
        if whole:
            raise DamagedError("its header isn't JSON: it breaks off") from None
    except _EnoughError:
        return walk.result(complete=False)
    if whole:
        _check_tiling(walk.tensors, stop, prefix.length)
    elif cap is None or len(prefix.data) < cap:
        raise ShortError(stop)
    return walk.result(complete=whole)


class _RunsOutError(Exception):
    """The header continues after the available bytes; in a complete header this is damage."""


class _EnoughError(Exception):
    """The header has more entries than are read."""


@dataclass(slots=True)
class _Walk:
    """One pass through the header, entry by entry. What was read is kept if it ends early.

    ``text`` is the file's beginning up to the header's end; slicing off the length would copy it.
    """

    text: bytes
    data_start: int
    position: int = LENGTH_SIZE
    entries: int = 0
    tensors: dict[str, Tensor] = field(default_factory=dict)
    metadata: dict[str, str] | None = None
    remarks: list[str] = field(default_factory=list)

    def result(self, *, complete: bool) -> SafetensorsHeader:
        return SafetensorsHeader(
            self.data_start, tuple(self.tensors.values()), self.metadata or {}, complete, tuple(self.remarks)
        )

    def run(self) -> None:
        """Reads all entries, or as far as the bytes go."""
        self._expect(b"{")
        if self._next_is(b"}"):
            self.position += 1
        else:
            self._entry()
            while self._separator():
                self._entry()
        self._skip_white_space()
        if self.position < len(self.text):
            raise DamagedError("its header goes on behind its end")

    def _count(self) -> None:
        self.entries += 1
        if self.entries > MAX_ENTRIES:
            raise _EnoughError

    def _remark(self, remark: str) -> None:
        if remark not in self.remarks and len(self.remarks) < MAX_REMARKS:
            self.remarks.append(remark)

    def _entry(self) -> None:
        self._count()
        key = self._string()
        self._expect(b":")
        if key != METADATA_KEY:
            if key in self.tensors:  # the last one counts, as in the reference reader
                self._remark(f"its header describes the tensor {_shown(key)} twice")
            self.tensors[key] = self._tensor(key)
        elif self.metadata is None:
            self.metadata = {}
            self._metadata(self.metadata)
        else:
            raise DamagedError(f"its header has two {METADATA_KEY}")

    def _metadata(self, metadata: dict[str, str]) -> None:
        if self._next_is(b"n"):
            self._null()
            return
        self._expect(b"{")
        if self._next_is(b"}"):
            self.position += 1
            return
        while True:
            self._count()
            key = self._string()
            self._expect(b":")
            if key in metadata:
                self._remark(f"its metadata say {_shown(key)} twice")
            metadata[key] = self._metadata_value(key)
            if not self._separator():
                return

    def _null(self) -> None:
        """Reads ``null``, which stands for no metadata."""
        word = self.text[self.position : self.position + len(_NULL)]
        if _NULL.startswith(word) and len(word) < len(_NULL):
            raise _RunsOutError
        if word != _NULL:
            raise DamagedError("its header isn't JSON")
        self.position += len(_NULL)

    def _metadata_value(self, key: str) -> str:
        if self._next_is(b'"'):
            return self._string()
        match = _WORD.match(self.text, self.position)
        if self.position == len(self.text) or (match is not None and match.end() == len(self.text)):
            raise _RunsOutError
        if match is None or _SCALAR.fullmatch(match.group()) is None:
            raise DamagedError(f"the metadata {_shown(key)} aren't text")
        self.position = match.end()
        self._remark(f"the metadata {_shown(key)} aren't text")
        return match.group().decode("ascii")

    def _tensor(self, name: str) -> Tensor:
        self._skip_white_space()
        match = _USUAL_TENSOR.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            dtype, shape, start, stop = match.groups()
            numbers = tuple(map(int, shape.split(b","))) if shape else ()
            return self._checked(name, dtype.decode("ascii"), numbers, (int(start), int(stop)))
        return self._unusual_tensor(name)

    def _unusual_tensor(self, name: str) -> Tensor:
        """A description with another order of keys, white space, unknown keys, or a list instead of an object."""
        try:
            found = self._listed() if self._next_is(b"[") else self._described()
        except DamagedError:
            raise DamagedError(f"its header doesn't describe the tensor {_shown(name)}") from None
        dtype, shape, offsets = (found.get(key, b"") for key in _KEYS)
        sizes, places = _sizes(shape), _sizes(offsets)
        if sizes is None or places is None or len(places) != 2 or _STRING.fullmatch(dtype) is None:  # noqa: PLR2004 - start and stop
            raise DamagedError(f"its header's description of the tensor {_shown(name)} lacks its type, shape or place")
        try:
            return self._checked(name, _text(dtype), sizes, (places[0], places[1]))
        except ValueError:
            raise DamagedError(f"its header's description of the tensor {_shown(name)} can't be read") from None

    def _described(self) -> dict[str, bytes]:
        """The keys of an object with their raw values."""
        found: dict[str, bytes] = {}
        self._expect(b"{")
        while True:
            key = self._string()
            self._expect(b":")
            found[key] = self._raw_value()
            if not self._separator():
                return found

    def _listed(self) -> dict[str, bytes]:
        """The same for a list in the usual order."""
        found: dict[str, bytes] = {}
        for key, before in zip(_KEYS, (b"[", b",", b","), strict=True):
            self._expect(before)
            found[key] = self._raw_value()
        self._expect(b"]")
        return found

    def _raw_value(self) -> bytes:
        """The raw bytes of the next value, skipped without parsing it."""
        self._skip_white_space()
        start, depth = self.position, 0
        while True:
            match = _PIECE.match(self.text, self.position)
            if match is None or match.end() == len(self.text):
                raise _RunsOutError
            self.position = match.end()
            depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(match.group(), 0)
            if not 0 <= depth <= _MAX_DEPTH:
                raise DamagedError("its header isn't JSON")
            if depth == 0:
                return self.text[start : self.position].rstrip()

    def _checked(self, name: str, dtype: str, shape: tuple[int, ...], offsets: tuple[int, int]) -> Tensor:
        start, stop = offsets
        if stop < start:
            raise DamagedError(f"the tensor {_shown(name)} ends before it begins")
        bits = BITS_PER_ELEMENT.get(dtype)
        if bits is None:
            self._remark(f"elements of type {_shown(dtype)} are of a size that isn't known here")
        elif math.prod(shape) * bits != (stop - start) * 8:
            raise DamagedError(
                f"the tensor {_shown(name)} has {stop - start:,} bytes, which isn't what its shape takes"
            )
        return Tensor(name, dtype, shape, self.data_start + start, self.data_start + stop)

    def _string(self) -> str:
        self._skip_white_space()
        match = _STRING.match(self.text, self.position)
        if match is None:
            begins = self.text[self.position : self.position + 1] in (b'"', b"")
            # A control character ends the match as well, and is damage; truncated text contains none.
            if begins and _CONTROL.search(self.text, self.position) is None:
                raise _RunsOutError
            raise DamagedError("its header isn't JSON")
        start, self.position = match.span()
        try:
            return self._decoded(start, self.position)
        except ValueError:
            raise DamagedError("its header has a text that can't be read") from None

    def _decoded(self, start: int, stop: int) -> str:
        if stop - start > MAX_TEXT_LENGTH:
            self._remark(f"it has a text of {stop - start:,} bytes, of which the beginning was read")
            beginning = _BEGINNING.match(self.text, start, stop - 1)
            quoted = beginning.group() if beginning else b'"'
            # The cut may be within a character, or between the halves of a surrogate pair.
            cut: str = json.loads(quoted.decode("utf-8", "ignore") + '"')
            return cut.encode("utf-8", "ignore").decode("utf-8")
        if self.text.find(b"\\", start, stop) < 0:
            return self.text[start + 1 : stop - 1].decode("utf-8")
        return _text(self.text[start:stop])

    def _separator(self) -> bool:
        """Whether another entry follows; moves past the comma or closing brace."""
        self._skip_white_space()
        found = self.text[self.position : self.position + 1]
        if not found:
            raise _RunsOutError
        if found not in (b",", b"}"):
            raise DamagedError("its header isn't JSON")
        self.position += 1
        return found == b","

    def _expect(self, character: bytes) -> None:
        if not self._next_is(character):
            if self.position == len(self.text):
                raise _RunsOutError
            raise DamagedError("its header isn't JSON")
        self.position += 1

    def _next_is(self, character: bytes) -> bool:
        self._skip_white_space()
        return self.text.startswith(character, self.position)

    def _skip_white_space(self) -> None:
        match = _WHITE_SPACE.match(self.text, self.position)
        if match is not None:
            self.position = match.end()


def _check_tiling(tensors: Mapping[str, Tensor], data_start: int, length: int | None) -> None:
    front = data_start
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.stop)):
        if tensor.start != front:
            what = "a hole" if tensor.start > front else "an overlap"
            raise DamagedError(f"the tensors' data have {what} before {_shown(tensor.name)}")
        front = tensor.stop
    if length is None or front == length:
        return
    if front > length:
        reason = f"its tensors end at byte {front:,}, and it has {length:,} bytes"
        raise DamagedError(reason, hint=TRUNCATED_HINT)
    raise DamagedError(f"its tensors end at byte {front:,}, and it goes on to {length:,}")


def _text(quoted: bytes) -> str:
    text: str = json.loads(quoted)
    text.encode("utf-8")  # escapes can produce lone surrogates
    return text


def _sizes(raw: bytes) -> tuple[int, ...] | None:
    """The integers of a list; ``None`` if it isn't such a list."""
    if _SIZES.fullmatch(raw) is None:
        return None
    return tuple(map(int, re.findall(rb"\d+", raw)))


def _shown(text: str) -> str:
    """A name from a file in a form for messages."""
    cleaned = "".join(character if character.isprintable() else "?" for character in text[:80])
    return f"'{cleaned}'" if len(text) <= len(cleaned) else f"'{cleaned}...'"
