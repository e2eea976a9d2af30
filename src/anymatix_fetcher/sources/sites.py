"""The sites of a service: the URLs that belong to it, its base URL, and its credentials.

The user's endpoint variable replaces all hosts of a service. The token is sent to the base URL's origin and, because
redirects are followed by origin, to no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, unquote

from anymatix_fetcher.core.answers.address import is_authorized
from anymatix_fetcher.core.answers.explain import refusal_error
from anymatix_fetcher.core.answers.judge import Known, judge
from anymatix_fetcher.core.values.credentials import bearer_authorization
from anymatix_fetcher.core.values.http import Headers, Refused, Request
from anymatix_fetcher.core.values.rate_limits import RateLimit
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.urls import DEFAULT_PORTS, Url
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    FetchError,
    NotFoundError,
    ReferenceSyntaxError,
    RetriesExhaustedError,
)
from anymatix_fetcher.sources.air import read_air
from anymatix_fetcher.sources.base import ask
from anymatix_fetcher.sources.documents import unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Service
    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.sources.accounts import Account
    from anymatix_fetcher.sources.base import Answer, Asking, Environment, Secret, Wish

Parameters: TypeAlias = "tuple[tuple[str, str], ...]"

MAX_EXCERPT = 2048
"""The number of characters of a successful response that are examined for an error."""
_API = "/api/"
"""The path of the API below an endpoint's own path."""
_OK, _REDIRECTS_FROM, _FORBIDDEN = 200, 300, 403


@dataclass(frozen=True, slots=True)
class SiteUrl:
    """A URL at a service.

    Args:
        base: The base URL to ask, without a trailing slash.
        url: The URL as given.
        path: The path below the site, percent-encoded, with its leading slash.
        is_home: Whether it names one of the service's own hosts; at an endpoint there may be other things as well.
    """

    base: str
    url: Url
    path: str
    is_home: bool

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments, each percent-decoded once; the last one is empty after a trailing slash."""
        return tuple(unquote(segment, errors="replace") for segment in self.path.split("/")[1:])

    @property
    def query(self) -> str:
        """The encoded query without its question mark; may hold secrets."""
        return self.url.reveal().partition("?")[2]


@dataclass(frozen=True, slots=True)
class Site:
    """One service.

    Args:
        account: Its hosts and its token.
        guides: Hosts of others that redirect to it, such as DOI resolvers.
    """

    account: Account
    guides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The key for its endpoint and token."""
        return self.account.name

    @property
    def title(self) -> str:
        """The name for people."""
        return self.account.title

    @property
    def home(self) -> str:
        """The default base URL."""
        return self.account.home

    @property
    def token_variable(self) -> str:
        """The variable for its token; empty if it has none."""
        return next(iter(self.account.token_variables), "")

    def base(self, environment: Environment) -> str:
        """The base URL in use, without a trailing slash."""
        return environment.site(self.name, self.home)

    def locate(self, reference: str, environment: Environment) -> SiteUrl | None:
        """The reference's location at this service; ``None`` if it isn't a URL there.

        A URL with a port or credentials of its own belongs to another server than the service.
        """
        try:
            url = Url.parse(reference.strip())
        except ValueError:
            return None
        endpoint = environment.endpoints.get(self.name)
        if endpoint is not None and url.origin == endpoint.origin:
            prefix = endpoint.path.rstrip("/")
            if url.path.startswith(f"{prefix}/"):
                return SiteUrl(self.base(environment), url, url.path[len(prefix) :], is_home=False)
        home = self.home if url.host in self.guides else self.account.sites.get(url.host)
        if home is None or url.origin.port != DEFAULT_PORTS[url.origin.scheme] or url.credentials is not None:
            return None
        return SiteUrl(environment.site(self.name, home), url, url.path or "/", is_home=True)

    def claims(
        self,
        reference: str,
        environment: Environment,
        *,
        has_scheme: Callable[[str], object],
        read_url: Callable[[SiteUrl], object],
        all_urls: bool = True,
    ) -> bool:
        """Whether a reference belongs to this service: by its scheme, by an AIR that names it, or by its URL.

        Args:
            reference: The reference.
            environment: The endpoints in use.
            has_scheme: True for texts with the service's scheme.
            read_url: Parses a URL at the service; ``None`` if it isn't a reference.
            all_urls: Whether to claim all URLs at the service's own hosts, so that the others get a good error.
        """
        air = read_air(reference)
        if has_scheme(reference) or (air is not None and air.source == self.name):
            return True
        located = self.locate(reference, environment)
        return located is not None and ((all_urls and located.is_home) or read_url(located) is not None)

    def headers(self, environment: Environment, wish: Wish, base: str, token: Secret | None = None) -> Headers:
        """The user's fields and, unless these have an ``Authorization``, the given token or the stored one.

        Raises:
            ReferenceSyntaxError: The token has invalid characters.
        """
        if wish.headers.get("Authorization") is not None:
            return wish.headers
        return Headers((*wish.headers, *self.access(environment, base, token)))

    def access(self, environment: Environment, base: str, token: Secret | None = None) -> Headers:
        """The ``Authorization`` field for the site at ``base``, with the token or else the netrc entry.

        Raises:
            ReferenceSyntaxError: The token has invalid characters.
        """
        return self.bearer(environment, base, token) or environment.login(_url(base))

    def bearer(self, environment: Environment, base: str, token: Secret | None = None) -> Headers:
        """The ``Authorization`` field with ``token`` or the stored one, for the site at ``base``; empty for plain http.

        Raises:
            ReferenceSyntaxError: The token has invalid characters.
        """
        token = token or environment.tokens.get(self.name)
        if token is None or not _url(base).origin.is_confidential:
            return Headers()
        try:
            return bearer_authorization(token.reveal())
        except ValueError as reason:
            raise ReferenceSyntaxError(
                f"{self.title}: {reason}", hint=f"Check {self.token_variable}; it has to hold the token alone."
            ) from None

    def ask(self, url: str, headers: Headers, what: str, *, span: Span | None = None) -> Asking:
        """The response of the service's API.

        Args:
            url: The request's URL.
            headers: Its fields.
            what: The subject for messages: "version 143906".
            span: The range to request, for a look at a file.

        Raises:
            FetchError: The request fails, or the response is an error.
        """
        request = Request(_url(url), span, headers, explained=self._explained)
        answer = yield from ask(request)
        if _OK <= answer.status < _REDIRECTS_FROM:
            return answer
        verdict = judge(request, answer.head, Known(), answer.text)
        if isinstance(verdict, Refused):
            raise self._error(verdict, request, what)
        raise unexpected(request.url.host, f"status {answer.status}")

    def meaning(self, answer: Answer, headers: Headers) -> FetchError | None:
        """The error that a response to a request with ``headers`` means; ``None`` if no row matches."""
        excerpt = answer.text[:MAX_EXCERPT]
        refused = Refused(Refusal.UNEXPECTED, "", answer.status, headers=answer.head.headers, excerpt=excerpt)
        return self._explained(refused, Request(answer.url, headers=headers))

    def _explained(self, refused: Refused, request: Request) -> FetchError | None:
        """The explanation, with the same message and hint as for the URL of a file."""
        from anymatix_fetcher.sources.explanations.lookup import explain  # noqa: PLC0415 - few are refused

        base_path, is_api, _ = request.url.path.partition(_API)
        return explain(
            self.name,
            refused,
            request.url,
            authorized=is_authorized(request),
            base_path=base_path if is_api else "",
        )

    def _error(self, refused: Refused, request: Request, what: str) -> FetchError:
        error = refusal_error(refused, request.url, authorized=is_authorized(request))
        quota = RateLimit.parse(refused.headers)
        message = f"{self.title}, asked for {what}: {error.message}"
        is_used_up = refused.status == _FORBIDDEN and quota is not None and quota.remaining == 0
        particular = self._explained(refused, request)
        if particular is not None and not (is_used_up and isinstance(particular, AccessDeniedError)):
            return particular
        if is_used_up:
            more = f"; a token in {self.token_variable} allows more" if self.token_variable else ""
            return RetriesExhaustedError(message, hint=f"The service allows no more requests for now{more}.")
        hint = error.hint
        if isinstance(error, AccessDeniedError):
            hint = f"Set {self.token_variable} to a token with access to it." if self.token_variable else ""
        elif isinstance(error, NotFoundError):
            private = f"; private files need a token in {self.token_variable}" if self.token_variable else ""
            hint = f"Check the reference{private}."
        return type(error)(message, hint=hint)

    def as_it_is(self, located: SiteUrl, wish: Wish, environment: Environment, service: Service) -> Resource:
        """The resource at a URL of the service that isn't a file known to the source."""
        return Resource(
            # Never over plain http at the service's own hosts, because the token is sent.
            make_url(located.base, located.path, located.query),
            name=wish.name,
            digests=wish.digests,
            headers=self.headers(environment, wish, located.base),
            reference=wish.reference,
            mirrors=wish.mirrors,
            service=service,
        )


