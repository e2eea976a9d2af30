from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.gguf import (
    MAX_COUNT,
    MAX_KEPT_STRING_LENGTH,
    GgufHeader,
    LongArray,
    read_header,
)
from anymatix_fetcher.formats.gguf_types import ARRAY, QUANTIZATIONS, STRING
from anymatix_fetcher.formats.prefix import DamagedError, Prefix, ShortError
from tests.formats.files import GgufWriter, Pair

WRITERS = [GgufWriter(version, order) for version in (1, 2, 3) for order in "<>"]


def read(data: bytes) -> GgufHeader:
    return read_header(Prefix(data, len(data)))


EVERY_TYPE: list[Pair] = [
    ("u8", 0, 200),
    ("i8", 1, -100),
    ("u16", 2, 60000),
    ("i16", 3, -30000),
    ("u32", 4, 4_000_000_000),
    ("i32", 5, -2_000_000_000),
    ("f32", 6, 0.5),
    ("yes", 7, True),
    ("no", 7, False),
    ("text", STRING, "héllo"),
    ("empty", STRING, ""),
    ("numbers", ARRAY, (5, [1, -2, 3])),
    ("texts", ARRAY, (STRING, ["a", "", "c"])),
    ("nothing", ARRAY, (4, [])),
    ("u64", 10, 2**64 - 1),
    ("i64", 11, -(2**63)),
    ("f64", 12, 0.25),
]


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: f"{writer.version}{writer.order}")
def test_every_type_of_value_is_read_in_every_version_and_byte_order(writer: GgufWriter) -> None:
    header = read(writer.file(EVERY_TYPE, [("token_embd.weight", 12, (3, 256)), ("norm", 0, (7,))]))
    assert header.version == writer.version
    assert header.byte_order == ("little" if writer.order == "<" else "big")
    assert header.metadata == {
        **{key: value for key, value_type, value in EVERY_TYPE if value_type != ARRAY},
        "numbers": (1, -2, 3),
        "texts": ("a", "", "c"),
        "nothing": (),
    }
    assert [(one.name, one.dtype, one.shape, one.size) for one in header.tensors] == [
        ("token_embd.weight", "Q4_K", (3, 256), 3 * 144),
        ("norm", "F32", (7,), 28),
    ]
    assert header.data_start % 32 == 0
    assert header.tensors[1].start == header.data_start + 448


def test_the_architecture_and_the_quantization_are_what_it_states() -> None:
    header = read(GgufWriter().file([("general.architecture", STRING, "flux"), ("general.file_type", 4, 15)]))
    assert (header.architecture, header.quantization) == ("flux", "Q4_K_M")
    assert read(GgufWriter().file()).architecture == ""
    assert read(GgufWriter().file([("general.architecture", 4, 1)])).architecture == ""


def test_a_vocabulary_is_stepped_over_and_counted() -> None:
    words = [f"word{number}" for number in range(1000)]
    pairs: list[Pair] = [
        ("tokenizer.ggml.tokens", ARRAY, (STRING, words)),
        ("tokenizer.ggml.scores", ARRAY, (6, [0.5] * 1000)),
        ("nested", ARRAY, (ARRAY, [(5, [1, 2]), (STRING, ["x"])])),
        ("after", STRING, "here"),
    ]
    assert read(GgufWriter().file(pairs)).metadata == {
        "tokenizer.ggml.tokens": LongArray(1000),
        "tokenizer.ggml.scores": LongArray(1000),
        "nested": LongArray(2),
        "after": "here",
    }


def test_its_own_alignment_counts() -> None:
    writer = GgufWriter()
    header, size = writer.header([("general.alignment", 4, 64)], [("a", 0, (1,)), ("b", 0, (1,))], alignment=64)
    assert [tensor.start - len(header) for tensor in read(header + bytes(size)).tensors] == [0, 64]
    header, size = writer.header([("general.alignment", 4, 128)], [("a", 0, (1,)), ("b", 0, (1,))], alignment=64)
    assert read(header + bytes(size + 128)).remarks == ("a tensor's data aren't aligned to 128 bytes",)
    for wrong in (0, 3, 48):
        with pytest.raises(DamagedError, match="its alignment isn't a power of two"):
            read(writer.header([("general.alignment", 4, wrong)], [])[0])


def test_a_type_of_elements_that_isnt_known_is_remarked_upon_and_not_refused() -> None:
    data = GgufWriter().file([], [("a", 0, (8,))])
    at = 24 + len("12345678a") + 4 + 8  # behind the name, the number of axes and the one axis
    header = read(data[:at] + struct.pack("<I", 99) + data[at + 4 :])
    assert header.tensors[0].dtype == "type 99"
    assert header.remarks == ("elements of type 99 are of a size that isn't known here",)


@pytest.mark.parametrize("number", sorted(QUANTIZATIONS))
def test_a_file_that_ends_inside_its_tensors_is_cut_short(number: int) -> None:
    data = GgufWriter().file([], [("a", number, (4, 256))])
    kind = QUANTIZATIONS[number]
    end = read(data).tensors[0].stop
    assert end - read(data).data_start == 1024 // kind.block_elements * kind.block_size
    with pytest.raises(DamagedError, match="its tensors end at byte") as damage:
        read(data[: end - 1])
    assert "another copy" in damage.value.hint


def test_tensors_that_share_their_data_are_remarked_upon() -> None:
    data = GgufWriter().file([], [("a", 0, (16,)), ("b", 0, (16,))])
    second = data.rindex(struct.pack("<IQ", 0, 64))
    header = read(data[:second] + struct.pack("<IQ", 0, 32) + data[second + 12 :])
    assert header.remarks == ("two tensors' data overlap",)
    assert [tensor.start - header.data_start for tensor in header.tensors] == [0, 32]


