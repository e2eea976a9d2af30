"""Local files that list downloads: lists of references, and Metalinks.

The caller reads the file. Each entry is then a reference like a typed one, with the file's statements about it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.values.filenames import METALINK_SUFFIXES
from anymatix_fetcher.sources import lists
from anymatix_fetcher.sources.lists import ListEntry

if TYPE_CHECKING:
    from anymatix_fetcher.sources.metalink import MetalinkFile


class ListKind(Enum):
    """The kind of a file that lists downloads."""

    LIST = "list"
    METALINK = "metalink"


def kind_of(name: str, content: bytes) -> ListKind:
    """The kind, by the file's name or its first character: no reference begins with a bracket."""
    is_metalink = name.lower().endswith(METALINK_SUFFIXES) or content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(
        b"<"
    )
    return ListKind.METALINK if is_metalink else ListKind.LIST


def expand(content: bytes, kind: ListKind) -> tuple[ListEntry, ...]:
    """The listed downloads, in order; empty for an empty list.

    Raises:
        ReferenceSyntaxError: The content can't be parsed; the message names the line without quoting it.
    """
    match kind:
        case ListKind.LIST:
            return lists.parse(content)
        case ListKind.METALINK:
            from anymatix_fetcher.sources import metalink  # noqa: PLC0415 - reading XML costs start-up time

            return tuple(_entry(number, file) for number, file in enumerate(metalink.parse(content), start=1))
        case _:
            assert_never(kind)


def _entry(number: int, file: MetalinkFile) -> ListEntry:
    places = tuple(mirror.url.reveal() for mirror in file.mirrors)
    return ListEntry(places, number, file.name, file.folder, file.digests)
