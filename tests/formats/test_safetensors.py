from __future__ import annotations

import contextlib
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.prefix import DamagedError, Prefix, ShortError
from anymatix_fetcher.formats.safetensors import (
    BITS_PER_ELEMENT,
    MAX_ENTRIES,
    MAX_TEXT_LENGTH,
    SafetensorsHeader,
    read_header,
)
from tests.formats.files import header_bytes, safetensors, safetensors_header


def read(data: bytes) -> SafetensorsHeader:
    return read_header(Prefix(data, len(data)))


def of_text(text: str | bytes, data_size: int = 0) -> SafetensorsHeader:
    raw = text.encode() if isinstance(text, str) else text
    return read(header_bytes(raw) + bytes(data_size))


def of_entries(entries: object, data_size: int = 0) -> SafetensorsHeader:
    return of_text(json.dumps(entries), data_size)


def entry(dtype: str, shape: list[int], start: int, stop: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


names = st.text(min_size=1, max_size=20).filter(lambda name: name != "__metadata__")
shapes = st.lists(st.integers(0, 5), max_size=4)
texts = st.text(max_size=30)


@st.composite
def whole_files(draw: st.DrawFn) -> tuple[bytes, dict[str, tuple[str, tuple[int, ...]]], dict[str, str] | None]:
    described = {}
    for name in draw(st.lists(names, max_size=6, unique=True)):
        dtype = draw(st.sampled_from(sorted(BITS_PER_ELEMENT)))
        shape = draw(shapes)
        if math.prod(shape) * BITS_PER_ELEMENT[dtype] % 8:
            shape.append(4)
        described[name] = (dtype, tuple(shape))
    metadata = draw(st.none() | st.dictionaries(texts, texts, max_size=4))
    return safetensors(described, metadata), described, metadata


@given(whole_files())
def test_a_sound_file_is_read_as_it_was_written(
    file: tuple[bytes, dict[str, tuple[str, tuple[int, ...]]], dict[str, str] | None],
) -> None:
    data, described, metadata = file
    header = read(data)
    assert {tensor.name: (tensor.dtype, tensor.shape) for tensor in header.tensors} == described
    assert header.metadata == (metadata or {})
    assert header.complete
    assert header.remarks == ()
    assert all(tensor.size * 8 == tensor.elements * BITS_PER_ELEMENT[tensor.dtype] for tensor in header.tensors)


@given(whole_files(), st.data())
def test_the_beginning_of_a_sound_file_is_never_refused(
    file: tuple[bytes, dict[str, tuple[str, tuple[int, ...]]], dict[str, str] | None], data: st.DataObject
) -> None:
    whole, _, _ = file
    stop = 8 + int.from_bytes(whole[:8], "little")
    cut = data.draw(st.integers(0, stop - 1))
    with pytest.raises(ShortError) as short:
        read_header(Prefix(whole[:cut], len(whole)))
    assert short.value.stop == (stop if cut >= 8 else 8)
    assert not read_header(Prefix(whole[: max(cut, 8)], len(whole)), cap=8).complete
    assert read_header(Prefix(whole[:stop], len(whole))).complete
    assert read_header(Prefix(whole[:stop])).complete


@given(whole_files(), st.data())
def test_whatever_befalls_a_file_it_is_read_or_refused_and_nothing_else(
    file: tuple[bytes, dict[str, tuple[str, tuple[int, ...]]], dict[str, str] | None], data: st.DataObject
) -> None:
    damaged = bytearray(file[0])
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=5)):
        damaged[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DamagedError):
        assert read(bytes(damaged)).complete


@pytest.mark.parametrize("dtype", sorted(BITS_PER_ELEMENT))
def test_every_type_has_its_size(dtype: str) -> None:
    size = BITS_PER_ELEMENT[dtype]
    assert of_entries({"t": entry(dtype, [2, 4], 0, size)}, size).tensors[0].size == size
    with pytest.raises(DamagedError, match="isn't what its shape takes"):
        of_entries({"t": entry(dtype, [2, 4], 0, size + 1)}, size + 1)


def test_scalars_and_empty_tensors_are_tensors() -> None:
    header = of_entries({"scalar": entry("F32", [], 0, 4), "empty": entry("F16", [0, 7], 4, 4)}, 4)
    assert [tensor.elements for tensor in header.tensors] == [1, 0]


def test_a_file_without_tensors_is_a_file() -> None:
    assert of_text("{}").tensors == ()
    assert of_text("{}      ").tensors == ()
    assert of_text('{"__metadata__":{}}').metadata == {}


def test_tensors_may_stand_in_any_order_and_their_keys_and_spaces_too() -> None:
    text = """
      { "b" : { "data_offsets" : [ 4 , 8 ] , "shape" : [ 1 ] , "dtype" : "F32" } ,
        "a" : {"dtype":"F32","shape":[],"data_offsets":[0,4],"note":null} , "__metadata__" : { "x" : "y" } }  """
    header = of_text(text, 8)
    assert [(tensor.name, tensor.shape) for tensor in header.tensors] == [("b", (1,)), ("a", ())]
    assert header.metadata == {"x": "y"}
    assert header.tensors[1].start == header.data_start


