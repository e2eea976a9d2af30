"""Reads parts of a remote file: its location, its length, and pieces of it, by ranged GET requests.

The rules are those of downloads: redirects are followed hop by hop, credentials are sent to the origin only, every
response head is judged. They are generators, so that tests can feed responses by hand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.answers.address import MAX_HOPS, Address
from anymatix_fetcher.core.answers.beginnings import may_be_right
from anymatix_fetcher.core.answers.expiry import signs_range
from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge
from anymatix_fetcher.core.answers.reaction import RANGES_IN_VAIN
from anymatix_fetcher.core.values.digests import stated_digests
from anymatix_fetcher.core.values.http import Refused, parse_date
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.validators import Validator
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
"""The refusals that servers may use for ranges that they don't support."""


class RemoteFile:
    """A remote file that is read in small pieces.

    Args:
        resource: The resource from a source.

    Attributes:
        length: The length of the whole file, if known.
        digests: The digests stated by the source, the user and the servers.
        ranged: Whether the server supports ranges.
        validator: The server's validator of the content.
        target: The URL of the bytes; ``None`` before anything was read.
        target_given_at: The date of the response that led to the target, by the clock of its host.
        headers: The fields of the last accepted response.
        commit: The commit of the repository, if the host states it.
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

    def ends_at(self, length: int) -> None:
        """The whole body was read: the file has so many bytes."""
        self.length = length

    def open(self) -> Reading:
        """Finds the bytes by requesting the first one; returns it, or nothing for an empty file.

        Raises:
            FetchError: The file can't be fetched.
        """
        return self.read(FIRST_BYTE)

    def describe(self) -> Reading:
        """Determines length and digest. If a redirecting host states both, the target isn't asked.

        Raises:
            FetchError: The file can't be fetched.
        """
        return self._walk(FIRST_BYTE, until_described=True)

    @property
    def is_described(self) -> bool:
        """Whether the length and a digest are known."""
        return self.length is not None and bool(self.digests)

    def read(self, span: Span) -> Reading:
        """The bytes of ``span``; fewer if the file ends before.

        Raises:
            FetchError: The file can't be fetched, or the server doesn't support ranges.
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
                    url, hops = self._followed(url, target), hops + 1
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
        raise UnexpectedAnswerError(f"{host} redirects more than {MAX_HOPS} times", hint="Check the URL.")

    def _followed(self, url: Url, target: Url) -> Url:
        forbidden = self._address.forbids(url.host, target)
        if forbidden is not None:
            raise forbidden
        return target

    def _walks_again(self, request: Request, refused: Refused, *, walked: bool) -> bool:
        """Whether to request it again from the origin: without a range, or because the URL may have expired."""
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
        """Whether nothing was read yet, and a request without a range may be refused for another reason."""
        if request.span is None or self.headers is not None or self._left_it_out:
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
            self._address.settle(url)  # no range was requested on the way, so it sends more than is needed
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