def agreed(wished: tuple[Digest, ...], stated: tuple[Digest, ...], what: str) -> tuple[Digest, ...]:
    """The union of the user's digests and the service's.

    Raises:
        DigestMismatchError: They contradict each other.
    """
    for wish in wished:
        for other in stated:
            if other.algorithm == wish.algorithm and other != wish:
                raise DigestMismatchError(
                    f"{what} has the stated digest {other}, not {wish}",
                    hint="Check that this is the right file; without a digest of yours the stated one is verified.",
                )
    return tuple(dict.fromkeys((*wished, *stated)))


def without_digest(resource: Resource, site: Site, error: FetchError) -> Resource:
    """The resource with a remark that the service's digest is unavailable, and why."""
    return replace(resource, remark=f"without a digest from {site.title}: {error.message}")


def make_url(base: str, path: str, query: str = "") -> Url:
    """The URL below a site.

    Args:
        base: The site, without a trailing slash.
        path: Decoded, or encoded by :func:`segment`; invalid characters are percent-encoded.
        query: Percent-encoded, without its question mark.

    Raises:
        ReferenceSyntaxError: The result isn't a URL.
    """
    return _url(f"{base}{path}" + (f"?{query}" if query else ""))


def segment(text: str, *, safe: str = "") -> str:
    """The text percent-encoded as one segment of a path, or one value in a query."""
    return quote(text, safe=safe, errors="replace")


def printable(text: str) -> str:
    """The text with control characters and line breaks percent-encoded."""
    return "".join(character if character.isprintable() else segment(character) for character in text)


def _url(text: str) -> Url:
    try:
        return Url.parse(text)
    except ValueError as error:
        raise ReferenceSyntaxError(f"not a reference: {error}", hint="Check its spelling.") from None
