"""What a source is: a pure generator that turns a reference into resources by asking and being answered.

It yields requests and is sent answers, so a test feeds it by hand, and whoever runs it may use any transport::

    def resolve(wish, environment):
        answer = yield from ask(Request(url, headers=...))
        return (Resource(...),)

Network failures and exhausted retries are thrown into it as ``FetchError``; statuses are its own to understand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from anymatix_fetcher.core.answers.judge import REDIRECTS, Known, Redirected, judge
from anymatix_fetcher.core.values.cookies import Cookies
from anymatix_fetcher.core.values.credentials import basic_authorization, bearer_authorization
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.refusals import Refused
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
"""A longer answer to a source's own question isn't read."""
MAX_HOPS = 5

_TRAVELLING_FIELDS = frozenset({"accept"})
"""What of a request's fields goes along to another origin: any other may be the user's, and a secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to a source's own request.

    Args:
        url: Who answered: the request's URL, or where its redirects led.
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
        """The body as text; what isn't UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        """The body as JSON.

        Raises:
            UnexpectedAnswerError: It isn't.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise UnexpectedAnswerError(
                f"{self.url.host} answered with something else than JSON",
                hint="Try again later, or check the endpoint.",
            ) from None


Resolving: TypeAlias = "Generator[Request, Answer, tuple[Resource, ...]]"
"""A resolution under way; it returns one resource, or several for a whole repository or a list."""

Asking: TypeAlias = "Generator[Request, Answer, Answer]"
"""One question under way."""


