from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.content import ENOUGH, Content, recognize
from tests.formats.files import GgufWriter, safetensors, zip_file


def tar_file() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo("sys_info")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    return written.getvalue()


def numpy_file() -> bytes:
    written = io.BytesIO()
    np.save(written, np.arange(3))
    return written.getvalue()


def onnx_file() -> bytes:
    """ir_version 8, producer "pytorch", "2.1", and a graph."""
    return b"\x08\x08\x12\x07pytorch\x1a\x032.1\x3a\x80\x08" + bytes(1024)


KINDS = {
    Content.SAFETENSORS: safetensors({"a": ("F32", (200,))}),
    Content.GGUF: GgufWriter().file([("general.architecture", 8, "flux")]),
    Content.ZIP: zip_file({"archive/data.pkl": b"."}),
    Content.PICKLE: pickle.dumps({"state_dict": list(range(300))}),
    Content.ONNX: onnx_file(),
    Content.NUMPY: numpy_file(),
    Content.HDF5: b"\x89HDF\r\n\x1a\n" + bytes(600),
    Content.WEB_PAGE: b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>",
    Content.JSON: b'{"error": "Unauthorized"}',
    Content.XML: b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    Content.GIT_LFS_POINTER: b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n",
    Content.PLAIN_ERROR: b"Entry not found",
    Content.SEVEN_ZIP: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(600),
    Content.RAR: b"Rar!\x1a\x07\x01\x00" + bytes(600),
    Content.GZIP: gzip.compress(b"model" * 100, mtime=0),
    Content.ZSTANDARD: b"\x28\xb5\x2f\xfd" + bytes(600),
    Content.XZ: b"\xfd7zXZ\x00" + bytes(600),
    Content.BZIP2: b"BZh91AY&SY" + bytes(600),
    Content.TAR: tar_file(),
    Content.ZEROS: bytes(600),
}


@pytest.mark.parametrize("content", KINDS, ids=lambda content: content.value)
def test_what_is_known_is_recognized_by_its_beginning(content: Content) -> None:
    data = KINDS[content]
    assert recognize(data, length=len(data)) is content
    assert recognize(data[:ENOUGH]) is content


def test_nothing_of_nothing_is_empty_and_of_something_unknown() -> None:
    assert recognize(b"", length=0) is Content.EMPTY
    assert recognize(b"") is Content.UNKNOWN


def test_an_onnx_model_may_begin_with_any_of_its_fields() -> None:
    assert recognize(b"\x12\x07pytorch\x08\x08" + bytes(600)) is Content.ONNX
    assert recognize(b"\x08\x08\x3a\x80\x08" + bytes(600)) is Content.ONNX
    assert recognize(b"\x08\x08\xff\xff" + bytes(600)) is Content.UNKNOWN
    assert recognize(b"\x3a\xff\xff\xff\xff\x0f" + bytes(600)) is Content.UNKNOWN


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_with_a_mark_are_recognized(protocol: int) -> None:
    assert recognize(pickle.dumps({"a": 1}, protocol=protocol)) is Content.PICKLE


def test_torchs_own_start_is_a_pickle() -> None:
    legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
    assert recognize(legacy) is Content.PICKLE


@pytest.mark.parametrize(
    "text",
    [
        "<html>",
        "\n\n  <!doctype HTML>\n<html>",
        "<!-- generated --><!-- twice -->\n<html lang=en>",
        "<HEAD><TITLE>302 Found</TITLE></HEAD>",
        "<script>window.location = '/login'</script>",
        "<h1>Forbidden</h1>",
        "<body bgcolor=white>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_web_pages_are_recognized_behind_marks_spaces_and_comments(text: str, encoding: str) -> None:
    assert recognize(text.encode(encoding)) is Content.WEB_PAGE


def test_a_page_in_an_old_encoding_or_cut_inside_a_character_is_a_page() -> None:
    assert recognize("<html><title>Zugriff für Anfänger</title>".encode("iso-8859-1")) is Content.WEB_PAGE
    assert recognize(b"<html>" + "é".encode() * 4000) is Content.WEB_PAGE
    assert recognize(b"\xef\xbb\xbf\r\n<html>") is Content.WEB_PAGE
    assert recognize(b"<html>" + "😀".encode()[:2]) is Content.WEB_PAGE


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('  {\n "message" : "no"}', Content.JSON),
        ("{}", Content.JSON),
        ('[{"a": 1}]', Content.JSON),
        ("<Error><Code>NoSuchKey</Code></Error>", Content.XML),
        ("<ListBucketResult xmlns='http://s3'>", Content.XML),
        ("Invalid username or password.", Content.PLAIN_ERROR),
        ("Access to model org/repo is restricted. You must have access", Content.PLAIN_ERROR),
        ("Not Found\n", Content.PLAIN_ERROR),
        ("{not json", Content.UNKNOWN),
        ("[1, 2, 3]", Content.UNKNOWN),
        ("a poem", Content.UNKNOWN),
        ("<3 this model", Content.UNKNOWN),
        ("errors are human", Content.UNKNOWN),
    ],
)
def test_documents_are_told_from_other_texts(text: str, content: Content) -> None:
    assert recognize(text.encode()) is content


def test_what_has_control_characters_is_no_text() -> None:
    assert recognize(b'{"a":\x00 1}') is Content.UNKNOWN
    assert recognize(b"<html>\x01\x02") is Content.UNKNOWN


def test_a_length_that_no_safetensors_file_has_isnt_taken_for_one() -> None:
    assert recognize(struct.pack("<Q", 200_000_000) + b"{" + bytes(99)) is Content.UNKNOWN
    assert recognize(struct.pack("<Q", 100) + b"[" + bytes(99)) is Content.UNKNOWN
    assert recognize(struct.pack("<Q", 100) + b"  {" + bytes(99)) is Content.SAFETENSORS


@given(st.binary(max_size=700))
def test_any_bytes_are_something(data: bytes) -> None:
    assert recognize(data, length=len(data)).title


@given(st.floats(width=32, allow_nan=False), st.integers(1, 200))
def test_raw_weights_are_no_document_and_no_archive(value: float, count: int) -> None:
    raw = struct.pack("<f", value) * count
    assert recognize(raw) in {Content.UNKNOWN, Content.ZEROS, Content.ONNX}


def test_titles_differ_and_have_an_article() -> None:
    titles = sorted(content.title for content in Content)
    assert all(one != other for one, other in pairwise(titles))
