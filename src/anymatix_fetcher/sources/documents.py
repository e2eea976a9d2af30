"""Typed access to JSON documents: a missing field or a wrong type becomes an error message.

A required field that is invalid raises ``UnexpectedAnswerError``; an optional one then counts as absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.errors import UnexpectedAnswerError

if TYPE_CHECKING:
    from anymatix_fetcher.sources.base import Answer


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object sent by ``host``."""

    host: str
    fields: Mapping[str, object] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Answer) -> Document:
        """The object in the response's body.

        Raises:
            UnexpectedAnswerError: The body holds something else.
        """
        return _document(answer.url.host, answer.json())

    @classmethod
    def list_of(cls, answer: Answer) -> tuple[Document, ...]:
        """The objects in the list in the response's body.

        Raises:
            UnexpectedAnswerError: The body holds something else.
        """
        host, value = answer.url.host, answer.json()
        if not isinstance(value, list):
            raise unexpected(host, "a response that isn't a list")
        return tuple(_document(host, item) for item in value)

    def text(self, key: str) -> str:
        """The text at ``key``, required and not empty."""
        return self.optional_text(key) or self._missing(key, "text")

    def optional_text(self, key: str) -> str:
        """The text at ``key``; empty if missing. Lone surrogates, which can't be encoded, are replaced."""
        value = self.fields.get(key)
        return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """The integer at ``key``, required: an id, or a length in bytes."""
        value = self.optional_number(key)
        return self._missing(key, "whole number") if value is None else value

    def optional_number(self, key: str) -> int | None:
        """The integer at ``key``, between 0 and the largest file size; ``None`` if missing."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_LENGTH:
            return None
        return value

    def optional_decimal(self, key: str) -> float | None:
        """The number at ``key``; ``None`` if missing, or out of range for a file size."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_LENGTH:
            return None
        return float(value) if math.isfinite(value) else None

    def is_true(self, key: str) -> bool:
        """Whether the value at ``key`` is ``true``."""
        return self.fields.get(key) is True

    def optional_part(self, key: str) -> Document:
        """The object at ``key``; an empty one if missing."""
        value = self.fields.get(key)
        return Document(self.host, value if isinstance(value, Mapping) else {})

    def items(self, key: str) -> tuple[Document, ...]:
        """The objects in the list at ``key``, required."""
        value = self.fields.get(key)
        if not isinstance(value, list):
            return self._missing(key, "list")
        return tuple(_document(self.host, item) for item in value)

    def optional_texts(self, key: str) -> tuple[str, ...]:
        """The texts in the list at ``key``, or the single text there. Other values are left out."""
        value = self.fields.get(key)
        values = value if isinstance(value, list) else [value]
        return tuple(item.encode("utf-8", "replace").decode() for item in values if isinstance(item, str) and item)

    def optional_digest(self, key: str, algorithm: str) -> Digest | None:
        """The digest at ``key`` in hex, with or without ``ALGORITHM:``; ``None`` if missing."""
        try:
            return Digest.parse(f"{algorithm}:{self.optional_text(key).removeprefix(f'{algorithm}:')}")
        except ValueError:
            return None

    def _missing(self, key: str, kind: str) -> NoReturn:
        raise unexpected(self.host, f"a response without a {kind} in {key!r}")


def unexpected(host: str, what: str) -> UnexpectedAnswerError:
    """The error for an API response that contradicts its documentation."""
    return UnexpectedAnswerError(f"{host} sent {what}", hint="Try again later, or check the endpoint.")


def _document(host: str, value: object) -> Document:
    if not isinstance(value, Mapping):
        raise unexpected(host, "a response that isn't an object")
    return Document(host, value)
