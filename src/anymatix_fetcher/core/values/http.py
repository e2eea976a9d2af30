"""HTTP messages as values (RFC 9110). Parsing is strict, and never raises for what a server has sent.

A malformed field counts as absent: ``parse`` functions return ``None``. The wire's inclusive byte positions exist in
:func:`range_header` and :meth:`ContentRange.parse` only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NewType

from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.core.values.refusals import Refusal
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError

HttpDate = NewType("HttpDate", float)
"""Seconds since 1970-01-01T00:00:00Z, parsed from a date of RFC 9110, section 5.6.7."""

MAX_LENGTH = 2**63 - 1
"""The limit on file sizes (``off_t``). A field with a greater number counts as absent."""

CONTENT_CODINGS = frozenset(
    {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "exi", "pack200-gzip", "dcb", "dcz"}
)
"""The registered codings that change the content (https://www.iana.org/assignments/http-parameters)."""

FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header field (RFC 9110, 5.1)."""

WHITE_SPACE = " \t"
"""The white space around values (RFC 9110, section 5.6.3); Python's notion includes control characters."""

_CONTENT_RANGE = re.compile(r"bytes[ \t]+(?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"\d{1,19}", re.ASCII)
_MANY_DIGITS = re.compile(r"\d{1,300}", re.ASCII)
"""Of seconds: a wait of any length is one that was stated."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in their order on the wire; names are case-insensitive (RFC 9110, section 5.1).

    Values from the wire are its bytes, decoded as ISO-8859-1.
    """

    fields: tuple[tuple[str, str], ...] = ()
    _by_name: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, list[str]] = {}
        for name, value in self.fields:
            by_name.setdefault(name.lower(), []).append(value)
        object.__setattr__(self, "_by_name", by_name)  # because each head is searched dozens of times

    @classmethod
    def of(cls, **fields: str) -> Headers:
        """Headers from keywords, with ``_`` for ``-``: ``Headers.of(content_length="5")``."""
        return cls(tuple((name.replace("_", "-"), value) for name, value in fields.items()))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)

    def __bool__(self) -> bool:
        return bool(self.fields)

    def __repr__(self) -> str:
        # Values may be credentials, and a repr may appear in logs and assertion messages.
        return f"Headers({', '.join(name for name, _ in self.fields)})"

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether one of these fields, named in lower case, is present: one lookup instead of several."""
        return not names.isdisjoint(self._by_name)

    def all(self, name: str) -> list[str]:
        """Every value of the field, in order."""
        return list(self._by_name.get(name.lower(), ()))

    def get(self, name: str) -> str | None:
        """The field's value, joined by commas if repeated (RFC 9110, section 5.3); ``None`` if it is absent."""
        values = self._by_name.get(name.lower())
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class ContentRange:
    """A ``Content-Range`` field of unit bytes (RFC 9110, section 14.4).

    ``span`` is ``None`` in the unsatisfied form ``bytes */N``; ``total`` is ``None`` where the server said ``*``.
    """

    span: Span | None
    total: int | None

    @classmethod
    def parse(cls, text: str | None) -> ContentRange | None:
        """Parses the field; ``None`` if it is absent, malformed, contradictory or of another unit."""
        match = _CONTENT_RANGE.fullmatch(text.strip(WHITE_SPACE)) if text else None
        if match is None:
            return None
        first, last, complete = match.groups()
        total = None if complete == "*" else int(complete)
        if total is not None and total > MAX_LENGTH:
            return None
        if first is None:
            return cls(None, total)
        if int(last) < int(first) or int(last) >= (MAX_LENGTH if total is None else total):
            return None  # invalid, and must not be recombined
        return cls(Span(int(first), int(last) + 1), total)

    @property
    def is_part(self) -> bool:
        """Whether the bytes aren't stated to be the whole."""
        return self.span is not None and (self.total is None or self.span != Span(0, self.total))


def range_header(span: Span) -> str:
    """The ``Range`` field's value that asks for ``span`` (RFC 9110, section 14.2)."""
    return f"bytes={span.start}-{span.stop - 1}"


