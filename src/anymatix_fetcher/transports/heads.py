"""Parses header sections, which libraries pass on line by line, to a :class:`ResponseHead`."""

from __future__ import annotations

import re

from anymatix_fetcher.core.values.codings import beginning
from anymatix_fetcher.core.values.http import FIELD_NAME, Headers, ResponseHead
from anymatix_fetcher.transports.base import EXCERPT_BYTES, MAX_HEAD_BYTES

MAX_INTERIM_RESPONSES = 20
"""More 1xx responses than this before a final one carry no information."""

MOST_FIELDS = 5000
"""The limit of libcurl."""

_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]|[23])(?:\.0)? +(\d{3})(?: |$)")
_WHITE_SPACE = b" \t"
_LAST_INTERIM_STATUS = 199
_SWITCHING_PROTOCOLS = 101


class HeadRefusedError(Exception):
    """The header section is refused; the message is a clause that contains nothing from the server."""


class HeadReader:
    """Collects lines until a final response's head is complete; interim (1xx) responses are skipped.

    Lines after the final head are trailers of a chunked body (RFC 9112, section 7.1.2), and are ignored.
    """

    __slots__ = ("_fields", "_interim", "_size", "_status_line", "head")

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self._interim = 0
        self._size = 0
        self._status_line: tuple[str, int] | None = None
        self._fields: list[tuple[str, str]] = []

    def feed(self, line: bytes) -> ResponseHead | None:
        """Takes one line with its line break; returns the head if this line completes it.

        Raises:
            HeadRefusedError: The line isn't part of a head, the head is too long, or interim responses don't end.
        """
        if self.head is not None:
            return None
        self._size += len(line)
        if self._size > MAX_HEAD_BYTES:
            raise HeadRefusedError(f"the response's head is longer than {MAX_HEAD_BYTES // 1024} KiB")
        text = line.rstrip(b"\r\n")
        if b"\0" in text or len(self._fields) > MOST_FIELDS:
            raise HeadRefusedError("the response's head has too many fields, or one that can't be read")
        if self._status_line is None:
            self._status_line = _status_line(text)
        elif not text:
            self._complete(*self._status_line)
        elif text[0] in _WHITE_SPACE:
            self._continue(text)
        else:
            # Recipients disagree on "Content-Length : 5": to some it is a length (RFC 9112, section 5.1).
            name, colon, value = text.decode("latin-1").partition(":")
            if not colon or FIELD_NAME.fullmatch(name) is None:
                raise HeadRefusedError("a field of the response's head can't be read")
            self._fields.append((name, value.strip(" \t")))
        return self.head

    def _continue(self, text: bytes) -> None:
        # Obsolete line folding (RFC 9112, section 5.2) counts as spaces.
        if not self._fields:
            raise HeadRefusedError("the response's head begins with a continued line")
        name, value = self._fields[-1]
        self._fields[-1] = (name, f"{value} {text.decode('latin-1').strip()}".strip())

    def _complete(self, version: str, status: int) -> None:
        if status > _LAST_INTERIM_STATUS:
            self.head = _framed(ResponseHead(status, Headers(tuple(self._fields)), version))
            return
        if status == _SWITCHING_PROTOCOLS:
            raise HeadRefusedError("the server switches to another protocol, which was not requested")
        self._interim += 1
        if self._interim > MAX_INTERIM_RESPONSES:
            raise HeadRefusedError("interim responses don't end")
        self._size, self._status_line, self._fields = 0, None, []


def _status_line(text: bytes) -> tuple[str, int]:
    match = _STATUS_LINE.match(text)
    if match is None:
        raise HeadRefusedError("the response doesn't begin with a status line")
    return match.group(1).decode(), int(match.group(2))


def _framed(head: ResponseHead) -> ResponseHead:
    # An invalid length must not mean "until the connection closes" (RFC 9112, section 6.3).
    has_length = head.headers.get("Content-Length") is not None
    if has_length and head.content_length is None and not head.transfer_coding:
        raise HeadRefusedError("the response's Content-Length can't be read")
    return head


def excerpt_of(head: ResponseHead, body: bytes) -> str:
    """The printable text of an error's body, without control and invisible characters.

    Args:
        head: The response's head.
        body: Its first bytes.
    """
    text = beginning(body, head.content_coding, most=EXCERPT_BYTES).decode("utf-8", errors="replace")
    return "".join(character for character in text if character.isprintable() or character in "\n\t")