def test_keys_that_arent_known_may_say_anything() -> None:
    text = '{"a":{"dtype":"U8","note":{"}":"\\"}"},"list":[[1],{}],"shape":[2],"data_offsets":[0,2]}}'
    assert of_text(text, 2).tensors[0].shape == (2,)


def test_names_and_texts_are_unescaped() -> None:
    header = of_text(
        '{"\\u0061\\"\\\\":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"__metadata__":{"k":"\\n{\\""}}'
    )
    assert header.tensors[0].name == 'a"\\'
    assert header.metadata == {"k": '\n{"'}


def test_a_type_that_isnt_known_is_remarked_upon_and_not_refused() -> None:
    header = of_entries({"a": entry("F2_NEW", [5], 0, 3), "b": entry("F2_NEW", [5], 3, 6)}, 6)
    assert header.remarks == ("elements of type 'F2_NEW' are of a size that isn't known here",)
    with pytest.raises(DamagedError, match="an overlap before 'b'"):
        of_entries({"a": entry("F2_NEW", [5], 0, 3), "b": entry("F2_NEW", [5], 2, 6)}, 6)


def test_metadata_that_loaders_live_with_are_remarked_upon() -> None:
    header = of_text('{"__metadata__":{"step":7,"done":true,"a":"1","a":"2"}}')
    assert header.metadata == {"step": "7", "done": "true", "a": "2"}
    assert len(header.remarks) == 3


W = '"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}'


@pytest.mark.parametrize(
    "text",
    [
        '{"__metadata__":null,' + W + "}",
        '{"__metadata__": null ,' + W + "}",
        "{" + W + ',"__metadata__":null}',
        "{" + W + "," + W + "}",
        '{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},' + W + "}",
        '{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":{"a":[1,{"b":{"c":"}"}}]}}}',
        '{"w":{"dtype":"U8","x":' + "[" * 100 + "]" * 100 + ',"shape":[4],"data_offsets":[0,4]}}',
        '{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":"' + "y" * 9000 + '"}}',
        '{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":' + "9" * 9000 + "}}",
        '{"w":["U8",[4],[0,4]]}',
        '{"w" : [ "U8" , [ 4 ] ,\n[ 0,4 ] ] }',
        '{"w":{"dtype":"\\u00558","shape":[4],"d\\u0061ta_offsets":[0,4]}}',
        '{"w":{"dtype":"U8","shape":[' + "1," * 200 + '4],"data_offsets":[0,4]}}',
    ],
    ids=range(13),
)
def test_what_the_reference_implementation_loads_isnt_refused(text: str) -> None:
    (tensor,) = of_text(text, 4).tensors
    assert (tensor.name, tensor.dtype, tensor.shape[-1], tensor.stop - tensor.start) == ("w", "U8", 4, 4)


def test_a_tensor_that_is_described_twice_is_the_last_one_and_is_remarked_upon() -> None:
    header = of_text('{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},' + W + "}", 4)
    assert header.tensors[0].shape == (4,)
    assert header.remarks == ("its header describes the tensor 'w' twice",)