@dataclass(frozen=True, slots=True)
class Request:
    """A GET for a resource, or for one span of it.

    ``headers`` are complete except for the fields of the connection (``Host``, proxy fields). ``fresh_connection``
    requires an unused connection. ``http1_only`` avoids newer versions after a failure. ``parallel`` tells that other
    requests for the file are in progress at the same place, each on its own connection: there HTTP/2 only costs time.
    ``shared_connection`` is the number of a connection that several requests share, ``None`` for one of its own.
    ``most`` limits the bytes wanted of the body. ``public_only`` allows only connections to public addresses (a proxy's
    own address is the operator's word). ``explained`` returns the service's own meaning of a refusal, if it has one.
    ``tries`` limits the attempts, ``None`` for the usual number.
    """

    url: Url
    span: Span | None = None
    headers: Headers = field(default_factory=Headers)
    fresh_connection: bool = False
    http1_only: bool = False
    parallel: bool = False
    shared_connection: int | None = None
    most: int | None = None
    public_only: bool = False
    tries: int | None = field(default=None, compare=False)
    explained: Callable[[Refused, Request], FetchError | None] | None = field(default=None, compare=False, repr=False)

    @property
    def wire_headers(self) -> Iterator[tuple[str, str]]:
        """Every field to send: ``Range`` for the span, then ``headers``."""
        if self.span is not None:
            yield "Range", range_header(self.span)
        yield from self.headers


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """A final response's status line and header section, without interim (1xx) responses.

    ``http_version`` is "1.0", "1.1", "2" or "3".
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    http_version: str = "1.1"

    @property
    def content_length(self) -> int | None:
        """The ``Content-Length``; ``None`` if it is absent, malformed, or has several values (section 8.6)."""
        text = self.headers.get("Content-Length")
        if text is not None and "," in text:
            values = {value.strip(WHITE_SPACE) for value in text.split(",")}
            text = values.pop() if len(values) == 1 else None
        length = whole_number(text)
        return length if length is not None and length <= MAX_LENGTH else None

    @property
    def transfer_coding(self) -> str:
        """The transfer codings in lower case; empty for none, and for ``identity`` of RFC 2616."""
        stated = (self.headers.get("Transfer-Encoding") or "").lower().split(",")
        codings = (member.strip(WHITE_SPACE) for member in stated)
        return ", ".join(coding for coding in codings if coding not in ("", "identity"))

    @property
    def is_chunked(self) -> bool:
        """Whether the body is chunked, which overrides a ``Content-Length`` (RFC 9112, section 6.3)."""
        return "chunked" in self.transfer_coding

    @property
    def body_length(self) -> int | None:
        """The body's length; ``None`` if only its last chunk or the connection's end determines it."""
        return None if self.is_chunked else self.content_length

    @property
    def content_range(self) -> ContentRange | None:
        """The ``Content-Range``, if it is valid."""
        return ContentRange.parse(self.headers.get("Content-Range"))

    @property
    def complete_length(self) -> int | None:
        """The whole file's length in a successful response: from ``Content-Range``, otherwise the body's."""
        labelled = self.content_range
        return labelled.total if labelled is not None else self.body_length

    @property
    def media_type(self) -> str:
        """The media type in lower case without parameters; empty if there is none (section 8.3)."""
        return (self.headers.get("Content-Type") or "").split(";")[0].strip(WHITE_SPACE).lower()

    @property
    def content_coding(self) -> str:
        """The content codings in lower case, in the order of their application; empty if there are none (section 8.4).

        Unregistered values are ignored: stores put the framing of uploads there (``aws-chunked``), other programs a
        charset or the word "none".
        """
        stated = (self.headers.get("Content-Encoding") or "").lower().split(",")
        return ", ".join(coding for member in stated if (coding := member.strip(WHITE_SPACE)) in CONTENT_CODINGS)

    def retry_after_seconds(self) -> float | None:
        """The wait that ``Retry-After`` states (section 10.2.3); a date is relative to the response's own ``Date``."""
        text = self.headers.get("Retry-After")
        if text is None:
            return None
        stated = seconds_in(text)
        if stated is not None:
            return stated
        until, date = parse_date(text), parse_date(self.headers.get("Date"))
        return max(0.0, until - date) if until is not None and date is not None else None


@dataclass(frozen=True, slots=True)
class Refused:
    """The response's body is refused.

    ``sentence`` says what the server did, without secrets; ``length`` is the complete length in a 416; ``headers`` and
    ``excerpt`` are the response's own, which may contain secrets.
    """

    kind: Refusal
    sentence: str
    status: int
    retry_after_seconds: float | None = None
    length: int | None = None
    headers: Headers = field(default_factory=Headers, repr=False)
    excerpt: str = field(default="", repr=False)


@lru_cache(maxsize=64)
def parse_date(text: str | None) -> HttpDate | None:
    """Parses a date in any of the three forms of RFC 9110, section 5.6.7; ``None`` if it is absent or malformed."""
    if not text:
        return None
    from datetime import UTC  # noqa: PLC0415 - costs start-up time, seldom needed
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - as above

    try:
        date = parsedate_to_datetime(text)
        # The asctime form has no zone and means UTC; otherwise it would be taken for local time.
        return HttpDate((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def whole_number(text: str | None) -> int | None:
    """A field value that is a number of at most 19 digits; ``None`` for others."""
    match = _DIGITS.fullmatch(text.strip(WHITE_SPACE)) if text is not None else None
    return int(match.group()) if match else None


def seconds_in(text: str | None) -> float | None:
    """A field value that is a number of seconds; ``None`` for others."""
    match = _MANY_DIGITS.fullmatch(text.strip(WHITE_SPACE)) if text is not None else None
    return float(match.group()) if match else None