@given(st.data())
def test_the_beginning_of_a_sound_file_is_never_refused(data: st.DataObject) -> None:
    writer = data.draw(st.sampled_from(WRITERS))
    words = [str(number) for number in range(100)]
    header, size = writer.header([*EVERY_TYPE, ("words", ARRAY, (STRING, words))], [("a", 2, (5, 32)), ("b", 1, ())])
    cut = data.draw(st.integers(0, len(header) - 33))
    with pytest.raises(ShortError) as short:
        read_header(Prefix(header[:cut], len(header) + size))
    assert cut < short.value.stop <= len(header)
    if cut >= 8:
        assert not read_header(Prefix(header[:cut], len(header) + size), cap=cut).complete


@given(st.data())
def test_whatever_befalls_a_file_it_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    writer = data.draw(st.sampled_from(WRITERS))
    damaged = bytearray(writer.file(EVERY_TYPE, [("a", 2, (5, 32)), ("b", 1, ())]))
    for at in data.draw(st.lists(st.integers(4, len(damaged) - 1), min_size=1, max_size=5)):
        damaged[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DamagedError):
        assert read(bytes(damaged)).complete


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"GGML\x03\0\0\0", "doesn't begin with 'GGUF'"),
        (b"GGUF\x04\0\0\0", "none that is known"),
        (b"GGUF\0\0\0\0", "none that is known"),
        (b"GGUF" + struct.pack("<I2Q", 3, MAX_COUNT + 1, 0), "more things than the file has room for"),
        (b"GGUF" + struct.pack("<I2Q", 3, 0, 2**64 - 1), "counts 0 tensors and"),
        (b"GGUF" + struct.pack("<I2Q", 3, 30_000, 0), "more things than the file has room for"),
        (b"GGUF" + struct.pack("<I2QQ", 3, 0, 1, 2**63), "a text of"),
        (b"GGUF" + struct.pack("<I2QQ1sI", 3, 0, 1, 1, b"k", 13), "a value of type 13"),
        (b"GGUF" + struct.pack("<I2QQ1sIIQ", 3, 0, 1, 1, b"k", 9, 0, 2**60), "more things than the file"),
        (b"GGUF" + struct.pack("<I2QQ1sIIQ", 3, 0, 1, 1, b"k", 9, 77, 1), "an array of type 77"),
        (b"GGUF" + struct.pack("<I2QQ1sI", 3, 0, 1, 1, b"k", 9) + struct.pack("<IQ", 9, 1) * 40, "a value of type 9"),
        (b"GGUF" + struct.pack("<I2QQ1sI", 3, 1, 0, 1, b"t", 99), "of 99 dimensions"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_the_rule(head: bytes, reason: str) -> None:
    with pytest.raises(DamagedError, match=reason):
        read(head + bytes(600))


def test_one_thing_isnt_said_twice() -> None:
    with pytest.raises(DamagedError, match="say one thing twice"):
        read(GgufWriter().file([("a", 4, 1), ("a", 4, 1)]))


def test_a_file_that_ends_inside_its_header_is_cut_short() -> None:
    with pytest.raises(DamagedError, match="inside its own header"):
        read(GgufWriter().file([("k", STRING, "x" * 100)])[:60])


def test_more_items_than_are_kept_are_stepped_over() -> None:
    lists: list[Pair] = [(f"list {number}", ARRAY, (4, [7] * 64)) for number in range(1200)]
    header = read(GgufWriter().file([*lists, ("words", ARRAY, (STRING, ["a"] * 64))]))
    assert header.metadata["list 0"] == (7,) * 64
    assert header.metadata["list 1199"] == header.metadata["words"] == LongArray(64)
    nested: Pair = ("nested", ARRAY, (ARRAY, [(4, [])] * (MAX_COUNT + 1)))
    header = read(GgufWriter().file([("before", 4, 1), nested, ("after", 4, 2)]))
    assert header.metadata == {"before": 1}
    assert not header.complete


def test_of_very_many_tensors_or_metadata_the_first_are_read() -> None:
    pairs: list[Pair] = [(f"k{number}", 4, number) for number in range(MAX_COUNT + 3)]
    header = read(GgufWriter().file(pairs, [("a", 0, (1,))]))
    assert (header.complete, len(header.metadata), header.tensors) == (False, MAX_COUNT, ())
    header = read(GgufWriter().file([], [(f"t{number}", 0, (1,)) for number in range(MAX_COUNT + 3)]))
    assert (header.complete, len(header.tensors)) == (False, MAX_COUNT)


@pytest.mark.parametrize(
    "head",
    [
        struct.pack("<I2QQ1sIIQ", 3, 0, 1, 1, b"k", 9, 77, 0),
        struct.pack("<I2QQ1sI", 3, 0, 1, 1, b"k", 9) + struct.pack("<IQ", 9, 1) * 9 + struct.pack("<IQ", 4, 0),
        struct.pack("<I2QQ1sI", 3, 1, 0, 1, b"t", 9) + struct.pack("<9QIQ", *[1] * 9, 0, 0),
    ],
)
def test_what_the_reference_implementation_loads_isnt_refused(head: bytes) -> None:
    assert read(b"GGUF" + head + bytes(200)).complete


def test_of_a_very_long_text_the_beginning_is_kept() -> None:
    header = read(GgufWriter().file([("long", STRING, "x" * 100_000), ("after", STRING, "here")]))
    assert header.metadata == {"long": "x" * MAX_KEPT_STRING_LENGTH, "after": "here"}
    with pytest.raises(DamagedError, match="a text of"):
        read(GgufWriter().file([("words", ARRAY, (STRING, ["a"] * 99))]).replace(b"\1\0\0\0\0\0\0\0a", b"\xff" * 9, 1))
