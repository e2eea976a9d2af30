"""What hostile headers may cost, measured: memory, time, and no exception but a refusal."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import NotAModelError
from anymatix_fetcher.formats.gguf import MAX_COUNT
from anymatix_fetcher.formats.inspection import MAX_GGUF_SIZE, MAX_SAFETENSORS_SIZE
from anymatix_fetcher.formats.triage import triage
from tests.formats.files import GgufWriter, behind, header_bytes, run, safetensors
from tests.formats.models import MODELS
from tests.formats.test_gguf import EVERY_TYPE
from tests.formats.test_training import KOHYA

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.formats.facts import ModelFacts

PIECES = (b"[[[[", b"{{{{", b'""""', b"NaN,", b"1e99", b"\xff\xfe\x00\xd8", b"\\ud8")
MOST_MEMORY = 64 << 20
MOST_SECONDS = 1.0
LENGTH = 20 << 30


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def gguf(tensors: int, pairs: int, body: bytes) -> bytes:
    return b"GGUF" + struct.pack("<I2Q", 3, tensors, pairs) + body


def many_tensors(space: bytes = b"") -> bytes:
    entry = b'"%d":{' + space + b'"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    return header_bytes(b"{" + b",".join(entry % number for number in range(150_000)) + b"}")


def metadata(value: bytes) -> bytes:
    return header_bytes(b'{"__metadata__":{"ss_tag_frequency":"' + value + b'"}}')


def many_metadata(value: bytes) -> bytes:
    pairs = b",".join(b'"%d":%b' % (number, value) for number in range(500_000))
    return header_bytes(b'{"__metadata__":{' + pairs + b"}}")


