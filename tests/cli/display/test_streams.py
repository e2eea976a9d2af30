from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.display.streams import PatientStream

if TYPE_CHECKING:
    from pathlib import Path


class Full(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "full")


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        stream = PatientStream(pipe)
        for _ in range(3):
            stream.write("x" * 100_000)
            stream.flush()
            stream.write_path("/a")
        assert stream.failure is None


def test_other_trouble_is_remembered_and_the_text_dropped() -> None:
    stream = PatientStream(Full())
    assert stream.write("x") == 1
    assert stream.failure is not None
    assert stream.failure.errno == errno.ENOSPC
    stream.write("y")
    stream.flush()


def test_characters_that_the_encoding_lacks_are_escaped() -> None:
    raw = io.BytesIO()
    stream = PatientStream(io.TextIOWrapper(raw, encoding="ascii"))
    stream.write("模型 é\n")
    stream.flush()
    assert raw.getvalue() == b"\\u6a21\\u578b \\xe9\n"


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_a_path_is_written_as_the_file_system_has_it(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.bin")
    raw = io.BytesIO()
    stream = PatientStream(io.TextIOWrapper(raw, encoding="ascii"))
    stream.write_path(str(tmp_path / name))
    assert raw.getvalue() == os.fsencode(tmp_path) + b"/\xff\xfe.bin\n"


def test_a_stream_without_bytes_below_it_gets_the_path_as_text() -> None:
    text = io.StringIO()
    PatientStream(text).write_path("/models/é")
    assert text.getvalue() in {"/models/é\n", "/models/\\xe9\n"}
