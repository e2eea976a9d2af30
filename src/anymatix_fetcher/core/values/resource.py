"""What a source made of a reference: where the bytes are, and what is known of them beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.core.values.http import Headers

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.filenames import SafeName
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.refusals import Refused
    from anymatix_fetcher.core.values.urls import Origin, Url
    from anymatix_fetcher.errors import FetchError


class Author(Enum):
    """Who has written a reference, which decides which of the user's credentials it may lead to."""

    USER = "user"
    """It was typed, or given by the program that calls."""
    FILE = "file"
    """It stands in a file that others may have written: a workflow, a list, a lock file, a Metalink, a sidecar."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What one response says of the whole file, beyond what its standard fields do."""

    length: int | None = None
    digests: tuple[Digest, ...] = ()
    commit: str = ""
    """Of which commit of its repository the answer is, where the host says so."""


class Service(Protocol):
    """What is particular about the answers of the host that a resource lives at. Pure."""

    @property
    def name(self) -> str:
        """What results and tables call it: "civitai", "huggingface", ..."""

    def stated(self, head: ResponseHead) -> Stated:
        """What ``head``, the response of the resource's own origin, says of the whole file."""

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        """The error that tells what ``refused`` means at this service; ``None`` where it isn't particular.

        Args:
            refused: The refusal.
            url: Who refused; after a redirect this is another host.
            authorized: Whether credentials were sent along.
        """


@dataclass(frozen=True, slots=True)
class Plain:
    """A web server like any other; implements :class:`Service`."""

    name: str = "direct"

    def stated(self, head: ResponseHead) -> Stated:
        """Implements ``Service.stated``."""
        del head
        return Stated()

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        """Implements ``Service.explain``."""
        del refused, url, authorized
        return None


PLAIN = Plain()


@dataclass(frozen=True, slots=True)
class About:
    """What the source says of a file beside its bytes, for people and for choosing a folder; empty where it doesn't.

    Args:
        title: The model's and version's name.
        type: The source's own word for what it is: "LORA", "Checkpoint", "text-to-image", ...
        base_model: What it is made for: "SDXL 1.0", "Flux.1 D", ...
        licence: The licence's name or address.
        page: Where people read about it.
        trigger_words: What a prompt has to contain.
        document: The source's own description, as its API gives it, in JSON.
    """

    title: str = ""
    type: str = ""
    base_model: str = ""
    licence: str = ""
    page: str = ""
    trigger_words: tuple[str, ...] = ()
    document: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Resource:
    """One file at one place.

    Args:
        url: Where to ask; its origin is the one that credentials belong to.
        name: The file's name as the source or the user states it, safe as a path component.
        length: Bytes of the whole file, where the source states them.
        digests: What the source or the user states; checked always.
        headers: Fields for the origin only: they never go to where it redirects.
        reference: Names the file, without secrets: what an interrupted download is recognised by.
        folder: Where it belongs below the destination folder; for whole repositories.
        mirrors: Other places with the same bytes, the best first.
        author: Who has written the URL: not the user where a document of a server names it.
        mirror_headers: Fields for the origins of mirrors, where the user has named these.
        peers: Servers of one's own that may lend the file, by its SHA-256, the first to be asked first.
        peer_headers: Fields for these, for each at its own origin.
        stays_public: Whether no redirect may lead from a public host to this machine or into its own network.
        login_note: Why no user and password from the netrc file go along; for a 401's hint.
        service: What is particular about its host.
        renewed_by_source: Whether an expired address is renewed by asking the source again; else by walking from
            ``url`` along its redirects.
        about: What people may want to know.
        pinned: A reference that goes on naming the same bytes, where the source knows one without asking further.
        remark: Why its source's digest couldn't be had, after "it is"; of interest where no digest proves the file.
    """

    url: Url
    name: SafeName | None = None
    length: int | None = None
    digests: tuple[Digest, ...] = ()
    headers: Headers = field(default_factory=Headers)
    reference: str = ""
    folder: tuple[SafeName, ...] = ()
    mirrors: tuple[Url, ...] = ()
    author: Author = Author.USER
    mirror_headers: tuple[tuple[Origin, Headers], ...] = ()
    peers: tuple[Url, ...] = ()
    peer_headers: Headers = field(default_factory=Headers)
    stays_public: bool = False
    login_note: str = ""
    service: Service = PLAIN
    renewed_by_source: bool = False
    about: About = field(default_factory=About)
    pinned: str = ""
    remark: str = ""
