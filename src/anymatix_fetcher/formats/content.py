"""Recognizes a file's content by its first bytes, regardless of its name."""

from __future__ import annotations

from enum import Enum

from anymatix_fetcher.formats import gguf, zip_directory
from anymatix_fetcher.formats.documents import is_git_lfs_pointer, is_json, is_plain_error, is_web_page, is_xml, text_in
from anymatix_fetcher.formats.pickles import is_pickle
from anymatix_fetcher.formats.safetensors import MAX_HEADER_LENGTH

ENOUGH = 512
"""The number of first bytes that suffice; a shorter file is recognized by all its bytes."""


class Content(Enum):
    """The kind of content; the value is its name in reports."""

    __hash__ = object.__hash__  # the default hash is that of the name, which is slow for the many set lookups

    UNKNOWN = "unknown"
    EMPTY = "empty"
    ZEROS = "zeros"
    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    ZIP = "zip"
    PICKLE = "pickle"
    ONNX = "onnx"
    NUMPY = "npy"
    HDF5 = "hdf5"
    WEB_PAGE = "html"
    JSON = "json"
    XML = "xml"
    GIT_LFS_POINTER = "git-lfs-pointer"
    PLAIN_ERROR = "text"
    SEVEN_ZIP = "7z"
    RAR = "rar"
    GZIP = "gzip"
    ZSTANDARD = "zstd"
    XZ = "xz"
    BZIP2 = "bzip2"
    TAR = "tar"

    @property
    def title(self) -> str:
        """The name for people, with its article."""
        return _TITLES[self]


_TITLES = {
    Content.UNKNOWN: "something unknown",
    Content.EMPTY: "an empty file",
    Content.ZEROS: "nothing but zero bytes at its beginning",
    Content.SAFETENSORS: "a safetensors file",
    Content.GGUF: "a GGUF file",
    Content.ZIP: "a zip archive",
    Content.PICKLE: "a pickle",
    Content.ONNX: "an ONNX model",
    Content.NUMPY: "a NumPy array",
    Content.HDF5: "an HDF5 file",
    Content.WEB_PAGE: "a web page",
    Content.JSON: "a JSON document",
    Content.XML: "an XML document",
    Content.GIT_LFS_POINTER: "a Git LFS pointer, the text that stands for the file in its repository",
    Content.PLAIN_ERROR: "an error message",
    Content.SEVEN_ZIP: "a 7z archive",
    Content.RAR: "a RAR archive",
    Content.GZIP: "a gzip-compressed file",
    Content.ZSTANDARD: "a Zstandard-compressed file",
    Content.XZ: "an xz-compressed file",
    Content.BZIP2: "a bzip2-compressed file",
    Content.TAR: "a tar archive",
}

DOCUMENTS = frozenset(
    {Content.WEB_PAGE, Content.JSON, Content.XML, Content.GIT_LFS_POINTER, Content.PLAIN_ERROR, Content.EMPTY}
)
"""Content that is never a model."""

COMPRESSED = frozenset(
    {Content.SEVEN_ZIP, Content.RAR, Content.GZIP, Content.ZSTANDARD, Content.XZ, Content.BZIP2, Content.TAR}
)
"""Containers that may hold a model and have to be unpacked."""

_MAGICS = (
    (b"7z\xbc\xaf\x27\x1c", Content.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Content.RAR),
    (b"\x1f\x8b\x08", Content.GZIP),
    (b"\x28\xb5\x2f\xfd", Content.ZSTANDARD),
    (b"\xfd7zXZ\x00", Content.XZ),
    (b"BZh", Content.BZIP2),
    (b"\x93NUMPY", Content.NUMPY),
    (b"\x89HDF\r\n\x1a\n", Content.HDF5),
    (gguf.MAGIC, Content.GGUF),
    (zip_directory.LOCAL_HEADER, Content.ZIP),
    (zip_directory.EMPTY_ARCHIVE, Content.ZIP),
    (zip_directory.SPANNED_ARCHIVE, Content.ZIP),
)
_FIRST_BYTES = frozenset(magic[:1] for magic, _ in _MAGICS)
_TAR_MAGIC_AT = 257
_TAR_BLOCK = 512
_TAR_CHECKSUM = slice(148, 156)
_FEWEST_ZEROS = 16

_VARINT, _BYTES = 0, 2
_ONNX_FIELDS = {1: _VARINT, 2: _BYTES, 3: _BYTES, 4: _BYTES, 5: _VARINT, 6: _BYTES, 7: _BYTES, 8: _BYTES, 14: _BYTES}
"""The fields of ModelProto in onnx.proto; the first one in a file is nearly always ``ir_version``."""


def recognize(first: bytes, *, length: int | None = None) -> Content:
    """The kind of content that begins with these bytes, in a file of ``length`` bytes; ``UNKNOWN`` if unrecognized.

    Recognition isn't validation: no header has been read.
    """
    if length == 0:
        return Content.EMPTY
    for magic, content in _MAGICS if first[:1] in _FIRST_BYTES else ():
        if first.startswith(magic):
            return content
    if _begins_as_tar(first):
        return Content.TAR
    if is_git_lfs_pointer(first):
        return Content.GIT_LFS_POINTER
    if _begins_as_safetensors(first):
        return Content.SAFETENSORS
    if is_pickle(first):
        return Content.PICKLE
    if len(first) >= _FEWEST_ZEROS and not any(first):
        return Content.ZEROS
    return _document(first) or (Content.ONNX if _begins_as_onnx(first) else Content.UNKNOWN)


def _begins_as_tar(first: bytes) -> bool:
    """Whether the first block is a member's header in any tar format (POSIX.1-2017, pax, "ustar")."""
    if first.startswith(b"ustar", _TAR_MAGIC_AT):
        return True
    # The oldest format has no magic number. Readers recognize it by the header's checksum, computed with blanks in its
    # own field.
    block = first[:_TAR_BLOCK]
    stated = block[_TAR_CHECKSUM].strip(b" \0")
    if len(block) < _TAR_BLOCK or not 0 < len(stated) < 8 or not stated.isdigit() or b"8" in stated or b"9" in stated:  # noqa: PLR2004 - the field's size
        return False
    return int(stated, 8) == sum(block) - sum(block[_TAR_CHECKSUM]) + 8 * ord(" ")


def _begins_as_safetensors(first: bytes) -> bool:
    # The upper bytes of the length are zero in every file that can be loaded, and in hardly any other content.
    length = int.from_bytes(first[:8], "little")
    return 2 <= length <= MAX_HEADER_LENGTH and first[8:].lstrip().startswith(b"{")  # noqa: PLR2004 - as the format says


def _document(first: bytes) -> Content | None:
    text = text_in(first)
    if text is None:
        return None
    if is_web_page(text):
        return Content.WEB_PAGE
    if is_xml(text):
        return Content.XML
    if is_json(text):
        return Content.JSON
    return Content.PLAIN_ERROR if is_plain_error(text) else None


def _begins_as_onnx(first: bytes) -> bool:
    """Whether the bytes are two consecutive fields of a ModelProto (protobuf encoding, https://protobuf.dev)."""
    position = 0
    for _ in range(2):
        if position >= len(first):
            return False
        field, wire_type = first[position] >> 3, first[position] & 7
        if _ONNX_FIELDS.get(field) != wire_type:
            return False
        value, position = _varint(first, position + 1)
        position += value if wire_type == _BYTES else 0
    return True


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint
            return value, position + index + 1
    return value, len(data)
