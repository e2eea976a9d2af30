"""Whether first bytes match what a response's fields say: a document, or a content coding."""

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
"""Content with a beginning that no coded body has."""


def is_document(first: bytes, length: int | None) -> bool:
    """Whether the bytes are a web page or other text, rather than a mislabelled file."""
    content = recognize(first, length=length)
    return content in DOCUMENTS or (content is Content.UNKNOWN and text_in(first) is not None)


def is_coded(first: bytes, coding: str) -> bool:
    """Whether the bytes may have the content coding ``coding``."""
    beginning = CODED_BEGINNINGS.get(coding)
    return first.startswith(beginning) if beginning is not None else recognize(first) not in _PLAIN
