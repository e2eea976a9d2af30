"""A resolved reference: the URL of the file, and what is known about it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.core.values.http import Headers

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.filenames import SafeName
    from anymatix_fetcher.core.values.http import Refused, ResponseHead
    from anymatix_fetcher.core.values.urls import Origin, Url
    from anymatix_fetcher.errors import FetchError


class Author(Enum):
    """The author of a reference, who decides which of the user's credentials may be sent."""

    USER = "user"
    """The user typed it, or the calling program passed it."""
    FILE = "file"
    """It is in a file that others may have written: a workflow, a list, a lock file, a Metalink, a sidecar."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What one response states about the whole file, in addition to its standard fields."""

    length: int | None = None
    digests: tuple[Digest, ...] = ()
    commit: str = ""
    """The commit of the repository that the response is from, if the host states it."""


class Service(Protocol):
    """The particularities of a host's responses. Pure."""

    @property
    def name(self) -> str:
        """Its name in results and tables: "civitai", "huggingface", ..."""

    def stated(self, head: ResponseHead) -> Stated:
        """What ``head``, a response of the resource's own origin, states about the whole file."""

    def explain(self, refused: Refused, url: Url, *, authorized: bool) -> FetchError | None:
        """The error that explains ``refused`` in the service's terms; ``None`` for the general explanation.

        Args:
            refused: The refusal.
            url: The URL that refused; after a redirect, it belongs to another host.
            authorized: Whether credentials were sent.
        """


@dataclass(frozen=True, slots=True)
class Plain:
    """An ordinary web server; implements :class:`Service`."""

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
    """The source's description of a file, for people and for choosing a folder; unknown facts are empty.

    Args:
        title: The names of model and version.
        type: The source's own word for the type: "LORA", "Checkpoint", "text-to-image", ...
        base_model: The base model: "SDXL 1.0", "Flux.1 D", ...
        licence: The licence's name or URL.
        page: The URL of its web page.
        trigger_words: The trigger words for prompts.
        document: The source's own description, as JSON from its API.
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
    """One file with its URLs.

    Args:
        url: The URL to request; credentials belong to its origin.
        name: The file's name, stated by the source or the user, as a safe path component.
        length: The file's length in bytes, if the source states it.
        digests: The digests that the source or the user states, which are always verified.
        headers: Fields for the origin only, which are never sent to redirect targets.
        reference: The reference without secrets, by which an interrupted download is recognized.
        folder: The subfolders of a repository's file below the destination folder.
        mirrors: Other URLs of the same file, the best first.
        author: The author of the URL; not the user if a server's document states it.
        mirror_headers: Fields for the origins of mirrors that the user has named.
        peers: Servers of the user that may have the file by its SHA-256, in the order of preference.
        peer_headers: Fields for the peers, each at its own origin.
        stays_public: Whether redirects from a public host to this machine or its own network are refused.
        public_only: Whether only connections to public addresses are allowed, whatever a name resolves to.
        login_note: Why user and password from the netrc file aren't sent, for the hint of a 401.
        service: The particularities of its host.
        renewed_by_source: Whether an expired URL is renewed by the source; otherwise by following the redirects of
            ``url`` again.
        about: The source's description.
        pinned: A reference that will always mean the same bytes, if the source knows one without further requests.
        remark: Why the source's digest isn't known, as it follows "it is"; shown if no digest verifies the file.
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
    public_only: bool = False
    login_note: str = ""
    service: Service = PLAIN
    renewed_by_source: bool = False
    about: About = field(default_factory=About)
    pinned: str = ""
    remark: str = ""
