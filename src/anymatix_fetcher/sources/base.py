"""The interface of sources: a pure generator that turns a reference into resources.

It yields requests and receives responses, so that a test can feed it by hand and a caller can use any transport::

    def resolve(wish, environment):
        answer = yield from ask(Request(url, headers=...))
        return (Resource(...),)

Network failures and exhausted retries are thrown into it as ``FetchError``. It interprets status codes itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from anymatix_fetcher.core.answers.judge import REDIRECTS, Known, Redirected, judge
from anymatix_fetcher.core.values.cookies import Cookies
from anymatix_fetcher.core.values.credentials import basic_authorization, bearer_authorization
from anymatix_fetcher.core.values.http import Headers, Refused, Request
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError, UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.filenames import SafeName
    from anymatix_fetcher.core.values.http import ResponseHead
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.sources.accounts import Account

MAX_DOCUMENT_BYTES = 32 << 20
"""The size limit of a response to a source's own request."""
MAX_HOPS = 5

_TRAVELLING_FIELDS = frozenset({"accept"})
"""The request fields that are sent on to another origin. Any other field may come from the user, and be a secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a source's own request.

    Args:
        url: The URL that responded: the request's, or the last redirect's target.
        head: Status and fields.
        body: The whole body; of an error (400 and above) its first kilobytes.
    """

    url: Url
    head: ResponseHead
    body: bytes = b""

    @property
    def status(self) -> int:
        """The status code."""
        return self.head.status

    @property
    def text(self) -> str:
        """The body as text. Bytes that aren't UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        """The body as JSON.

        Raises:
            UnexpectedAnswerError: It isn't JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise UnexpectedAnswerError(
                f"{self.url.host} sent a response that isn't JSON",
                hint="Try again later, or check the endpoint.",
            ) from None


Resolving: TypeAlias = "Generator[Request, Answer, tuple[Resource, ...]]"
"""A resolution in progress. It returns one resource, or several for a whole repository or a list."""

Asking: TypeAlias = "Generator[Request, Answer, Answer]"
"""A request in progress."""


class Secret:
    """A token. Its text is only available by an explicit call, so that it isn't printed by accident."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The token's text, for header fields only; never to be printed or stored."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(...)"


class Sign(Protocol):
    """Signs URLs. It is passed in, because a signature needs credentials and the time."""

    def __call__(self, url: Url, headers: Headers, region: str) -> Url:
        """The URL with a signature in its query.

        Args:
            url: The object's URL, without a query.
            headers: The request's fields, which are part of the signature.
            region: The object's region.

        Raises:
            FetchError: The URL can't be signed; the hint says what is missing.
        """


class Logins(Protocol):
    """Users and passwords by host, as in a netrc file."""

    @property
    def place(self) -> str:
        """The file's name for messages: "~/.netrc"."""

    def of(self, host: str) -> tuple[str, str] | None:
        """User and password for the host; ``None`` if there is no entry with its name."""

    def default(self) -> tuple[str, str] | None:
        """User and password for all other hosts; ``None`` if there is no such entry."""

    def lack(self, host: str) -> str:
        """Why there is no entry for the host, as a sentence for a hint; empty if there are no entries at all."""