class Secret:
    """A token. It shows itself to nobody who doesn't ask for it by name."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The token itself; called where header fields are made, and nowhere that prints or writes."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(...)"


class Sign(Protocol):
    """Signs addresses; given from outside, for a signature needs credentials and the time."""

    def __call__(self, url: Url, headers: Headers, region: str) -> Url:
        """The address with a signature in its query, good for a while.

        Args:
            url: The object's, without a query.
            headers: What will be sent along: they are part of what is signed.
            region: Where the object lies.

        Raises:
            FetchError: It can't be signed here, with a hint at what is missing.
        """


class Logins(Protocol):
    """Users and passwords that are kept by host, as a netrc file has them."""

    @property
    def place(self) -> str:
        """Where they stand, for people: "~/.netrc"."""

    def of(self, host: str) -> tuple[str, str] | None:
        """User and password for the host; ``None`` where nothing is kept for it by its name."""

    def default(self) -> tuple[str, str] | None:
        """User and password for all other hosts; ``None`` where there are none."""

    def lack(self, host: str) -> str:
        """Why there is nothing for the host, in a sentence for a hint; empty where nothing is kept at all."""


class NoLogins:
    """Nothing is kept; implements :class:`Logins`."""

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
    """What the surroundings say, the same for all references of a run.

    Args:
        endpoints: Where a service is to be asked instead of at its own address, by the service's name, without a slash
            at the end: "civitai", "huggingface", "github", "github_api", "modelscope", ...
        tokens: Credentials by the service's name, and by the origin's text ("https://models.example.com") for servers
            that are no known service's: a host may be called as a service is, and has other ports.
        region: Where S3 is asked first; empty for wherever it likes.
        sign: Makes an address of S3 one that carries the user's signature; ``None`` where there are no credentials.
        logins: Users and passwords by host.
        peers: Servers of one's own that may lend files.
        peer_headers: Fields for these.
    """

    endpoints: Mapping[str, Url] = field(default_factory=dict)
    tokens: Mapping[str, Secret] = field(default_factory=dict)
    region: str = ""
    sign: Sign | None = None
    logins: Logins = field(default_factory=NoLogins)
    peers: tuple[Url, ...] = ()
    peer_headers: Headers = field(default_factory=Headers)

    def site(self, service: str, default: str) -> str:
        """Where to ask ``service``, without a slash at the end: ``default``, unless the surroundings say otherwise.

        An endpoint's user and password aren't in it, for addresses are shown and kept: :meth:`login` has them.
        """
        endpoint = self.endpoints.get(service)
        return endpoint.without_credentials().reveal().rstrip("/") if endpoint else default

    def asked(self, account: Account) -> tuple[Origin, ...]:
        """The origins where the service is asked, each once: its token goes nowhere else."""
        sites = (self.site(name, site) for name, site in account.asked)
        return tuple(dict.fromkeys(Url.parse(site).origin for site in sites))

    def kept_for(self, url: Url) -> Headers:
        """The ``Authorization`` field with the token that is kept for the URL's own origin, never over plain http.

        Raises:
            ReferenceSyntaxError: The token can't be one.
        """
        token = self.tokens.get(str(url.origin)) if url.origin.scheme == "https" else None
        try:
            return bearer_authorization(token.reveal()) if token is not None else Headers()
        except ValueError as reason:
            raise ReferenceSyntaxError(
                f"{url.host}: {reason}", hint=f"`anyfetch login {url.host}` keeps another one."
            ) from None

    def headers_for(self, url: Url, wish: Wish) -> Headers:
        """What goes to a web server that no source knows better: the user's fields, and what is kept for its origin.

        That is a token, or else a login; neither goes along beside an ``Authorization`` or a password in the URL.
        """
        if url.credentials is not None or wish.headers.get("Authorization") is not None:
            return wish.headers
        return Headers((*wish.headers, *(self.kept_for(url) or self.login(url, with_default=wish.is_typed_url))))

    def login(self, url: Url, *, with_default: bool = False) -> Headers:
        """The ``Authorization`` field with the user and password for the URL's host.

        They are an endpoint's own, or else what the netrc file has, which isn't sent where others could read it.

        Args:
            url: Who is asked.
            with_default: Whether the netrc file's ``default`` counts: only where the user has typed this very URL.
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
        """Why nothing goes along to a host that asks for credentials; a sentence for a hint, or empty.

        Args:
            url: Who is asked.
            service: Whose file it is.
        """
        endpoint = self.endpoints.get(service)
        at_endpoint = endpoint is not None and endpoint.origin == url.origin
        if at_endpoint and not url.origin.is_confidential and service in self.tokens:
            return f"A token is set, which isn't sent to {url.host} over plain http: name an endpoint with https."
        if not url.origin.is_confidential and self.logins.of(url.host) is not None:
            return (
                f"{self.logins.place} has an entry for {url.host}, which isn't sent over plain http: "
                "use https, or put it into the address."
            )
        return self.logins.lack(url.host)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants.

    Args:
        reference: As it was typed.
        name: What the file shall be called, where the user has said so.
        digests: What it must have.
        headers: Fields for the reference's own origin.
        include: Globs of paths within a repository; empty for all.
        exclude: Globs of paths that aren't wanted.
        mirrors: Other places that the user named.
        author: Who has written the reference and the mirrors.
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
        """Whether the user has typed the address itself, and not a service's short form that leads to one."""
        return self.author is Author.USER and self.reference.strip().lower().startswith(("http://", "https://"))


class Source(Protocol):
    """One kind of place that models come from."""

    name: str

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Whether the reference is of this kind; quick, without asking anybody."""

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """Turns the wish into resources.

        Raises:
            FetchError: The reference can't be read, or leads nowhere, with a hint at what to do.
        """


def ask(request: Request) -> Asking:
    """The answer to ``request``, redirects followed: fields stay at their origin, https doesn't become http.

    But for ``Accept`` all of them do: any that the user gave may be a secret. Cookies that redirects set go back to
    their own origin. Any status but a redirect's is returned as it is.

    Raises:
        UnexpectedAnswerError: It redirects too often, or to where we don't go.
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
            raise UnexpectedAnswerError(verdict.sentence, hint="Check the address.")
    raise UnexpectedAnswerError(f"{request.url.host} redirects more than {MAX_HOPS} times", hint="Check the address.")


def _travelling(headers: Headers) -> Headers:
    return Headers(tuple(field for field in headers.fields if field[0].lower() in _TRAVELLING_FIELDS))