@pytest.mark.parametrize(
    ("entries", "size", "reason"),
    [
        ({"a": entry("U8", [4], 0, 4), "b": entry("U8", [4], 5, 9)}, 9, "a hole before 'b'"),
        ({"a": entry("U8", [4], 0, 4), "b": entry("U8", [4], 3, 7)}, 7, "an overlap before 'b'"),
        ({"a": entry("U8", [4], 1, 5)}, 5, "a hole before 'a'"),
        ({"a": entry("U8", [4], 0, 4)}, 5, "goes on to"),
        ({"a": entry("U8", [4], 0, 4)}, 3, "its tensors end at byte"),
        ({"a": entry("U8", [4], 4, 0)}, 4, "ends before it begins"),
        ({"a": entry("F32", [2**63, 2**63], 0, 4)}, 4, "isn't what its shape takes"),
        ({"a": entry("F4", [3], 0, 2)}, 2, "isn't what its shape takes"),
        ({"a": entry("U8", [-4], 0, 4)}, 4, "lacks its type, shape or place"),
        ({"a": {"dtype": "U8", "shape": [4]}}, 4, "lacks its type, shape or place"),
        ({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4, 4]}}, 4, "lacks its type, shape or place"),
        ({"a": {"dtype": 8, "shape": [4], "data_offsets": [0, 4]}}, 4, "lacks its type, shape or place"),
        ({"a": {"dtype": "U8", "shape": [4.0], "data_offsets": [0, 4]}}, 4, "lacks its type, shape or place"),
        ({"a": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}}, 1, "lacks its type, shape or place"),
        ({"a": {"dtype": "U8", "shape": [10**30], "data_offsets": [0, 1]}}, 1, "lacks its type"),
        ({"a": {"dtype": "U8", "shape": [[1]], "data_offsets": [0, 1]}}, 1, "lacks its type"),
        ({"a": "text"}, 0, "doesn't describe"),
        ({"__metadata__": {"a": {}}}, 0, "aren't text"),
        ({"__metadata__": {"a": [1]}}, 0, "aren't text"),
        ({"__metadata__": "text"}, 0, "isn't JSON"),
        ([], 0, "isn't JSON"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_the_rule(entries: object, size: int, reason: str) -> None:
    with pytest.raises(DamagedError, match=reason):
        of_entries(entries, size)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"__metadata__":{},"__metadata__":{}}', "two __metadata__"),
        (b'{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]}}', "lacks its type"),
        (b'{"a":{"dtype":"U8","note":' + b"[" * 129 + b"]" * 129 + b"}}", "doesn't describe"),
        (b'{"a":{"dtype":"U8","note":{"note":{}}}}', "lacks its type"),
        (b'{"a":["U8",[],[0,1],1]}', "doesn't describe"),
        (b'{"a":["U8",[]]}', "doesn't describe"),
        (b'{"a":["U8"', "breaks off"),
        (b'{"a":{"dtype":"\\ud800","shape":[],"data_offsets":[0,1]}}', "can't be read"),
        (b'{"__metadata__":nul', "breaks off"),
        (b'{"__metadata__":nulL}', "isn't JSON"),
        (b'{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', "lacks its type"),
        (b'{"__metadata__":{"a":nonsense}}', "aren't text"),
        (b'{"\xff":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', "a text that can't be read"),
        (b'{"\\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', "a text that can't be read"),
        (b'{"\\x":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', "a text that can't be read"),
        (b'{"a\nb":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', "isn't JSON"),
        (b"{} {}", "goes on behind its end"),
        (b"{}\0\0", "goes on behind its end"),
        (b'{"a":', "breaks off"),
        (b'{"a', "breaks off"),
        (b'{"__metadata__":{"a":tru', "breaks off"),
        (b"{,}", "isn't JSON"),
        (b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}', "breaks off"),
        (b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]};}', "isn't JSON"),
        (b"        ", "breaks off"),
    ],
)
def test_a_header_that_isnt_one_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(DamagedError, match=reason):
        of_text(text, 1)


@pytest.mark.parametrize("length", [0, 1, 100_000_001, 2**63, 2**64 - 1])
def test_a_length_that_no_header_has_is_refused_before_anything_else(length: int) -> None:
    with pytest.raises(DamagedError, match=r"its first eight bytes state a header of [0-9,]+ bytes"):
        read_header(Prefix(struct.pack("<Q", length)))


def test_a_file_that_ends_inside_its_header_is_cut_short() -> None:
    header, _ = safetensors_header({"a": ("U8", (4,))})
    with pytest.raises(DamagedError, match="its header alone would end at byte") as damage:
        read(header[:-1])
    assert "another copy" in damage.value.hint
    with pytest.raises(DamagedError, match="ends after 3 bytes"):
        read(header[:3])


def test_damage_is_found_before_the_whole_header_is_here() -> None:
    text = b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,5]},' + b" " * 10_000
    with pytest.raises(DamagedError, match="isn't what its shape takes"):
        read_header(Prefix(header_bytes(text)[:200], 1 << 40))


def test_of_a_header_beyond_the_cap_what_is_here_is_returned() -> None:
    header, size = safetensors_header({f"t{index}": ("F16", (10,)) for index in range(100)})
    part = read_header(Prefix(header[:1000], len(header) + size), cap=1000)
    assert not part.complete
    assert 10 < len(part.tensors) < 20


@pytest.mark.parametrize("unit", ["x", "é", "😀", '"', "\n", "\\", '😀é"\\x'])
@pytest.mark.parametrize("shift", range(4))
def test_of_a_very_long_text_the_beginning_is_kept(unit: str, shift: int) -> None:
    for as_ascii in (True, False):
        text = "." * shift + unit * (2 * MAX_TEXT_LENGTH // len(unit))
        header = of_text(json.dumps({"__metadata__": {"long": text, "after": "here"}}, ensure_ascii=as_ascii))
        kept = header.metadata["long"]
        assert text.startswith(kept)
        assert len(kept) > MAX_TEXT_LENGTH // 13
        assert header.metadata["after"] == "here"
        assert "of which the beginning was read" in header.remarks[0]


def test_of_a_header_with_very_many_tensors_the_first_are_read() -> None:
    shapes = {f"{number}": ("U8", (1,)) for number in range(MAX_ENTRIES + 5)}
    header = read(safetensors(shapes))
    assert not header.complete
    assert [tensor.name for tensor in header.tensors] == list(shapes)[:MAX_ENTRIES]