SIZE = MAX_SAFETENSORS_SIZE
HOSTILE: dict[str, Callable[[], bytes]] = {
    "tensors": many_tensors,
    "tensors with spaces": lambda: many_tensors(b"\n  "),
    "escapes": lambda: metadata(b'\\"' * (SIZE // 2 - 100)),
    "escaped characters": lambda: metadata(b"\\u00e9" * (SIZE // 6 - 100)),
    "escaped halves of characters": lambda: metadata(b"x\\ud83d\\ude00" * (SIZE // 13 - 100)),
    "wide characters": lambda: metadata(b"x" * (SIZE - 1000) + "😀".encode()),
    "metadata": lambda: many_metadata(b'""'),
    "numbers as metadata": lambda: many_metadata(b"1"),
    "a number of millions of digits": lambda: header_bytes(b'{"a":{"dtype":"U8","shape":[' + b"9" * SIZE),
    "a number of thousands of digits": lambda: header_bytes(b'{"a":{"dtype":"U8","shape":[' + b"9" * 4000 + b"]}}"),
    "nested objects": lambda: header_bytes(b'{"a":' * (SIZE // 5)),
    "nested lists": lambda: header_bytes(b'{"a":{"shape":' + b"[" * SIZE),
    "nested lists in metadata": lambda: header_bytes(b'{"__metadata__":{"a":' + b"[" * SIZE),
    "an open text": lambda: header_bytes(b'{"' + b"\\" * SIZE),
    "open texts": lambda: header_bytes(b"{" + b'"a' * (SIZE // 2)),
    "white space": lambda: header_bytes(b"{" + b" " * SIZE),
    "one long name": lambda: header_bytes(b'{"' + b"a" * (SIZE - 100) + b'":{}}'),
    "names with line ends": lambda: many_tensors().replace(b'"1', b'"\\n'),
    "a header of 100 MB": lambda: struct.pack("<Q", 100_000_000) + many_tensors()[8:],
    "a vocabulary of empty words": lambda: gguf(0, 1, text(b"k") + struct.pack("<IIQ", 9, 8, 1 << 21)),
    "more words than there are": lambda: gguf(0, 1, text(b"k") + struct.pack("<IIQ", 9, 8, 1 << 31)),
    "a list without end": lambda: gguf(0, 1, text(b"k") + struct.pack("<IIQ", 9, 4, 1 << 62)),
    "lists of lists": lambda: gguf(
        0, 1, text(b"k") + struct.pack("<IIQ", 9, 9, 1 << 20) + struct.pack("<IQ", 4, 0) * (1 << 20)
    ),
    "lists in lists": lambda: gguf(0, 1, text(b"k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * (1 << 20)),
    "short lists of texts": lambda: gguf(
        *(0, MAX_COUNT),
        b"".join(text(b"%d" % number) + struct.pack("<IIQ", 9, 8, 25) + bytes(200) for number in range(MAX_COUNT)),
    ),
    "short lists of numbers": lambda: gguf(
        *(0, MAX_COUNT),
        b"".join(text(b"%d" % number) + struct.pack("<IIQ", 9, 10, 25) + b"\xff" * 200 for number in range(MAX_COUNT)),
    ),
    "tensors of many axes": lambda: gguf(
        *(MAX_COUNT, 0),
        b"".join(text(b"%d" % one) + struct.pack("<I8QIQ", 8, *[1 << 60] * 8, 99, 0) for one in range(MAX_COUNT)),
    ),
    "texts": lambda: gguf(
        *(0, MAX_COUNT),
        b"".join(text(b"%d" % number) + struct.pack("<I", 8) + text("é".encode() * 100) for number in range(MAX_COUNT)),
    ),
    "one long text": lambda: gguf(
        0, 1, text(b"k") + struct.pack("<I", 8) + text("😀".encode() * (MAX_GGUF_SIZE // 4 - 100))
    ),
}


STEPPED_OVER = {"a vocabulary of empty words", "more words than there are"}
"""Nothing is kept of them but the bytes themselves, and tracing millions of steps takes long."""


def outcome(head: bytes, length: int = LENGTH) -> ModelFacts | NotAModelError:
    try:
        return run(length, behind(head), "m.safetensors")[0]
    except NotAModelError as refusal:
        return refusal


@pytest.mark.parametrize("what", HOSTILE)
def test_the_worst_headers_cost_a_second_at_most(what: str) -> None:
    head = HOSTILE[what]()
    began = time.process_time()
    outcome(head)
    assert time.process_time() - began < MOST_SECONDS
    began = time.process_time()
    triage(head, name="m.gguf" if head.startswith(b"GGUF") else "m.safetensors", length=LENGTH)
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize("what", sorted(HOSTILE.keys() - STEPPED_OVER))
def test_the_worst_headers_cost_64_mebibytes_at_most(what: str) -> None:
    head = HOSTILE[what]()
    tracemalloc.start()
    outcome(head)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_MEMORY


def test_ten_thousand_damaged_headers_are_read_or_refused_in_bounds() -> None:
    chance = random.Random(20_240_229)
    shapes, *_ = MODELS["LoRA SDXL of kohya"]
    wholes = [
        safetensors({name: ("F16", shape) for name, shape in shapes.items()}, KOHYA)[:3000],
        GgufWriter().file(EVERY_TYPE, [("token_embd.weight", 12, (3, 256)), ("b", 1, ())])[:1200],
        GgufWriter(1, ">").file(EVERY_TYPE, [("a", 8, (2, 32))])[:1200],
    ]
    slowest, refused = 0.0, 0
    for _ in range(10_000):
        damaged = bytearray(chance.choice(wholes))
        for _ in range(chance.randint(1, 4)):
            _damage(damaged, chance)
        began = time.process_time()
        refused += isinstance(outcome(bytes(damaged), 1 << 20), NotAModelError)
        slowest = max(slowest, time.process_time() - began)
    assert slowest < MOST_SECONDS
    assert 1000 < refused < 10_000


def _damage(data: bytearray, chance: random.Random) -> None:
    """One of what transfers, disks and people do: bits, runs, lengths, cuts, and pieces that stand elsewhere."""
    at = chance.randrange(len(data))
    match chance.randrange(6):
        case 0:
            data[at] ^= 1 << chance.randrange(8)
        case 1:
            data[at : at + chance.randint(1, 64)] = bytes(chance.randint(0, 64))
        case 2:
            data[at : at + 8] = struct.pack("<Q", chance.choice([0, 1, 2**31, 2**32, 2**63, 2**64 - 1]))
        case 3:
            del data[max(at, 9) :]
        case 4:
            data[at:at] = data[: chance.randint(1, 200)]
        case _:
            data[at : at + 4] = chance.choice(PIECES)
