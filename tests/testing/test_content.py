from __future__ import annotations

import hashlib
import json
import struct

import pytest

from anymatix_fetcher.testing import GeneratedContent, GivenContent, generate

MIB = 1 << 20


def test_any_span_is_the_same_bytes_as_the_whole() -> None:
    content = generate(7, "/m.bin", 3 * MIB + 123)
    whole = content.read(0, content.size)
    assert len(whole) == content.size
    spans = [(0, 1), (4095, 4097), (MIB - 3, MIB + 9), (2 * MIB, 3 * MIB + 123), (5000, 5000), (9, 2 * MIB + 1)]
    for start, stop in spans:
        assert content.read(start, stop) == whole[start:stop]
    assert content.read(3 * MIB, 9 * MIB) == whole[3 * MIB :]


def test_the_bytes_are_the_same_on_every_machine_for_ever() -> None:
    digest = generate(7, "/m.bin", 2 * MIB + 5).sha256()
    assert digest == hashlib.sha256(generate(7, "/m.bin", 2 * MIB + 5).read(0, 9 * MIB)).hexdigest()
    assert digest == "9df330d739e766832e96114bb8f6ccd9207ec09edcb83a51e37201f62cd1b179"


def test_every_page_differs_from_every_other_one_and_from_other_files() -> None:
    content = generate(7, "/m.bin", 4 * MIB)
    pages = {content.read(at, at + 4096) for at in range(0, content.size, 4096)}
    assert len(pages) == content.size // 4096
    assert generate(8, "/m.bin", 100).read(8, 100) != content.read(8, 100)
    assert generate(7, "/n.bin", 100).read(8, 100) != content.read(8, 100)


def test_the_far_end_of_a_huge_file_costs_nothing() -> None:
    content = generate(1, "/huge", 20 * 10**9)
    assert struct.unpack(">Q", content.read(4096 * 4_000_000, 4096 * 4_000_000 + 8)) == (4_000_000,)


def test_a_longer_file_begins_like_the_shorter_one() -> None:
    content = generate(1, "/a", 1000)
    assert content.resized(3000).read(0, 1000) == content.read(0, 1000)
    assert GivenContent(b"abc").resized(5).read(0, 9) == b"abc\0\0"
    assert GivenContent(b"abc").resized(2).read(0, 9) == b"ab"


def test_a_changed_file_differs_and_has_the_same_length() -> None:
    content = generate(1, "/a", 1000)
    assert content.changed("2").size == 1000
    assert content.changed("2").read(8, 1000) != content.read(8, 1000)
    given = GivenContent(b"abc").changed("2").read(0, 3)
    assert all(one != other for one, other in zip(given, b"abc", strict=True))


def test_model_formats_begin_as_they_must() -> None:
    content = generate(1, "/m.safetensors", 10_000)
    (length,) = struct.unpack("<Q", content.read(0, 8))
    header = json.loads(content.read(8, 8 + length))
    assert header["weight"]["data_offsets"] == [0, 10_000 - 8 - length]
    assert generate(1, "/m.gguf", 10_000).read(0, 4) == b"GGUF"
    assert generate(1, "/tiny.safetensors", 10).read(0, 10) == generate(1, "/tiny.safetensors", 10, "raw").read(0, 10)
    with pytest.raises(ValueError, match="prefix"):
        generate(1, "/tiny.safetensors", 10, "safetensors")


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        GeneratedContent(1, "/a", -1)
    for content in (generate(1, "/a", 10), GivenContent(b"x")):
        with pytest.raises(ValueError, match="start"):
            content.read(-1, 5)


def test_given_bytes_are_served_as_they_are() -> None:
    content = GivenContent(b"0123456789")
    assert content.read(2, 5) == b"234"
    assert content.sha256() == hashlib.sha256(b"0123456789").hexdigest()
