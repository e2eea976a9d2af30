"""What a refusal means depends on where it came from: the same 403 is a missing token, an expired address, or a limit.

``react`` is a pure function from the refusal and the situation to what follows; the machine carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from anymatix_fetcher.core.values.refusals import Refusal

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.refusals import Refused


CONTRADICTIONS = 2
"""So many answers that contradict what is known are taken for slips; the next one is believed."""

RANGES_IN_VAIN = 3
"""After so many first requests with a range that all failed in the same way, one goes out without a range."""


class Reaction(Enum):
    """What follows from a refusal."""

    IGNORE = auto()
    """It doesn't concern the current URL, which was renewed meanwhile."""
    WAIT = auto()
    """As long as the server asks, and with fewer connections."""
    RETRY = auto()
    """It was bad luck: within the budget for that."""
    FEWER = auto()
    """The others go on, so it's the server's limit."""
    RENEW = auto()
    """The address has expired."""
    UNBIND = auto()
    """The URL may be signed for one range: the redirecting host is asked for another one, without a range."""
    ONCE_MORE = auto()
    """Storage that isn't ready yet, or a signature from the future: worth a second request, not a third."""
    WITHOUT_IF_RANGE = auto()
    """Some caches answer every If-Range with the whole file."""
    DISTRUST_RANGES = auto()
    """The answer to a range can't be used."""
    WITHOUT_RANGE = auto()
    """One stream: the range may be what is refused, before anything was accepted, or no address takes several."""
    EMPTY = auto()
    """There is nothing to send: the file has no bytes."""
    FORGET_IDENTITY = auto()
    """The content has changed, and nothing of the old one is here."""
    DISTRUST_TAGS = auto()
    """Replicas may tag identical bytes differently: blocks decide, and at the end the digest."""
    ASK_AGAIN = auto()
    """A single contradiction may be one replica's error, or another request's response; another connection decides."""
    CHANGED = auto()
    """The content isn't what it was."""
    FAIL = auto()
    """Nothing will help."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the machine knows when a refusal comes.

    Args:
        is_current: The refusal came from the address in use, or none is in use.
        derived: A redirect led to the address in use, or its source can make another one.
        served: The address in use has served already.
        redirected: The refused request was led here by a redirect.
        others_flow: Other bodies are being stored meanwhile.
        was_accepted: Its head was accepted, and its body has turned out not to fit.
        in_company: The refused request wasn't the only one when it went out: the others may have ended meanwhile.
        is_fresh: The address in use was settled a moment ago: it can't have expired.
        expired: Whether the refused address has expired, by its own deadline and the refusal's words; ``None`` where
            neither tells.
        may_be_bound: Only the range that the walk to the address in use was asked with has been served there, and
            this request asked for another one.
        range_refused: An address that was given without a range is refused for the range of its request, too.
        second_chance: The one second request hasn't been spent.
        ranged: A range was asked for.
        accepted: Something was accepted from this place already.
        is_explained: The service says in its own way why it refuses.
        is_denied: What it says is that waiting and asking again won't help.
        had_if_range: If-Range was sent.
        length: Of the representation, as far as known.
        is_known: Whether any answer was accepted so far, by this run or the one before.
        holds_bytes: Whether bytes of it are here.
        has_digest: Whether a digest will prove the whole.
        tags_disagree: Whether tags are distrusted already.
        same_length: Whether the refused answer states the length that is known, or none is.
        contradictions: How many answers have contradicted what is known so far.
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


_REFUSES_ANYBODY = frozenset({Refusal.UNAUTHORIZED, Refusal.NOT_A_MODEL, Refusal.UNSAFE_REDIRECT, Refusal.THROTTLED})
"""A request without a range would be refused in the same way."""


def react(refused: Refused, situation: Situation) -> Reaction:
    """What follows from ``refused`` in ``situation``."""
    reaction = _react(refused, situation)
    may_be_the_range = situation.ranged and not situation.accepted and not situation.is_explained
    if reaction is Reaction.FAIL and may_be_the_range and refused.kind not in _REFUSES_ANYBODY:
        return Reaction.WITHOUT_RANGE
    return reaction


def _react(refused: Refused, situation: Situation) -> Reaction:
    match refused.kind:
        case Refusal.THROTTLED:
            is_final = situation.is_denied and refused.retry_after_seconds is None and not situation.others_flow
            return Reaction.FAIL if is_final else Reaction.WAIT
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
            return Reaction.RETRY if situation.accepted else Reaction.FAIL  # else it is one replica's slip
        case Refusal.UNSAFE_REDIRECT:
            return Reaction.RETRY if situation.others_flow else Reaction.FAIL
        case _:
            assert_never(refused.kind)


def _unsatisfiable(refused: Refused, situation: Situation) -> Reaction:
    """A 416 (RFC 9110, section 15.5.17): the empty file's only answer to a range, or a contradiction."""
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
"""How an address is refused whose signature doesn't cover the request."""


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
