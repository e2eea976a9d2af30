"""Reading a little of a remote file: where it lies, how long it is, and pieces of it, by ranged GETs.

The way is the downloads' own: redirects hop by hop, credentials to the origin only, every head judged. Generators,
so that they are tested by hand-fed answers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address
from anymatix_fetcher.core.answers.expiry import signs_range
from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge
from anymatix_fetcher.core.machine.labels import may_be_right
from anymatix_fetcher.core.machine.manners import RANGES_IN_VAIN
from anymatix_fetcher.core.values.digests import stated_digests
from anymatix_fetcher.core.values.http import Validator, parse_date
from anymatix_fetcher.core.values.refusals import Refusal, Refused
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import RetriesExhaustedError, UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.http import Headers, HttpDate, Request
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.sources.base import Answer

Reading: TypeAlias = "Generator[Request, Answer, bytes]"
"""One piece being read."""

FIRST_BYTE = Span(0, 1)
_MAY_BE_THE_RANGE = frozenset(
    {
        *(Refusal.BAD_REQUEST, Refusal.FORBIDDEN, Refusal.NOT_FOUND, Refusal.GONE),
        *(Refusal.UNEXPECTED, Refusal.UNSATISFIABLE),
    }
)
"""As what servers refuse ranges that they can't bear."""


class RemoteFile:
    """A file that is read in small pieces where it lies.

    Args:
        resource: What a source gave.

    Attributes:
        length: Bytes of the whole file, where known.
        digests: What the source, the user and the servers state.
        ranged: Whether the server sends parts.
        validator: What the server says of the content's identity.
        target: Where the bytes are; ``None`` before anything was read.
        target_given_at: The date of the answer that led to the target, by the clock of who gave it.
        headers: Of the last accepted answer.
        commit: Of which commit of its repository it is, where the host says so.
    """

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.length: int | None = resource.length
        self.digests: tuple[Digest, ...] = resource.digests
        self.ranged = True
        self.validator = Validator()
        self.target: Url | None = None
        self.target_given_at: HttpDate | None = None
        self.headers: Headers | None = None
        self.commit = ""
        self._without_range = self._left_it_out = False
        self._address = Address(resource)

    def open(self) -> Reading:
        """Finds the bytes, by asking for the first one; returns it, or nothing of an empty file.

        Raises:
            FetchError: The file can't be had.
        """
        return self.read(FIRST_BYTE)

    def describe(self) -> Reading:
        """Finds out length and digest; where a host that redirects states both, the target isn't asked.

        Raises:
            FetchError: The file can't be had.
        """
        return self._walk(FIRST_BYTE, until_described=True)

    @property
    def is_described(self) -> bool:
        """Whether length and a digest are known."""
        return self.length is not None and bool(self.digests)

    def read(self, span: Span) -> Reading:
        """The bytes of ``span``; fewer where the file ends before.

        Raises:
            FetchError: The file can't be had, or the server can't send parts of it.
        """
        return self._walk(span)

    def _walk(self, span: Span, *, until_described: bool = False) -> Reading:
        walked = False
        url, hops = self._address.target or self._address.origin_url, 0
        while hops <= MAX_HOPS:
            request, answer = yield from self._ask(url, span)
            known = Known(self.length, name=self.resource.name or "", is_fresh=True)
            match judge(request, answer.head, known, answer.text):
                case Accepted(doubt=Refused() as doubt) if may_be_right(doubt, answer.head.content_coding, answer.body):
                    raise self._address.error(doubt, request)
                case Accepted() as accepted:
                    return self._accepted(url, accepted, answer, span, whole=request.span is None)
                case Redirected(target) if until_described and self.is_described:
                    self.target = target
                    return b""
                case Redirected(target) if request.span is not None and signs_range(target):
                    self._address.range_signers.prove(url.origin)
                    hops += 1
                case Redirected(target):
                    url, hops = target, hops + 1
                    self.target_given_at = parse_date(answer.head.headers.get("Date"))
                case Refused() as refused:
                    if refused.length == 0:
                        self.length, self.target = 0, url
                        return b""
                    if not self._walks_again(request, refused, walked=walked):
                        raise self._address.error(refused, request)
                    walked = True
                    url, hops = self._address.origin_url, 0
        host = self._address.origin_url.host
        raise UnexpectedAnswerError(f"{host} redirects more than {MAX_HOPS} times", hint="Check the address.")

    def _walks_again(self, request: Request, refused: Refused, *, walked: bool) -> bool:
        """Whether it is asked for once more from the origin: without a range, or since the address may have expired."""
        if refused.kind is Refusal.UNAVAILABLE and self.headers is None:
            return self._turns(request)
        if self._may_be_the_range(request, refused):
            self._without_range = self._left_it_out = True
            return True
        if walked or self._address.target is None:
            return False
        self._address.expire()
        return True

    def _turns(self, request: Request) -> bool:
        """The first request came to nothing, as in an outage; whether another one is worth a try.

        That is one without a range; and where it comes to nothing too, it is an outage, and is waited for.
        """
        if self.headers is not None or (request.span is None and not self._without_range):
            return False
        turns = self._without_range or not self._left_it_out
        self._without_range = not self._left_it_out
        self._left_it_out = True
        return turns

    def _may_be_the_range(self, request: Request, refused: Refused) -> bool:
        """Whether nothing was had from there yet, and a request without a range may be refused for nothing."""
        if request.span is None or self.headers is not None or self._without_range:
            return False
        return refused.kind in _MAY_BE_THE_RANGE and self._address.particular(refused, request) is None

    def _ask(self, url: Url, span: Span) -> Generator[Request, Answer, tuple[Request, Answer]]:
        request = self._address.request(url, span, if_range=None, fresh_connection=False, http1_only=False)
        if self._without_range:
            request = replace(request, span=None, most=span.stop, tries=1)
        elif request.span is not None and self.headers is None and not self._left_it_out:
            request = replace(request, tries=RANGES_IN_VAIN)
        try:
            answer = yield request
        except UnexpectedAnswerError:
            if request.span is not None or self._address.settled:
                raise
            self._address.settle(url)  # asked for no range on the way, it sends more than is wanted of it
            return (yield from self._ask(url, span))
        except RetriesExhaustedError:
            if not self._turns(request):
                raise
            return (yield from self._ask(url, span))
        self._learn(request, answer)
        return request, answer

    def _learn(self, request: Request, answer: Answer) -> None:
        self._address.take_cookies(request, answer.head)
        stated = self._address.stated(request, answer.head)
        self.length = self.length if self.length is not None else stated.length
        self.commit = self.commit or stated.commit
        self._add(stated.digests)

    def _add(self, digests: tuple[Digest, ...]) -> None:
        self.digests += tuple(digest for digest in digests if digest not in self.digests)

    def _accepted(self, url: Url, accepted: Accepted, answer: Answer, span: Span, *, whole: bool) -> bytes:
        self._address.settle(url)
        self.target, self.validator, self.ranged = url, accepted.validator, accepted.ranged
        self.length = accepted.length if accepted.length is not None else self.length
        self.headers = answer.head.headers
        self._add(stated_digests(answer.head.headers))
        if not whole:
            return answer.body[: len(span)]
        self.ranged = "bytes" in (answer.head.headers.get("Accept-Ranges") or "").lower()
        return answer.body[span.start : span.stop]
