"""Files that stand for downloads: what a list or a Metalink on the user's own disk asks for.

Whoever has read the file gives its content; each entry is then a reference like any that is typed, with what the file
says of it.
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
    """What a file of downloads is."""

    LIST = "list"
    METALINK = "metalink"


def kind_of(name: str, content: bytes) -> ListKind:
    """What the file is: its name says so, else its first character, for no reference begins with a bracket."""
    is_metalink = name.lower().endswith(METALINK_SUFFIXES) or content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(
        b"<"
    )
    return ListKind.METALINK if is_metalink else ListKind.LIST


def expand(content: bytes, kind: ListKind) -> tuple[ListEntry, ...]:
    """The downloads that the file asks for, in its order; none for an empty list.

    Raises:
        ReferenceSyntaxError: It can't be read; the message says where, and shows nothing of it.
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
