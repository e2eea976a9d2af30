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

from anymatix_fetcher.core.http import Headers, Request
from anymatix_fetcher.core.judge import REDIRECTS, Known, Redirected, Refused, judge
from anymatix_fetcher.errors import UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from anymatix_fetcher.core.digests import Digest
    from anymatix_fetcher.core.filenames import SafeName
    from anymatix_fetcher.core.http import ResponseHead
    from anymatix_fetcher.core.resource import Resource
    from anymatix_fetcher.core.urls import Url

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
    """

    endpoints: Mapping[str, Url] = field(default_factory=dict)
    tokens: Mapping[str, Secret] = field(default_factory=dict)
    region: str = ""
    sign: Sign | None = None

    def site(self, service: str, default: str) -> str:
        """Where to ask ``service``, without a slash at the end: ``default``, unless the surroundings say otherwise."""
        endpoint = self.endpoints.get(service)
        return endpoint.reveal().rstrip("/") if endpoint else default

    def bearer(self, service: str) -> Headers:
        """The ``Authorization`` field with the service's token, where there is one (RFC 6750, section 2.1)."""
        token = self.tokens.get(service)
        return Headers((("Authorization", f"Bearer {token.reveal()}"),)) if token else Headers()

    def kept_for(self, url: Url) -> Headers:
        """The token kept for the URL's origin; never over plain http, and not beside a password in the URL."""
        if url.origin.scheme != "https" or url.credentials is not None:
            return Headers()
        return self.bearer(str(url.origin))


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
    """

    reference: str = field(repr=False)
    name: SafeName | None = None
    digests: tuple[Digest, ...] = ()
    headers: Headers = field(default_factory=Headers)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mirrors: tuple[Url, ...] = ()


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

    But for ``Accept`` all of them do: any that the user gave may be a secret. Any status but a redirect's is returned
    as it is.

    Raises:
        UnexpectedAnswerError: It redirects too often, or to where we don't go.
    """
    for _ in range(MAX_HOPS + 1):
        answer = yield request
        if answer.status not in REDIRECTS:
            return answer
        verdict = judge(request, answer.head, Known())
        if isinstance(verdict, Redirected):
            same = verdict.url.origin == request.url.origin
            headers = request.headers if same else _travelling(request.headers)
            allowed = request.netrc_allowed and same
            request = replace(request, url=verdict.url, headers=headers, netrc_allowed=allowed)
        elif isinstance(verdict, Refused):
            raise UnexpectedAnswerError(verdict.sentence, hint="Check the address.")
    raise UnexpectedAnswerError(f"{request.url.host} redirects more than {MAX_HOPS} times", hint="Check the address.")


def _travelling(headers: Headers) -> Headers:
    return Headers(tuple(field for field in headers.fields if field[0].lower() in _TRAVELLING_FIELDS))
