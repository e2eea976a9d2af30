"""Validators: what proves two responses to be of the same representation (RFC 9110, section 8.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import WHITE_SPACE, parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Headers

MAX_ENTITY_TAG_LENGTH = 1024
"""A longer entity tag counts as absent."""

_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


@dataclass(frozen=True, slots=True)
class EntityTag:
    """An entity tag (RFC 9110, section 8.8.3)."""

    opaque: str
    weak: bool = False

    @classmethod
    def parse(cls, text: str | None) -> EntityTag | None:
        """Parses the tag; ``None`` if it is absent or too long.

        A malformed tag (some servers omit the quotes) and an empty one count as weak: they reveal changes, but prove
        nothing and are never sent.
        """
        text = text.strip(WHITE_SPACE) if text else ""
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
    """What a response states about its representation's identity (RFC 9110, section 8.8).

    ``etag`` is the parsed ``ETag``. ``modified`` is the ``Last-Modified`` field verbatim, because dates are compared
    for equality; ``modified_is_strong`` tells whether it is at least a second before ``Date`` (section 8.8.2.2).
    """

    etag: EntityTag | None = None
    modified: str | None = None
    modified_is_strong: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Validator:
        """The validator in these response headers."""
        modified, date = parse_date(headers.get("Last-Modified")), parse_date(headers.get("Date"))
        return cls(
            etag=EntityTag.parse(headers.get("ETag")),
            modified=headers.get("Last-Modified") if modified is not None else None,
            modified_is_strong=modified is not None and date is not None and date >= modified + 1,
        )

    @property
    def if_range(self) -> str | None:
        """The value for ``If-Range``: a strong tag, or a strong date if there is no tag at all."""
        if self.etag is not None:
            return None if self.etag.weak else str(self.etag)
        return self.modified if self.modified_is_strong else None

    def contradicts(self, other: Validator) -> bool:
        """Whether the two can't belong to one representation.

        If both have entity tags, these decide, even weak ones: different weak tags mean different content. Otherwise
        dates decide. What only one of them states decides nothing.
        """
        if self.etag is not None and other.etag is not None:
            return self.etag != other.etag
        if self.modified is not None and other.modified is not None:
            return self.modified != other.modified
        return False

    def completed_by(self, other: Validator) -> Validator:
        """This validator, completed by what ``other`` states about the same representation."""
        return Validator(
            etag=self.etag or other.etag,
            modified=self.modified or other.modified,
            modified_is_strong=self.modified_is_strong if self.modified else other.modified_is_strong,
        )

    def proves_same(self, other: Validator) -> bool:
        """Whether the two certainly belong to one representation: equal and strong (RFC 9110, section 8.8.1)."""
        return self.if_range is not None and self.if_range == other.if_range
