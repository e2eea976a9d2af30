"""What the server turned out to be able to do: learned from its answers, never assumed from what it advertises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.reaction import RANGES_IN_VAIN
from anymatix_fetcher.core.values.failures import Failure, FailureKind

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.refusals import Refused

HTTP2_TROUBLES = 2
"""After so many HTTP/1.1 is asked for: one stream may fail by chance."""
RESETS = frozenset({FailureKind.LOST, FailureKind.PROTOCOL, FailureKind.HTTP2})
"""What a server that can't bear a range may do instead of answering it."""
_OF_A_VERSION = frozenset({FailureKind.TLS, FailureKind.PROTOCOL, FailureKind.LOST, FailureKind.CONNECT})
"""How requests end at servers that don't speak a version: in the handshake, or without an answer."""
LIES_IN_A_ROW = 3
"""After so many range answers that can't be used, the file is fetched as one stream."""
LIES_AT_THE_START = 2
"""The same, where nothing has been stored yet that a stream would bring again."""


@dataclass(slots=True)
class Manners:
    """A server's manners.

    Args:
        ranged: Whether it may be asked for ranges.
        range_proved: Whether it has answered one as it should.
        accepted: Whether any of its answers was accepted.
        takes_if_range: Whether If-Range may be sent; some caches answer every one with the whole file.
        http1_only: Whether HTTP/2 has made trouble, more than once, and HTTP/1.1 hasn't been refused.
        tags_disagree: Whether its replicas give different entity tags to the same bytes.
        contradictions: How many of its answers contradicted what was known.
        why_one_stream: What the server did that leaves one stream only, for people; empty where it just does no ranges.
        first_lie: The first of the answers to ranges that couldn't be used, one after the other.
        range_left_out: Whether a request was sent without a range, since those with one came to nothing.
    """

    ranged: bool = True
    range_proved: bool = False
    accepted: bool = False
    takes_if_range: bool = True
    http1_only: bool = False
    tags_disagree: bool = False
    contradictions: int = 0
    why_one_stream: str = ""
    first_lie: Refused | None = None
    range_left_out: bool = False
    _lies: int = 0
    _vain: tuple[object, int] = (None, 0)
    _http2_troubles: int = 0
    _http1_refused: bool = False

    def give_up_ranges(self, why: str = "") -> None:
        """No range is asked for from now on; ``why`` tells people, where there is something to tell."""
        self.ranged = False
        self.why_one_stream = why or self.why_one_stream

    def accept(self) -> None:
        """One of its responses was accepted."""
        self.accepted = True

    def refuses_if_range(self) -> None:
        """If-Range isn't sent any more."""
        self.takes_if_range = False

    def contradicted(self) -> None:
        """One of its responses contradicted what was known."""
        self.contradictions += 1

    def distrust_tags(self) -> None:
        """Its replicas give different entity tags to the same bytes."""
        self.tags_disagree = True

    def range_answered(self, *, ranged: bool) -> None:
        """A range was asked for, and a usable answer came: the range, or the whole."""
        self.ranged = ranged
        self.range_proved |= ranged
        self._lies, self.first_lie = 0, None

    def leaves_range_out(self, request: Request, why: Refused | Failure, *, patient: bool) -> bool:
        """A request came to nothing; whether the next one goes out without a range, once, for the range may be why.

        While there is patience left that is so only where they all ended in the same way. Where the one without comes
        to nothing as well, it wasn't the range.

        Args:
            request: The one that failed.
            why: How it did.
            patient: Whether another one like it may be sent.
        """
        if self.accepted or (isinstance(why, Failure) and why.kind not in RESETS):
            return False
        if request.span is None and self.range_left_out:
            self.ranged, self.why_one_stream = True, ""
        if request.span is None:
            return False
        sign = why.kind if isinstance(why, Failure) else why.status
        self._vain = (sign, self._vain[1] + 1 if sign == self._vain[0] else 1)
        suspects_it = self._vain[1] >= RANGES_IN_VAIN or not patient
        if not suspects_it or self.range_left_out or not self.ranged:
            return False
        self.range_left_out = True
        self.give_up_ranges(f"one stream, since {request.url.host} has answered no range")
        return True

    def another_version(self, kind: FailureKind, request: Request, *, answered: bool) -> bool:
        """Whether a failed ``request`` is to be sent again in another version of HTTP, which may not fail so.

        One stream's error isn't its connection's, and some servers speak HTTP/2 only: neither version is given up for
        good by a single failure.
        """
        if request.http1_only and not answered and self.http1_only and kind in _OF_A_VERSION:
            self.http1_only, self._http1_refused = False, True
            return True
        if kind is not FailureKind.HTTP2 or request.http1_only:
            return False
        self._http2_troubles += 1
        if self._http2_troubles < HTTP2_TROUBLES or self._http1_refused:
            return False
        self.http1_only = True
        return True

    def lied(self, refused: Refused, *, nothing_stored: bool) -> bool:
        """An answer to a range couldn't be used; whether ranges are given up now."""
        self._lies += 1
        self.first_lie = self.first_lie or refused
        if self._lies >= (LIES_AT_THE_START if nothing_stored else LIES_IN_A_ROW):
            self.ranged = False
        return not self.ranged
