"""Files that stand for downloads: what a list or a Metalink on the user's own disk asks for.

Whoever has read the file gives its content; each entry is then a reference like any that is typed, with what the file
says of it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.filenames import METALINK_SUFFIXES
from anymatix_fetcher.sources import lists
from anymatix_fetcher.sources.lists import Entry

if TYPE_CHECKING:
    from anymatix_fetcher.sources.metalink import MetalinkFile


class Kind(Enum):
    """What a file of downloads is."""

    LIST = "list"
    METALINK = "metalink"


def kind_of(name: str, content: bytes) -> Kind:
    """What the file is: its name says so, else its first character, for no reference begins with a bracket."""
    is_metalink = name.lower().endswith(METALINK_SUFFIXES) or content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(
        b"<"
    )
    return Kind.METALINK if is_metalink else Kind.LIST


def expand(content: bytes, kind: Kind) -> tuple[Entry, ...]:
    """The downloads that the file asks for, in its order; none for an empty list.

    Raises:
        ReferenceSyntaxError: It can't be read; the message says where, and shows nothing of it.
    """
    match kind:
        case Kind.LIST:
            return lists.parse(content)
        case Kind.METALINK:
            from anymatix_fetcher.sources import metalink  # noqa: PLC0415 - reading XML costs start-up time

            return tuple(_entry(number, file) for number, file in enumerate(metalink.parse(content), start=1))
        case _:
            assert_never(kind)


def _entry(number: int, file: MetalinkFile) -> Entry:
    places = tuple(mirror.url.reveal() for mirror in file.mirrors)
    return Entry(places, number, file.name, file.folder, file.digests)
