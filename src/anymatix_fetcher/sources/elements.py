"""A safe subset of XML: a tree of elements, without document types, limited in size and depth.

A document type is refused as soon as it begins, so there are no entities to expand and no external resources to load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 32
MAX_ELEMENTS = 1_000_000


@dataclass(slots=True)
class Element:
    """An element: namespace, local name, attributes without a namespace, and content."""

    namespace: str
    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text without its children's, stripped."""
        return "".join(self.texts).strip()

    def all(self, name: str) -> Iterator[Element]:
        """The children with this name in the element's own namespace; others are extensions."""
        return (child for child in self.children if child.name == name and child.namespace == self.namespace)

    def first(self, name: str) -> Element | None:
        """The first element of :meth:`all`."""
        return next(self.all(name), None)


def parse(content: bytes) -> Element:
    """The root element of the document.

    Raises:
        ValueError: The document isn't well-formed, has a document type, or is too deep or too large; the message is a
            clause.
    """
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(content, True)  # noqa: FBT003 - its only form
    except expat.ExpatError as error:
        raise ValueError(f"it isn't well-formed XML (line {error.lineno})") from None
    except LookupError:
        raise ValueError("it is in an unknown encoding") from None
    if builder.root is None:
        raise ValueError("it is empty")
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        element = Element(namespace, local, attributes)
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) == MAX_DEPTH:
            raise ValueError("it is too large or too deep")
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def _refuse_document_type(*_: object) -> None:
    raise ValueError("it declares a document type, which may hide anything")
