from __future__ import annotations

import struct

import pytest

from anymatix_fetcher.formats.prefix import DamagedError, Prefix, ShortError

WORD = struct.Struct("<H")


def test_what_is_here_is_read() -> None:
    assert Prefix(b"\x01\x02\x03").unpack(WORD, 1) == (0x0302,)


def test_what_isnt_here_yet_is_short_and_what_never_comes_is_damage() -> None:
    with pytest.raises(ShortError) as short:
        Prefix(b"\x01\x02\x03", 10).unpack(WORD, 2)
    assert short.value.stop == 4
    with pytest.raises(DamagedError, match="ends after 3 bytes"):
        Prefix(b"\x01\x02\x03", 3).unpack(WORD, 2)


def test_a_prefix_is_whole_where_nothing_is_missing() -> None:
    assert Prefix(b"abc", 3).is_whole
    assert not Prefix(b"abc", 4).is_whole
    assert not Prefix(b"abc").is_whole
