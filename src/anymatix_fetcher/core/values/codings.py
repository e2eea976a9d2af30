"""Content codings (RFC 9110, section 8.4): decodes documents from servers that compress them unasked.

Files are never decoded: ``identity`` is requested, and a coded file has another length and another digest.
"""

from __future__ import annotations

import zlib

_GZIP = {"gzip", "x-gzip"}
_MOST_CODINGS = 3
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class UndecodableError(ValueError):
    """The content can't be decoded; the message is a clause that says why."""


def decoded(data: bytes, coding: str, *, most: int) -> bytes:
    """Decodes the whole content.

    Args:
        data: The coded content.
        coding: The ``Content-Encoding`` in lower case; empty for none.
        most: The limit on the decoded size in bytes.

    Raises:
        UndecodableError: The coding is unknown, the content is invalid or incomplete, or exceeds the limit.
    """
    return _undone(data, coding, most=most, is_whole=True)


def beginning(data: bytes, coding: str, *, most: int) -> bytes:
    """At most ``most`` bytes of the beginning of the decoded content; ``data`` itself if it can't be decoded."""
    try:
        return _undone(data, coding, most=most, is_whole=False)
    except UndecodableError:
        return data


def _undone(data: bytes, coding: str, *, most: int, is_whole: bool) -> bytes:
    codings = [name for part in coding.split(",") if (name := part.strip()) not in {"", "identity"}]
    if len(codings) > _MOST_CODINGS:
        raise UndecodableError("compressed its answer again and again")
    for name in reversed(codings):
        if name not in _GZIP | {"deflate"}:
            raise UndecodableError(f"compressed its answer by {name[:20]}, which wasn't asked for and isn't read")
        windows = (_GZIP_WINDOW,) if name in _GZIP else (_ZLIB_WINDOW, _RAW_WINDOW)
        data = _inflated(data, windows, most=most, is_whole=is_whole)
    return data


def _inflated(data: bytes, windows: tuple[int, ...], *, most: int, is_whole: bool) -> bytes:
    """Decompresses all members of gzip, or deflate with zlib's wrapper or, as some servers send it, without."""
    window, *others = windows
    found, rest = bytearray(), data
    try:
        while rest:
            stream = zlib.decompressobj(window)
            found += stream.decompress(rest, most + 1 - len(found))
            if len(found) > most:
                if is_whole:
                    raise UndecodableError("sends too long an answer")
                return bytes(found[:most])
            if not stream.eof:
                if is_whole:
                    raise UndecodableError("sent a compressed answer that breaks off")
                return bytes(found)
            rest = stream.unused_data if window == _GZIP_WINDOW else b""
    except zlib.error:
        if others and not found:
            return _inflated(data, tuple(others), most=most, is_whole=is_whole)
        if found and window == _GZIP_WINDOW:
            return bytes(found)  # padding follows the last member
        raise UndecodableError("sent a compressed answer that can't be read") from None
    return bytes(found)
