"""RFC 9110 as values: what requests and responses say, read strictly and never raising on what a server sent.

A field that can't be read is the same as a field that isn't there: ``parse`` functions return ``None``.
The wire's inclusive byte positions exist in :func:`range_header` and :meth:`ContentRange.parse` only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NewType

from anymatix_fetcher.core.values.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.core.values.refusals import Refused
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError

HttpDate = NewType("HttpDate", float)
"""Seconds since 1970-01-01T00:00:00Z, read from one of the date forms of RFC 9110, section 5.6.7."""

MAX_LENGTH = 2**63 - 1
"""No file is longer (``off_t``); a greater number in a field is as good as none."""

MAX_ENTITY_TAG_LENGTH = 1024
"""A longer entity tag is taken as none at all: no server that means well sends one."""

CONTENT_CODINGS = frozenset(
    {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "exi", "pack200-gzip", "dcb", "dcz"}
)
"""The registered ones that change what is sent (https://www.iana.org/assignments/http-parameters)."""

FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header field (RFC 9110, 5.1)."""

_WHITE_SPACE = " \t"
"""What may surround a value (RFC 9110, section 5.6.3); Python's own notion has control characters in it."""

_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_CONTENT_RANGE = re.compile(r"bytes[ \t]+(?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"\d{1,19}", re.ASCII)
_RATE_LIMIT_FIELDS = frozenset({"ratelimit", "ratelimit-remaining", "x-ratelimit-remaining", "ratelimit-reset"})
_RATE_LIMIT_LIST = re.compile(r'(?:[^",]|"[^"]*")+')
_RATE_LIMIT_PARAMETER = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*\"?(\d{1,19})\"?\s*(?=;|$)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in the order of the wire; names compare without case (RFC 9110, section 5.1).

    Values that came over the wire are its bytes, read as ISO-8859-1.
    """

    fields: tuple[tuple[str, str], ...] = ()
    _by_name: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, list[str]] = {}
        for name, value in self.fields:
            by_name.setdefault(name.lower(), []).append(value)
        object.__setattr__(self, "_by_name", by_name)  # a head is asked dozens of things

    @classmethod
    def of(cls, **fields: str) -> Headers:
        """Headers by keyword, ``_`` standing for ``-``: ``Headers.of(content_length="5")``."""
        return cls(tuple((name.replace("_", "-"), value) for name, value in fields.items()))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)

    def __bool__(self) -> bool:
        return bool(self.fields)

    def __repr__(self) -> str:
        # Values may be credentials, and a repr ends up in logs and in assertion messages.
        return f"Headers({', '.join(name for name, _ in self.fields)})"

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether one of these fields, named in lower case, is there: one look where several would be asked for."""
        return not names.isdisjoint(self._by_name)

    def all(self, name: str) -> list[str]:
        """Every value of the field, in order."""
        return list(self._by_name.get(name.lower(), ()))

    def get(self, name: str) -> str | None:
        """The field's value, several joined by commas (RFC 9110, section 5.3); ``None`` where it is absent."""
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
        """The field's value, or ``None`` where it is absent, malformed, contradictory or of another unit."""
        match = _CONTENT_RANGE.fullmatch(text.strip(_WHITE_SPACE)) if text else None
        if match is None:
            return None
        first, last, complete = match.groups()
        total = None if complete == "*" else int(complete)
        if total is not None and total > MAX_LENGTH:
            return None
        if first is None:
            return cls(None, total)
        if int(last) < int(first) or int(last) >= (MAX_LENGTH if total is None else total):
            return None  # "invalid": must not be recombined
        return cls(Span(int(first), int(last) + 1), total)

    @property
    def is_part(self) -> bool:
        """Whether the label is of bytes that aren't stated to be the whole."""
        return self.span is not None and (self.total is None or self.span != Span(0, self.total))


def range_header(span: Span) -> str:
    """The ``Range`` field's value that asks for ``span`` (RFC 9110, section 14.2)."""
    return f"bytes={span.start}-{span.stop - 1}"


@dataclass(frozen=True, slots=True)
class EntityTag:
    """An entity tag (RFC 9110, section 8.8.3)."""

    opaque: str
    weak: bool = False

    @classmethod
    def parse(cls, text: str | None) -> EntityTag | None:
        """The tag, or ``None`` where it is absent or absurdly long.

        A malformed one (some servers leave out the quotes) and an empty one count as weak: they tell that content has
        changed, but prove nothing and are never sent.
        """
        text = text.strip(_WHITE_SPACE) if text else ""
        if not text or len(text) > MAX_ENTITY_TAG_LENGTH:
            return None
        match = _ENTITY_TAG.fullmatch(text)
        if match is None:
            return cls(text, weak=True)
        return cls(match.group(2), weak=match.group(1) is not None or not match.group(2))

    def __str__(self) -> str:
        return f'{"W/" if self.weak else ""}"{self.opaque}"'


@dataclass(frozen=True, slots=True)
class Validator:
    """What a response says of its representation's identity (RFC 9110, section 8.8).

    ``etag`` is the field verbatim where it parses; ``modified`` is the ``Last-Modified`` field verbatim, for dates are
    compared by exact match; ``modified_is_strong`` tells whether it lies at least a second before ``Date`` (section
    8.8.2.2).
    """

    etag: EntityTag | None = None
    modified: str | None = None
    modified_is_strong: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Validator:
        """The validator that these response headers carry."""
        modified, date = parse_date(headers.get("Last-Modified")), parse_date(headers.get("Date"))
        return cls(
            etag=EntityTag.parse(headers.get("ETag")),
            modified=headers.get("Last-Modified") if modified is not None else None,
            modified_is_strong=modified is not None and date is not None and date >= modified + 1,
        )

    @property
    def if_range(self) -> str | None:
        """What may be sent in ``If-Range``: a strong tag, or a strong date where there is no tag at all."""
        if self.etag is not None:
            return None if self.etag.weak else str(self.etag)
        return self.modified if self.modified_is_strong else None

    def contradicts(self, other: Validator) -> bool:
        """Whether the two can't belong to one representation.

        Entity tags decide where both have one, weak ones too: a weak tag that differs says that the content
        does. Dates decide only where a tag is missing on either side. What only one side says decides nothing.
        """
        if self.etag is not None and other.etag is not None:
            return self.etag != other.etag
        if self.modified is not None and other.modified is not None:
            return self.modified != other.modified
        return False

    def completed_by(self, other: Validator) -> Validator:
        """This one, and where it says nothing what ``other`` says of the same representation."""
        return Validator(
            etag=self.etag or other.etag,
            modified=self.modified or other.modified,
            modified_is_strong=self.modified_is_strong if self.modified else other.modified_is_strong,
        )

    def proves_same(self, other: Validator) -> bool:
        """Whether the two surely belong to one representation: equal and strong (RFC 9110, section 8.8.1)."""
        return self.if_range is not None and self.if_range == other.if_range


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the ``RateLimit`` field says: ``remaining`` requests, and seconds until the quota is restored."""

    remaining: int | None
    reset_seconds: float | None

    @classmethod
    def parse(cls, headers: Headers) -> RateLimit | None:
        """The tightest quota that ``RateLimit`` states, in any of the forms that its drafts went through.

        They are ``"name";r=0;t=55`` (a list of them: one for each policy), ``limit=100, remaining=0, reset=55``, and
        ``RateLimit-Remaining`` with ``RateLimit-Reset``. ``X-RateLimit-Reset`` isn't read: for some it is a date.
        """
        if not headers.has_any(_RATE_LIMIT_FIELDS):
            return None
        text = headers.get("RateLimit")
        if text is None:
            found = [
                cls(
                    _whole_number(headers.get("RateLimit-Remaining") or headers.get("X-RateLimit-Remaining")),
                    _seconds(headers.get("RateLimit-Reset")),
                )
            ]
        else:
            items = [_rate_limit_parameters(item.strip(_WHITE_SPACE)) for item in _RATE_LIMIT_LIST.findall(text)]
            if any("remaining" in item for item in items):
                items = [{name: value for item in items for name, value in item.items()}]
            found = [
                cls(_whole_number(item.get("r", item.get("remaining"))), _seconds(item.get("t", item.get("reset"))))
                for item in items
            ]
        return min((quota for quota in found if quota != cls(None, None)), key=_tightness, default=None)


@dataclass(frozen=True, slots=True)
class Request:
    """A GET for a resource, or for one span of it.

    ``headers`` are complete but for what the transport's own connection needs (``Host``, proxy fields);
    ``fresh_connection`` asks for a connection that hasn't served anything before; ``http1_only`` keeps to HTTP/1.1
    where newer versions have failed; ``shared_connection`` is the number of a connection that is shared with other
    requests of the same number, ``None`` for one of its own; ``most`` is how much of the body is wanted where that is
    less than all; ``explained`` is what the service that is asked means by a refusal, where it means anything
    particular; ``tries`` is how often it is sent at most where it comes to nothing, ``None`` for as often as is usual.
    """

    url: Url
    span: Span | None = None
    headers: Headers = field(default_factory=Headers)
    fresh_connection: bool = False
    http1_only: bool = False
    shared_connection: int | None = None
    most: int | None = None
    tries: int | None = field(default=None, compare=False)
    explained: Callable[[Refused, Request], FetchError | None] | None = field(default=None, compare=False, repr=False)

    @property
    def wire_headers(self) -> Iterator[tuple[str, str]]:
        """Every field to send: the span's ``Range`` first, then ``headers``."""
        if self.span is not None:
            yield "Range", range_header(self.span)
        yield from self.headers


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """A final response's status line and header section; interim (1xx) responses never get this far.

    ``http_version`` is "1.0", "1.1", "2" or "3".
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    http_version: str = "1.1"

    @property
    def content_length(self) -> int | None:
        """The ``Content-Length``; ``None`` where it is absent, malformed, or values disagree (section 8.6)."""
        text = self.headers.get("Content-Length")
        if text is not None and "," in text:
            values = {value.strip(_WHITE_SPACE) for value in text.split(",")}
            text = values.pop() if len(values) == 1 else None
        length = _whole_number(text)
        return length if length is not None and length <= MAX_LENGTH else None

    @property
    def transfer_coding(self) -> str:
        """The transfer codings in lower case; empty for none, and for ``identity``, which RFC 2616 still had."""
        stated = (self.headers.get("Transfer-Encoding") or "").lower().split(",")
        codings = (member.strip(_WHITE_SPACE) for member in stated)
        return ", ".join(coding for coding in codings if coding not in ("", "identity"))

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks; that wins over a ``Content-Length`` beside it (RFC 9112, section 6.3)."""
        return "chunked" in self.transfer_coding

    @property
    def body_length(self) -> int | None:
        """Bytes of the body; ``None`` where only its last chunk or the connection's end will tell."""
        return None if self.is_chunked else self.content_length

    @property
    def content_range(self) -> ContentRange | None:
        """The ``Content-Range``, where it can be read."""
        return ContentRange.parse(self.headers.get("Content-Range"))

    @property
    def complete_length(self) -> int | None:
        """Bytes of the whole file, as a successful answer states them: in a part's label, else as its own length."""
        labelled = self.content_range
        return labelled.total if labelled is not None else self.body_length

    @property
    def validator(self) -> Validator:
        """What the response says of its representation's identity."""
        return Validator.of(self.headers)

    @property
    def media_type(self) -> str:
        """The media type in lower case without parameters; empty where there is none (section 8.3)."""
        return (self.headers.get("Content-Type") or "").split(";")[0].strip(_WHITE_SPACE).lower()

    @property
    def content_coding(self) -> str:
        """The content codings in lower case, as they were applied; empty where there is none (section 8.4).

        What isn't registered as one codes nothing: stores keep the framing of uploads there (``aws-chunked``), programs
        a charset or the word "none".
        """
        stated = (self.headers.get("Content-Encoding") or "").lower().split(",")
        return ", ".join(coding for member in stated if (coding := member.strip(_WHITE_SPACE)) in CONTENT_CODINGS)

    def retry_after_seconds(self) -> float | None:
        """How long ``Retry-After`` asks to wait (section 10.2.3), a date taken against the response's own ``Date``."""
        text = self.headers.get("Retry-After")
        if text is None:
            return None
        seconds = _seconds(text)
        if seconds is not None:
            return seconds
        until, date = parse_date(text), parse_date(self.headers.get("Date"))
        return max(0.0, until - date) if until is not None and date is not None else None


@lru_cache(maxsize=64)
def parse_date(text: str | None) -> HttpDate | None:
    """A date of RFC 9110, section 5.6.7, in any of its three forms; ``None`` where it is absent or malformed."""
    if not text:
        return None
    from datetime import UTC  # noqa: PLC0415 - costs start-up time, needed by few runs
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - as above

    try:
        date = parsedate_to_datetime(text)
        # The asctime form names no zone and means UTC; left alone, it would be taken as this machine's time.
        return HttpDate((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _whole_number(text: str | None) -> int | None:
    match = _DIGITS.fullmatch(text.strip(_WHITE_SPACE)) if text is not None else None
    return int(match.group()) if match else None


def _seconds(text: str | None) -> float | None:
    number = _whole_number(text)
    return None if number is None else float(number)


def _rate_limit_parameters(item: str) -> dict[str, str]:
    return {name.lower(): number for name, number in _RATE_LIMIT_PARAMETER.findall(item)}


def _tightness(quota: RateLimit) -> tuple[float, float]:
    remaining = float("inf") if quota.remaining is None else quota.remaining
    return remaining, -(quota.reset_seconds or 0.0)
