from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.prefix import DamagedError
from anymatix_fetcher.formats.zip_directory import TAIL_SIZE, ZipEntry, find_directory, first_name, read_entries
from tests.formats.files import zip_file


def entries_of(data: bytes) -> tuple[ZipEntry, ...]:
    directory = find_directory(data[-TAIL_SIZE:], len(data))
    return read_entries(data[directory.start : directory.stop])


@given(st.dictionaries(st.text(min_size=1, max_size=20).filter(lambda name: "\0" not in name), st.binary(max_size=50)))
def test_entries_are_listed_with_their_sizes(entries: dict[str, bytes]) -> None:
    written = io.BytesIO()
    with contextlib.suppress(UnicodeEncodeError), zipfile.ZipFile(written, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    data = written.getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        wanted = [(info.orig_filename, info.file_size) for info in archive.infolist()]
    assert [(entry.name, entry.size) for entry in entries_of(data)] == wanted


def test_a_comment_behind_the_end_is_stepped_over() -> None:
    assert entries_of(zip_file({"a": b"1"}, comment=b"hello")) == (ZipEntry("a", 1),)


def test_sizes_of_more_than_four_gigabytes_are_read() -> None:
    big = zip_file({"a": b"1"})
    at = big.index(b"PK\x01\x02")
    name_at = at + 46
    extra = b"\x99\x99\x02\x00zz" + b"\x01\x00\x08\x00" + (5 << 32).to_bytes(8, "little")
    entry = bytearray(big[at : name_at + 1])
    entry[24:28] = b"\xff\xff\xff\xff"
    entry[30:32] = len(extra).to_bytes(2, "little")
    assert read_entries(bytes(entry) + extra) == (ZipEntry("a", 5 << 32),)


def test_a_directory_behind_four_gigabytes_is_found() -> None:
    length, start, size = 6 << 32, (6 << 32) - 500, 200
    end64 = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(12) + bytes(16)
    end64 += size.to_bytes(8, "little") + start.to_bytes(8, "little")
    locator = b"PK\x06\x07" + bytes(4) + (length - 98).to_bytes(8, "little") + bytes(4)
    tail = bytes(300) + end64 + locator + b"PK\x05\x06" + bytes(8) + b"\xff" * 8 + b"\0\0"
    assert (span := find_directory(tail, length)).start == start
    assert len(span) == size


def test_an_archive_without_its_end_is_cut_short() -> None:
    data = zip_file({"archive/data.pkl": b"x" * 100})
    with pytest.raises(DamagedError, match="without its end") as damage:
        find_directory(data[:-10], len(data) - 10)
    assert "another copy" in damage.value.hint


@pytest.mark.parametrize("size", [0, 4, 11, 21])
def test_a_file_that_is_shorter_than_an_end_has_none(size: int) -> None:
    with pytest.raises(DamagedError, match="without its end"):
        find_directory(b"PK\x05\x06".ljust(21, b"\0")[:size], size)


def test_a_directory_outside_of_the_file_is_refused() -> None:
    data = zip_file({"a": b"x" * 100})
    with pytest.raises(DamagedError, match="lies outside"):
        find_directory(data[-40:], 40)


@given(st.data())
def test_whatever_befalls_an_archive_it_is_listed_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(zip_file({"archive/data.pkl": b"abc", "archive/data/0": bytes(10)}))
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=5)):
        damaged[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DamagedError):
        assert len(entries_of(bytes(damaged))) <= 2


def test_the_first_entrys_name_is_in_the_first_bytes() -> None:
    assert first_name(zip_file({"archive/data.pkl": b"."})[:60]) == "archive/data.pkl"
    assert first_name(b"PK\x03\x04") == ""
    assert first_name(b"other" * 10) == ""
