"""The server's abilities, learned from its responses rather than from what it advertises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.reaction import RANGES_IN_VAIN
from anymatix_fetcher.core.values.failures import Failure, FailureKind

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused, Request

HTTP2_TROUBLES = 2
"""After this many stream errors, HTTP/1.1 is used; a single one may be accidental."""
RESETS = frozenset({FailureKind.LOST, FailureKind.PROTOCOL, FailureKind.HTTP2})
"""The failures by which a server may reject a range."""
_OF_A_VERSION = frozenset({FailureKind.TLS, FailureKind.PROTOCOL, FailureKind.LOST, FailureKind.CONNECT})
"""The failures of servers without a version of HTTP: in the handshake, or without a response."""
UNUSABLE_IN_A_ROW = 3
"""After this many unusable responses to ranges, the file is fetched as one stream."""
UNUSABLE_AT_THE_START = 2
"""The same if nothing is stored yet that a stream would fetch again."""


@dataclass(slots=True)
class ServerAbilities:
    """The abilities of one server.

    Args:
        ranged: Whether ranges may be requested.
        range_proved: Whether it has served a range.
        accepted: Whether any of its responses was accepted.
        takes_if_range: Whether If-Range may be sent; some caches answer it with the whole file.
        http1_only: Whether HTTP/2 has failed repeatedly, and HTTP/1.1 wasn't refused.
        http1_refused: Whether HTTP/1.1 was refused.
        tags_disagree: Whether its replicas have different entity tags for the same bytes.
        contradictions: The number of its responses that contradicted what is known.
        why_one_stream: Why one stream is used, for people; empty if it simply doesn't support ranges.
        first_unusable: The first of the current series of unusable responses to ranges.
        range_left_out: Whether a request was sent without a range, because those with one had failed.
    """

    ranged: bool = True
    range_proved: bool = False
    accepted: bool = False
    takes_if_range: bool = True
    http1_only: bool = False
    http1_refused: bool = False
    tags_disagree: bool = False
    contradictions: int = 0
    why_one_stream: str = ""
    first_unusable: Refused | None = None
    range_left_out: bool = False
    _unusable: int = 0
    _vain: tuple[object, int] = (None, 0)
    _http2_troubles: int = 0

    def give_up_ranges(self, why: str = "") -> None:
        """Stops requesting ranges; ``why`` explains it to people, if there is something to explain."""
        self.ranged = False
        self.why_one_stream = why or self.why_one_stream

    def accept(self) -> None:
        """Records an accepted response."""
        self.accepted = True

    def refuses_if_range(self) -> None:
        """Stops sending If-Range."""
        self.takes_if_range = False

    def contradicted(self) -> None:
        """Counts a response that contradicted what is known."""
        self.contradictions += 1

    def distrust_tags(self) -> None:
        """Records that its replicas have different entity tags for the same bytes."""
        self.tags_disagree = True

    def range_answered(self, *, ranged: bool) -> None:
        """Records a usable response to a range: the range, or the whole."""
        self.ranged = ranged
        self.range_proved |= ranged
        self._unusable, self.first_unusable = 0, None

    def leaves_range_out(self, request: Request, why: Refused | Failure, *, patient: bool) -> bool:
        """Whether the next request goes out without a range, once, because ranges may have caused the failures.

        While retries are left, that requires that all requests failed alike. If the request without a range fails too,
        ranges aren't the cause.

        Args:
            request: The failed request.
            why: The failure.
            patient: Whether an equal request may be sent.
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
        """Whether to send a failed ``request`` again in another version of HTTP, which may not fail alike.

        A stream's error isn't one of its connection, and some servers support HTTP/2 only, so a single failure excludes
        neither version permanently.
        """
        if request.http1_only and not answered and self.http1_only and kind in _OF_A_VERSION:
            self.http1_only, self.http1_refused = False, True
            return True
        if request.parallel and not answered and not self.http1_refused and kind is FailureKind.TLS:
            self.http1_refused = True  # as by a server without HTTP/1.1, in the handshake
            return True
        if kind is not FailureKind.HTTP2 or request.http1_only:
            return False
        self._http2_troubles += 1
        if self._http2_troubles < HTTP2_TROUBLES or self.http1_refused:
            return False
        self.http1_only = True
        return True

    def count_unusable(self, refused: Refused, *, nothing_stored: bool) -> bool:
        """Counts an unusable response to a range; returns whether ranges are given up now."""
        self._unusable += 1
        self.first_unusable = self.first_unusable or refused
        if self._unusable >= (UNUSABLE_AT_THE_START if nothing_stored else UNUSABLE_IN_A_ROW):
            self.ranged = False
        return not self.ranged
