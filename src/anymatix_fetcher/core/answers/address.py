"""The current URLs of a file: the resource's own, and the target that its redirects led to.

A target is derived: it may carry a signature that expires. All connections share it, because each resolution at the
origin may be counted against the user. Credentials and the user's headers are sent to the origin only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from anymatix_fetcher.core.answers.expiry import expiry_of
from anymatix_fetcher.core.answers.explain import ALLOW_PRIVATE_HINT, failure_error, refusal_error
from anymatix_fetcher.core.answers.judge import REDIRECTS
from anymatix_fetcher.core.answers.lifetime import renew_at, seconds_left, skew_seconds
from anymatix_fetcher.core.answers.range_signers import RangeSigners
from anymatix_fetcher.core.values.cookies import Cookies
from anymatix_fetcher.core.values.credentials import basic_authorization
from anymatix_fetcher.core.values.failures import Failure
from anymatix_fetcher.core.values.http import Headers, Request, parse_date
from anymatix_fetcher.core.values.ip_addresses import is_inside
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.resource import Stated
from anymatix_fetcher.errors import AccessDeniedError, with_hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.values.http import Refused, ResponseHead
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError

MAX_HOPS = 10
_TOKENS = frozenset({"token", "access_token", "api_key", "apikey", "key"})
"""The parameters that contain credentials."""
MOST_LOANS = 64
"""The limit on URLs with a tracked expiry: each resolution adds one, and only the last ones are used."""


class Loan(NamedTuple):
    """When a signed URL expires and when to renew it, by our clock; ``None`` to renew it only after a refusal."""

    ends_at: float
    renew_at: float | None


class Halt(NamedTuple):
    """Where following redirects stopped because a host was busy: the URL, redirects so far, and last request."""

    url: Url
    hops: int
    led_by: Request | None


class Address:
    """The resolution of a resource's URL.

    Args:
        resource: The resource.
        range_signers: The origins that sign their redirects for one range only.
    """

    def __init__(self, resource: Resource, range_signers: RangeSigners | None = None) -> None:
        self.resource = resource
        self.range_signers = range_signers if range_signers is not None else RangeSigners()
        self.target: Url | None = None
        self.served = False
        self.trusted = False
        self.halted: Halt | None = None
        """Where to continue following redirects without repeating the earlier requests."""
        self._led_by: Request | None = None
        self._cookies = Cookies()
        self._loans: dict[Url, Loan] = {}

    def restate(self, resource: Resource) -> None:
        """Replaces the resource by the source's new statement."""
        self.resource = resource

    def trust(self) -> None:
        """Records that the target's content is proved to match the stored bytes."""
        self.trusted = True

    def distrust(self) -> None:
        """Records that the target's content has to be compared with the stored bytes again."""
        self.trusted = False

    def halt(self, at: Halt) -> None:
        """Records where following redirects stopped."""
        self.halted = at

    def go_on(self) -> Halt | None:
        """Returns and clears the place to continue at."""
        halted, self.halted = self.halted, None
        return halted

    @property
    def origin_url(self) -> Url:
        """The resource's own URL, without userinfo."""
        return self.resource.url.without_credentials()

    @property
    def settled(self) -> bool:
        """Whether the target is known."""
        return self.target is not None

    @property
    def derived(self) -> bool:
        """Whether the target came from a redirect or the source, and thus can be renewed."""
        return self.target is not None and (self.resource.renewed_by_source or self.target != self.origin_url)

    def is_current(self, url: Url) -> bool:
        """Whether a response from ``url`` is relevant to the current target."""
        return self.target is None or url == self.target

    def settle(self, url: Url, led_by: Request | None = None, span: Span | None = None) -> None:
        """Records an accepted response from ``url``.

        Args:
            url: The target.
            led_by: The request that was redirected there, if any.
            span: The range of the accepted request.
        """
        if self.target is None:
            self._led_by = led_by
        self.target = url
        self.served = True
        if self._led_by is not None and span is not None and span != self._led_by.span:
            self.range_signers.confirm(self._led_by.url.origin)
            self._led_by = None  # a target that serves another range isn't bound to one

    def may_be_bound(self, span: Span | None) -> bool:
        """Whether the target may serve only the range that was requested while resolving it."""
        led_by = self._led_by
        return led_by is not None and led_by.span is not None and span not in (None, led_by.span)

    def unbind(self) -> None:
        """Drops a target that is valid for one range only; the redirecting host is then asked without a range."""
        if self._led_by is not None:
            self.range_signers.suspect(self._led_by.url.origin)
        self.expire()

    def take_cookies(self, request: Request, head: ResponseHead) -> None:
        """Stores the cookies of a redirect, for its own origin."""
        if head.status in REDIRECTS:
            self._cookies.take(request.url, head.headers)

    def lend(self, url: Url, headers: Headers, now: float) -> None:
        """Records a redirect with ``headers`` to ``url``, which may be signed until a stated time."""
        expiry, skew = expiry_of(url), skew_seconds(headers, now)
        if expiry is None:
            return
        if skew is None:
            # Without the server's time, the signing time is the best estimate.
            skew = expiry.issued_at - now if expiry.issued_at is not None else None
        if skew is not None:
            left = seconds_left(expiry, now=now, skew=skew)
            self._loans.pop(url, None)  # re-inserted as the newest
            self._loans[url] = Loan(now + left, renew_at(expiry, given_at=now, skew=skew))
            if len(self._loans) > MOST_LOANS:
                del self._loans[next(known for known in self._loans if known != self.target)]

    def is_due(self, now: float) -> bool:
        """Whether the target should be renewed before it expires."""
        loan = self._loans.get(self.target) if self.target is not None else None
        return self.derived and loan is not None and loan.renew_at is not None and now >= loan.renew_at

    def seconds_left(self, url: Url, now: float, refusal: Headers) -> float | None:
        """How long ``url`` should still work; ``None`` if unknown.

        The clock of the host that refuses it, as stated by ``refusal``, takes precedence over earlier estimates.
        """
        expiry, date = expiry_of(url), parse_date(refusal.get("Date"))
        if expiry is not None and date is not None:
            return expiry.expires_at - date
        loan = self._loans.get(url)
        return loan.ends_at - now if loan is not None else None

    def expire(self) -> None:
        """Drops the target; the next request starts from the origin again."""
        if self.target is not None:
            self._loans.pop(self.target, None)
        self.target = self._led_by = None
        self.served = self.trusted = False

    def stated(self, request: Request, head: ResponseHead) -> Stated:
        """What a response states about the whole file in its service's own fields; nothing for other hosts."""
        if not self._is_origin(request.url):
            return Stated()
        return self.resource.service.stated(head)

    def error(self, why: Refused | Failure, request: Request) -> FetchError:
        """The final error for ``request``, in the service's own terms if it has any."""
        if isinstance(why, Failure):
            return failure_error(why, request.url)
        authorized = self._is_authorized(request)
        error = self.particular(why, request) or refusal_error(why, request.url, authorized=authorized)
        if why.kind is Refusal.UNAUTHORIZED and not authorized and self._is_origin(request.url):
            return with_hint(error, " ".join(filter(None, (error.hint, self.resource.login_note))))
        return error

    def particular(self, refused: Refused, request: Request) -> FetchError | None:
        """The service's own explanation of a refusal; ``None`` if there is none."""
        return self.resource.service.explain(refused, request.url, authorized=self._is_authorized(request))

    def request(
        self,
        url: Url,
        span: Span | None,
        *,
        if_range: str | None,
        fresh_connection: bool,
        http1_only: bool,
        parallel: bool = False,
        shared_connection: int | None = None,
    ) -> Request:
        """A GET of ``span`` at ``url``. The origin's headers are added only for a ``url`` at the origin.

        A host that signs its redirects for one range is asked without a range, until the target is known.
        """
        fields: list[tuple[str, str]] = []
        if url != self.target and self.range_signers.binds(url):
            span = None
        if self._is_origin(url):
            fields += self.resource.headers.fields
            fields += self._basic_authorization(fields)
        if if_range is not None and span is not None:
            fields.append(("If-Range", if_range))
        return Request(
            url,
            span,
            self._cookies.added_to(Headers(tuple(fields)), url),
            fresh_connection=fresh_connection,
            http1_only=http1_only,
            parallel=parallel,
            shared_connection=shared_connection,
            public_only=self.resource.public_only,
        )

    def forbids(self, host: str, target: Url) -> FetchError | None:
        """The error that forbids a redirect of ``host`` to ``target``; ``None`` if it is allowed.

        Untrusted references never lead from a public host to this machine or its own network.
        """
        resource = self.resource
        if not resource.stays_public or not is_inside(target.host) or is_inside(resource.url.host):
            return None
        return leads_inside(host, target)

    def _is_authorized(self, request: Request) -> bool:
        """Whether credentials are sent; cookies from redirects don't count."""
        own = self.resource.headers.all("Cookie") if self._is_origin(request.url) else []
        others = (field for field in request.headers if field[0].lower() != "cookie")
        fields = (*others, *(("Cookie", value) for value in own))
        return is_authorized(replace(request, headers=Headers(fields)))

    def _is_origin(self, url: Url) -> bool:
        return url.origin == self.resource.url.origin

    def _basic_authorization(self, fields: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        credentials = self.resource.url.credentials
        if credentials is None or any(name.lower() == "authorization" for name, _ in fields):
            return ()
        return basic_authorization(*credentials)


def leads_inside(host: str, target: Url) -> FetchError:
    """The error for what others have written, where ``host`` sends it on to ``target`` in the machine's own network."""
    return AccessDeniedError(
        f"{host} redirects to {target.host}, which is this machine or its own network",
        hint=ALLOW_PRIVATE_HINT,
    )


def is_authorized(request: Request) -> bool:
    """Whether the request contains credentials, in a field or in the query."""
    in_query = any(name.lower() in _TOKENS for name, _ in request.url.parameters)
    return in_query or any(request.headers.get(name) is not None for name in ("Authorization", "Cookie"))
