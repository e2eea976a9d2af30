"""Decides what to do after a refusal: the same 403 is a missing token, an expired URL, or a limit.

``react`` is a pure function of the refusal and the situation. The machine executes the reaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused


CONTRADICTIONS = 2
"""The number of contradicting responses that are taken for errors of replicas; the next one is believed."""

RANGES_IN_VAIN = 3
"""After this many first requests with a range that failed alike, one is sent without a range."""


class Reaction(Enum):
    """The reaction to a refusal."""

    IGNORE = auto()
    """It concerns an old URL, which was renewed meanwhile."""
    WAIT = auto()
    """Back off for as long as the server asks, and use fewer connections."""
    RETRY = auto()
    """A temporary error: retry within the budget."""
    FEWER = auto()
    """Other requests succeed, so it is the server's limit on connections."""
    RENEW = auto()
    """The URL has expired."""
    UNBIND = auto()
    """The URL may be signed for one range: ask the redirecting host for another one, without a range."""
    ONCE_MORE = auto()
    """Storage may not be ready yet, or the signature not valid yet: worth a second request, but not a third."""
    ONCE_MORE_WITHOUT_RANGE = auto()
    """The same, but the range may be the reason as well: one more walk without it settles both."""
    WITHOUT_IF_RANGE = auto()
    """Some caches answer every If-Range with the whole file."""
    DISTRUST_RANGES = auto()
    """The response to a range is unusable."""
    WITHOUT_RANGE = auto()
    """Use one stream: ranges may be refused before anything was accepted, or no URL serves several."""
    EMPTY = auto()
    """The file is empty, so no range can be satisfied."""
    FORGET_IDENTITY = auto()
    """The content has changed, and no bytes of the old content are stored."""
    DISTRUST_TAGS = auto()
    """Replicas may have different tags for identical bytes: blocks decide, and finally the digest."""
    ASK_AGAIN = auto()
    """A single contradiction may be an error of one replica, or another request's response: use another connection."""
    CHANGED = auto()
    """The content has changed."""
    FAIL = auto()
    """The refusal is final."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The machine's state when a refusal arrives.

    Args:
        is_current: Whether the refusal came from the current URL, or there is none.
        derived: Whether a redirect led to the current URL, or its source can make another one.
        served: Whether the current URL has served something.
        redirected: Whether a redirect led to the refused request.
        others_flow: Whether other bodies are being transferred.
        was_accepted: Whether its head was accepted, and its body turned out not to fit.
        in_company: Whether other requests were in flight when the refused one was sent; they may have ended meanwhile.
        is_fresh: Whether the current URL was just resolved, so that it can't have expired.
        expired: Whether the refused URL has expired, by its own deadline and the refusal's text; ``None`` if unknown.
        may_be_bound: Whether the current URL has served only the range of its resolution, and this request is for
            another one.
        range_refused: Whether a URL that was requested without a range may refuse ranges, too.
        second_chance: Whether the one second request is unspent.
        ranged: Whether a range was requested.
        accepted: Whether a response from this place was accepted before.
        is_explained: Whether the service states its own reason for the refusal.
        is_denied: Whether that reason excludes that waiting and retrying helps.
        had_if_range: Whether If-Range was sent.
        length: The length of the representation; ``None`` if unknown.
        is_known: Whether any response was accepted, in this run or an earlier one.
        holds_bytes: Whether bytes of it are stored.
        has_digest: Whether a digest will verify the whole.
        tags_disagree: Whether entity tags are distrusted already.
        same_length: Whether the refused response states the known length, or none is known.
        contradictions: The number of responses so far that contradicted what is known.
    """

    is_current: bool = True
    derived: bool = False
    served: bool = False
    redirected: bool = False
    others_flow: bool = False
    was_accepted: bool = False
    in_company: bool = False
    is_fresh: bool = False
    expired: bool | None = None
    may_be_bound: bool = False
    range_refused: bool = False
    second_chance: bool = True
    ranged: bool = True
    accepted: bool = False
    is_explained: bool = False
    is_denied: bool = False
    had_if_range: bool = False
    length: int | None = None
    is_known: bool = False
    holds_bytes: bool = False
    has_digest: bool = False
    tags_disagree: bool = False
    same_length: bool = True
    contradictions: int = 0


_UNRELATED_TO_RANGE = frozenset({Refusal.UNAUTHORIZED, Refusal.NOT_A_MODEL, Refusal.UNSAFE_REDIRECT, Refusal.THROTTLED})
"""Refusals that a request without a range would get as well."""
_MISSING = frozenset({Refusal.NOT_FOUND, Refusal.GONE})
"""Refusals that are mostly true, so that few requests are spent on them."""


