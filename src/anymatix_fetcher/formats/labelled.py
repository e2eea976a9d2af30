"""Whether first bytes are what a head's label says of them: a document, or something coded."""

from __future__ import annotations

from anymatix_fetcher.core.answers.beginnings import CODED_BEGINNINGS
from anymatix_fetcher.formats.content import DOCUMENTS, Content, recognize
from anymatix_fetcher.formats.documents import text_in

_PLAIN = frozenset(
    {
        *(Content.SAFETENSORS, Content.GGUF, Content.ZIP, Content.PICKLE),
        *(Content.NUMPY, Content.HDF5, Content.TAR),
    }
)
"""Beginnings that nothing coded has."""


def is_document(first: bytes, length: int | None) -> bool:
    """Whether the bytes are a page, or any other text, and not a file that was called so by mistake."""
    content = recognize(first, length=length)
    return content in DOCUMENTS or (content is Content.UNKNOWN and text_in(first) is not None)


def is_coded(first: bytes, coding: str) -> bool:
    """Whether the bytes may have been coded as ``coding`` says: not where they begin as no such body does."""
    beginning = CODED_BEGINNINGS.get(coding)
    return first.startswith(beginning) if beginning is not None else recognize(first) not in _PLAIN
