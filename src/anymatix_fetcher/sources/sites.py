"""A service's site: which URLs belong to it, where it is asked, and the credentials that may go there.

The user's endpoint variable stands in for all of a service's own hosts. Its token goes to the site that is asked and,
since redirects are followed by origin, nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, unquote

from anymatix_fetcher.core.answers.address import is_authorized
from anymatix_fetcher.core.answers.explain import refusal_error
from anymatix_fetcher.core.answers.judge import Known, judge
from anymatix_fetcher.core.values.credentials import bearer_authorization
from anymatix_fetcher.core.values.http import Headers, RateLimit, Request
from anymatix_fetcher.core.values.refusals import Refusal, Refused
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
from anymatix_fetcher.sources.base import ask
from anymatix_fetcher.sources.documents import unexpected

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.resource import Service
    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.sources.accounts import Account
    from anymatix_fetcher.sources.base import Answer, Asking, Environment, Secret, Wish

Parameters: TypeAlias = "tuple[tuple[str, str], ...]"

MAX_EXCERPT = 2048
"""So many characters of a success are looked at for what it means."""
_API = "/api/"
"""Where questions go, below an endpoint's own path."""
_OK, _REDIRECTS_FROM, _FORBIDDEN = 200, 300, 403


@dataclass(frozen=True, slots=True)
class SiteUrl:
    """A URL at a service.

    Args:
        base: The site that is to be asked, without a slash at the end.
        url: As it was given.
        path: Below the site, percent-encoded, from its first slash on.
        is_home: Whether it names one of the service's own hosts: at an endpoint other things may live too.
    """

    base: str
    url: Url
    path: str
    is_home: bool

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments, each percent-decoded once; the last one is empty where the path ends with a slash."""
        return tuple(unquote(segment, errors="replace") for segment in self.path.split("/")[1:])

    @property
    def query(self) -> str:
        """The query as it stands, without its question mark; may hold secrets."""
        return self.url.reveal().partition("?")[2]


@dataclass(frozen=True, slots=True)
class Site:
    """One service.

    Args:
        account: Its hosts and its token.
        guides: Hosts of others that lead to it, as resolvers of names do.
    """

    account: Account
    guides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As endpoints and tokens are filed."""
        return self.account.name

    @property
    def title(self) -> str:
        """As people write it."""
        return self.account.title

    @property
    def home(self) -> str:
        """Where it is asked by default."""
        return self.account.home

    @property
    def token_variable(self) -> str:
        """Where people put their token; empty where it takes none."""
        return next(iter(self.account.token_variables), "")

    def base(self, environment: Environment) -> str:
        """Where it is asked, without a slash at the end."""
        return environment.site(self.name, self.home)

    def locate(self, reference: str, environment: Environment) -> SiteUrl | None:
        """What the reference names at this service; ``None`` where it is no URL there.

        A URL with a port or with credentials of its own belongs to whoever the user says, not to the service.
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

    def headers(self, environment: Environment, wish: Wish, base: str, token: Secret | None = None) -> Headers:
        """The user's own fields and, unless they hold an ``Authorization``, the token: the given one or the stored one.

        Raises:
            ReferenceSyntaxError: The token can't be one.
        """
        if wish.headers.get("Authorization") is not None:
            return wish.headers
        return Headers((*wish.headers, *self.access(environment, base, token)))

    def access(self, environment: Environment, base: str, token: Secret | None = None) -> Headers:
        """The ``Authorization`` field for the site at ``base``: with the token, or else with what netrc has for it.

        Raises:
            ReferenceSyntaxError: The token can't be one.
        """
        return self.bearer(environment, base, token) or environment.login(_url(base))

    def bearer(self, environment: Environment, base: str, token: Secret | None = None) -> Headers:
        """The ``Authorization`` field with ``token``, else with the stored one, for the site at ``base``.

        Where others could read what is sent there, it doesn't go along.

        Raises:
            ReferenceSyntaxError: The token can't be one.
        """
        token = token or environment.tokens.get(self.name)
        if token is None or not _url(base).origin.is_confidential:
            return Headers()
        try:
            return bearer_authorization(token.reveal())
        except ValueError as reason:
            raise ReferenceSyntaxError(
                f"{self.title}: {reason}", hint=f"Check {self.token_variable}; it holds the token alone."
            ) from None

    def ask(self, url: str, headers: Headers, what: str, *, span: Span | None = None) -> Asking:
        """What the service's API answers.

        Args:
            url: The question.
            headers: To go with it.
            what: What is asked for, for messages: "version 143906".
            span: A range of the answer, for a look at a file.

        Raises:
            FetchError: It doesn't answer, or answers with an error.
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
        """What an answer to a question with ``headers`` means, whatever its status; ``None`` where no row fits."""
        excerpt = answer.text[:MAX_EXCERPT]
        refused = Refused(Refusal.UNEXPECTED, "", answer.status, headers=answer.head.headers, excerpt=excerpt)
        return self._explained(refused, Request(answer.url, headers=headers))

    def _explained(self, refused: Refused, request: Request) -> FetchError | None:
        """The same answer has the same words and hint here as where a file's address gives it."""
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
            return RetriesExhaustedError(message, hint=f"The service answers no more questions for now{more}.")
        hint = error.hint
        if isinstance(error, AccessDeniedError):
            hint = f"Give a token that may read it in {self.token_variable}." if self.token_variable else ""
        elif isinstance(error, NotFoundError):
            private = f"; what is private needs a token in {self.token_variable}" if self.token_variable else ""
            hint = f"Check the reference{private}."
        return type(error)(message, hint=hint)

    def as_it_is(self, located: SiteUrl, wish: Wish, environment: Environment, service: Service) -> Resource:
        """The resource at a URL of the service that isn't a file that the source knows more of."""
        return Resource(
            # Never over plain http at the service's own hosts: the token goes along.
            make_url(located.base, located.path, located.query),
            name=wish.name,
            digests=wish.digests,
            headers=self.headers(environment, wish, located.base),
            reference=wish.reference,
            mirrors=wish.mirrors,
            service=service,
        )