class NoLogins:
    """An empty set of logins; implements :class:`Logins`."""

    place = "~/.netrc"

    def of(self, host: str) -> tuple[str, str] | None:
        """Implements ``Logins.of``."""
        del host
        return None

    def default(self) -> tuple[str, str] | None:
        """Implements ``Logins.default``."""
        return None

    def lack(self, host: str) -> str:
        """Implements ``Logins.lack``."""
        del host
        return ""


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings that all references of a run share.

    Args:
        endpoints: The base URLs that replace those of services, by the service's name, without a trailing slash:
            "civitai", "huggingface", "github", "github_api", "modelscope", ...
        tokens: Tokens by the service's name, and for other servers by the serialized origin
            ("https://models.example.com"): a host may have the name of a service, and other ports.
        region: The first S3 region to ask; empty for the default.
        sign: Adds the user's signature to an S3 URL; ``None`` without credentials.
        logins: Users and passwords by host.
        peers: Servers of one's own that may lend files.
        peer_headers: Fields for these.
        allows_private: Whether what others have written may lead into the machine's own network.
    """

    endpoints: Mapping[str, Url] = field(default_factory=dict)
    tokens: Mapping[str, Secret] = field(default_factory=dict)
    region: str = ""
    sign: Sign | None = None
    logins: Logins = field(default_factory=NoLogins)
    peers: tuple[Url, ...] = ()
    peer_headers: Headers = field(default_factory=Headers)
    allows_private: bool = False

    def site(self, service: str, default: str) -> str:
        """The base URL of ``service`` without a trailing slash: its endpoint, or ``default``.

        It doesn't include an endpoint's user and password, because URLs are shown and stored; :meth:`login` returns
        them.
        """
        endpoint = self.endpoints.get(service)
        return endpoint.without_credentials().reveal().rstrip("/") if endpoint else default

    def asked(self, account: Account) -> tuple[Origin, ...]:
        """The origins of the service, each once. Its token is sent to no others."""
        sites = (self.site(name, site) for name, site in account.asked)
        return tuple(dict.fromkeys(Url.parse(site).origin for site in sites))

    def kept_for(self, url: Url) -> Headers:
        """The ``Authorization`` field with the token stored for the URL's origin; empty for plain http.

        Raises:
            ReferenceSyntaxError: The token has invalid characters.
        """
        token = self.tokens.get(str(url.origin)) if url.origin.scheme == "https" else None
        try:
            return bearer_authorization(token.reveal()) if token is not None else Headers()
        except ValueError as reason:
            raise ReferenceSyntaxError(
                f"{url.host}: {reason}", hint=f"Store another one with `anyfetch login {url.host}`."
            ) from None

    def headers_for(self, url: Url, wish: Wish) -> Headers:
        """The fields for a server that no source knows: the user's, and the credentials stored for its origin.

        Those are a token, or else a login. Neither is sent beside an ``Authorization`` field or a password in the URL.
        """
        if url.credentials is not None or wish.headers.get("Authorization") is not None:
            return wish.headers
        return Headers((*wish.headers, *(self.kept_for(url) or self.login(url, with_default=wish.is_typed_url))))

    def login(self, url: Url, *, with_default: bool = False) -> Headers:
        """The ``Authorization`` field with the user and password for the URL's host.

        They come from the endpoint, or else from the netrc file; its entries aren't sent over plain http.

        Args:
            url: The request's URL.
            with_default: Whether the netrc file's ``default`` entry is used: only for a URL that the user typed.
        """
        own = (one.credentials for one in self.endpoints.values() if one.origin == url.origin)
        endpoints_own = next(filter(None, own), None)
        if endpoints_own is not None:
            return basic_authorization(*endpoints_own)
        if not url.origin.is_confidential:
            return Headers()
        found = self.logins.of(url.host) or (self.logins.default() if with_default else None)
        return basic_authorization(*found) if found else Headers()

    def login_note(self, url: Url, service: str) -> str:
        """Why no credentials are sent to a host that asks for them, as a sentence for a hint; may be empty.

        Args:
            url: The request's URL.
            service: The service that the file belongs to.
        """
        endpoint = self.endpoints.get(service)
        at_endpoint = endpoint is not None and endpoint.origin == url.origin
        if at_endpoint and not url.origin.is_confidential and service in self.tokens:
            return f"A token is set, but not sent to {url.host} over plain http: use an endpoint with https."
        if not url.origin.is_confidential and self.logins.of(url.host) is not None:
            return (
                f"{self.logins.place} has an entry for {url.host}, which isn't sent over plain http: use https, "
                "or put it into the URL."
            )
        return self.logins.lack(url.host)


@dataclass(frozen=True, slots=True)
class Wish:
    """The user's request.

    Args:
        reference: The reference as it was typed.
        name: The file's name, if the user chose one.
        digests: The expected digests.
        headers: Fields for the reference's own origin.
        include: Globs of paths within a repository; empty for all.
        exclude: Globs of paths to leave out.
        mirrors: Other URLs that the user named.
        author: Who wrote the reference and the mirrors.
    """

    reference: str = field(repr=False)
    name: SafeName | None = None
    digests: tuple[Digest, ...] = ()
    headers: Headers = field(default_factory=Headers)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mirrors: tuple[Url, ...] = ()
    author: Author = Author.USER

    @property
    def is_typed_url(self) -> bool:
        """Whether the user typed the URL itself, rather than a service's short form."""
        return self.author is Author.USER and self.reference.strip().lower().startswith(("http://", "https://"))


class Source(Protocol):
    """One kind of origin."""

    name: str

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Whether the reference is of this kind. Fast, without requests."""

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """Resolves the request to resources.

        Raises:
            FetchError: The reference is invalid or can't be resolved; the hint says what to do.
        """


def ask(request: Request) -> Asking:
    """The response to ``request`` after redirects. Fields stay at their origin, and https isn't downgraded to http.

    All fields except ``Accept`` stay there, because any of the user's may be a secret. Cookies set by redirects are
    returned to their own origin. Any status other than a redirect's is returned as it is.

    Raises:
        UnexpectedAnswerError: There are too many redirects, or one leads to a refused target.
    """
    cookies = Cookies()
    for _ in range(MAX_HOPS + 1):
        answer = yield replace(request, headers=cookies.added_to(request.headers, request.url))
        if answer.status not in REDIRECTS:
            return answer
        verdict = judge(request, answer.head, Known())
        cookies.take(request.url, answer.head.headers)
        if isinstance(verdict, Redirected):
            same = verdict.url.origin == request.url.origin
            headers = request.headers if same else _travelling(request.headers)
            request = replace(request, url=verdict.url, headers=headers)
        elif isinstance(verdict, Refused):
            raise UnexpectedAnswerError(verdict.sentence, hint="Check the URL.")
    raise UnexpectedAnswerError(f"{request.url.host} redirects more than {MAX_HOPS} times", hint="Check the URL.")


def _travelling(headers: Headers) -> Headers:
    return Headers(tuple(field for field in headers.fields if field[0].lower() in _TRAVELLING_FIELDS))