def react(refused: Refused, situation: Situation) -> Reaction:
    """The reaction to ``refused`` in ``situation``."""
    reaction = _react(refused, situation)
    may_be_the_range = situation.ranged and not situation.accepted and not situation.is_explained
    if not may_be_the_range or refused.kind in _UNRELATED_TO_RANGE:
        return reaction
    if reaction is Reaction.ONCE_MORE and refused.kind in _MISSING:
        return Reaction.ONCE_MORE_WITHOUT_RANGE
    return Reaction.WITHOUT_RANGE if reaction is Reaction.FAIL else reaction


def _react(refused: Refused, situation: Situation) -> Reaction:
    match refused.kind:
        case Refusal.THROTTLED:
            return _throttled(refused, situation)
        case Refusal.UNAVAILABLE:
            return Reaction.RETRY
        case Refusal.RANGE_IGNORED if situation.had_if_range:
            return Reaction.WITHOUT_IF_RANGE
        case Refusal.RANGE_IGNORED | Refusal.MISLABELLED | Refusal.ENCODED:
            return Reaction.DISTRUST_RANGES if situation.ranged else Reaction.FAIL
        case Refusal.UNSATISFIABLE:
            return _unsatisfiable(refused, situation)
        case Refusal.CHANGED:
            return _changed(situation)
        case (
            Refusal.UNAUTHORIZED
            | Refusal.FORBIDDEN
            | Refusal.NOT_FOUND
            | Refusal.GONE
            | Refusal.BAD_REQUEST
            | Refusal.NOT_A_MODEL
        ):
            return _denied(refused, situation)
        case Refusal.UNEXPECTED:
            return Reaction.RETRY if situation.accepted else Reaction.FAIL  # otherwise an error of one replica
        case Refusal.UNSAFE_REDIRECT:
            return Reaction.RETRY if situation.others_flow else Reaction.FAIL
        case _:
            assert_never(refused.kind)


def _throttled(refused: Refused, situation: Situation) -> Reaction:
    """A 429 or 503. Without a time, beside responses in transfer, it is a limit on connections."""
    if refused.retry_after_seconds is not None:
        return Reaction.WAIT
    if situation.others_flow:
        return Reaction.FEWER
    return Reaction.FAIL if situation.is_denied else Reaction.WAIT


def _unsatisfiable(refused: Refused, situation: Situation) -> Reaction:
    """A 416 (RFC 9110, section 15.5.17): an empty file's only response to a range, or a contradiction."""
    if not situation.ranged:
        return Reaction.FAIL
    if refused.length is not None and situation.length not in (None, refused.length):
        return _contradicted(situation)
    if not situation.is_known:
        return Reaction.EMPTY if refused.length == 0 else Reaction.WITHOUT_RANGE
    return Reaction.DISTRUST_RANGES


def _changed(situation: Situation) -> Reaction:
    says_what_else = not situation.was_accepted
    if situation.is_known and says_what_else and not situation.holds_bytes and not situation.others_flow:
        return Reaction.FORGET_IDENTITY
    if situation.has_digest and situation.same_length and not situation.tags_disagree:
        return Reaction.DISTRUST_TAGS
    return _contradicted(situation)


def _contradicted(situation: Situation) -> Reaction:
    return Reaction.CHANGED if situation.contradictions >= CONTRADICTIONS else Reaction.ASK_AGAIN


_OF_A_SIGNATURE = frozenset({Refusal.FORBIDDEN, Refusal.UNAUTHORIZED, Refusal.BAD_REQUEST})
"""The refusals of a URL with a signature that doesn't cover the request."""


def _denied(refused: Refused, situation: Situation) -> Reaction:
    kind = refused.kind
    if not situation.is_current:
        return Reaction.IGNORE
    if kind in _OF_A_SIGNATURE and situation.ranged and not situation.expired:
        if situation.may_be_bound and (situation.is_fresh or situation.expired is False):
            return Reaction.UNBIND
        if situation.range_refused and not situation.in_company:
            return Reaction.WITHOUT_RANGE
    is_limit = situation.others_flow or situation.in_company
    may_have_expired = situation.served and not (is_limit and situation.is_fresh)
    has_expired = may_have_expired if situation.expired is None else situation.expired
    if has_expired and (situation.derived or situation.redirected):
        return Reaction.RENEW
    if is_limit:
        return Reaction.FEWER
    if kind is Refusal.NOT_A_MODEL:
        return Reaction.FAIL
    if kind is Refusal.NOT_FOUND and refused.headers.get("X-Error-Code") is not None:
        return (
            Reaction.FAIL
        )  # a hub that says what is missing (https://huggingface.co/docs/hub/api) doesn't mean "not yet"
    is_slip = kind is Refusal.NOT_FOUND and situation.accepted
    worth_another = is_slip or situation.redirected or situation.derived
    return Reaction.ONCE_MORE if situation.second_chance and worth_another else Reaction.FAIL
