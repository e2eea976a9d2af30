"""Content codings (RFC 9110, section 8.4) of what is read as a text, from servers that compress it unasked.

Files are never decoded: ``identity`` is asked for, and a coded file has another length and another digest.
"""

from __future__ import annotations

import zlib

_GZIP = {"gzip", "x-gzip"}
_MOST_CODINGS = 3
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class UndecodableError(ValueError):
    """The content can't be decoded; the message is a clause that says why."""


def decoded(data: bytes, coding: str, *, most: int) -> bytes:
    """The whole content, without its codings.

    Args:
        data: As it came.
        coding: What ``Content-Encoding`` says, in lower case; empty for none.
        most: So many bytes it may come to.

    Raises:
        UndecodableError: The coding isn't known, the content is broken or cut off, or it comes to more.
    """
    return _undone(data, coding, most=most, is_whole=True)


def beginning(data: bytes, coding: str, *, most: int) -> bytes:
    """At most so many bytes of the content's beginning, of which ``data`` is a part; what can't be decoded stays."""
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
    """What is in a stream: of gzip in all members, of deflate with the wrapper of zlib or, as some send it, without."""
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
            return bytes(found)  # what follows the last member is padding
        raise UndecodableError("sent a compressed answer that can't be read") from None
    return bytes(found)