def agreed(wished: tuple[Digest, ...], stated: tuple[Digest, ...], what: str) -> tuple[Digest, ...]:
    """The user's digests and the service's.

    Raises:
        DigestMismatchError: They contradict each other, so that no file can have both.
    """
    for wish in wished:
        for other in stated:
            if other.algorithm == wish.algorithm and other != wish:
                raise DigestMismatchError(
                    f"{what} is stated to have {other}, not {wish}",
                    hint="Check which file is meant; without a digest of your own the stated one is checked.",
                )
    return tuple(dict.fromkeys((*wished, *stated)))


def without_digest(resource: Resource, site: Site, error: FetchError) -> Resource:
    """The resource with the remark that its service told no digest of it, and why."""
    return replace(resource, remark=f"without a digest from {site.title}: {error.message}")


def make_url(base: str, path: str, query: str = "") -> Url:
    """The URL below a site.

    Args:
        base: The site, without a slash at the end.
        path: Decoded or with :func:`segment` already applied; whatever can't stand in a path is percent-encoded.
        query: Percent-encoded, without its question mark.

    Raises:
        ReferenceSyntaxError: It makes no URL.
    """
    return _url(f"{base}{path}" + (f"?{query}" if query else ""))


def segment(text: str, *, safe: str = "") -> str:
    """The text percent-encoded, so that it is one segment of a path, or one value in a query."""
    return quote(text, safe=safe, errors="replace")


def printable(text: str) -> str:
    """The text, what would disturb a terminal or a line of it percent-encoded."""
    return "".join(character if character.isprintable() else segment(character) for character in text)


def _url(text: str) -> Url:
    try:
        return Url.parse(text)
    except ValueError as error:
        raise ReferenceSyntaxError(f"not a reference: {error}", hint="Check its spelling.") from None
