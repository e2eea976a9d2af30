"""Rules, and the choice of those that apply to a connection or request. Pure.

A rule is a fault and a match. All conditions of a match must hold. ``request`` then counts the requests for which
they do: ``Match(path="/m.bin", ranged=True, request=2)`` is the second ranged request for that file, and
``Match(request=2)`` the second request of all. ``times`` limits how often the rule applies.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar, get_args

from anymatix_fetcher.testing.faults.connections import ConnectionFault
from anymatix_fetcher.testing.faults.representations import Flip
from anymatix_fetcher.testing.parameters import Kind, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.testing.faults import AnyFault, RequestFault

ListenerName = Literal["origin", "target"]
"""The origin itself, or the second one, the target of signed URLs and some redirects."""

_ORDINAL = re.compile(r"(\d+)(-)?(\d+)?")
_REQUEST_ONLY = ("path", "method", "ranged", "starts", "touches", "request", "requests_above", "header")


def ordinals(value: int | str) -> tuple[int, int | None]:
    """The first and the last number (none: no end) in ``3``, ``"3"``, ``"3-"`` or ``"3-5"``, counted from 1.

    Raises:
        ValueError: If ``value`` has another form.
    """
    found = _ORDINAL.fullmatch(str(value))
    if found is None or int(found[1]) < 1 or (found[3] and not found[2]):
        raise ValueError(f"{value!r} is not of the form 3, 3- or 3-5")
    first = int(found[1])
    last = int(found[3]) if found[3] else None if found[2] else first
    if last is not None and last < first:
        raise ValueError(f"{value!r} ends before it begins")
    return first, last


@dataclass(frozen=True, slots=True)
class Match:
    """The conditions of a rule; omitted ones always hold.

    Spans are half-open offsets in the file; a request without a range counts as one for the whole file.

    Raises:
        ValueError: If a value is invalid; the message begins with its name.
    """

    path: Annotated[str | None, Parameter(Kind.TEXT, "the path, unescaped, without query; * and ? are wildcards")] = (
        None
    )
    method: Annotated[str | None, Parameter(Kind.TEXT, "GET, HEAD, ...")] = None
    ranged: Annotated[bool | None, Parameter(Kind.YES_NO, "whether there is a Range header")] = None
    starts: Annotated[
        tuple[int, int] | None, Parameter(Kind.SPAN, "the request's range starts in this span of the file")
    ] = None
    touches: Annotated[
        tuple[int, int] | None, Parameter(Kind.SPAN, "the request's range covers a byte of this span")
    ] = None
    header: Annotated[str | None, Parameter(Kind.TEXT, "a request header, such as 'User-Agent: *Python*'")] = None
    request: Annotated[
        int | str | None, Parameter(Kind.ORDINAL, "the n-th request for which all other conditions hold")
    ] = None
    connection: Annotated[int | str | None, Parameter(Kind.ORDINAL, "the n-th accepted connection")] = None
    connections_above: Annotated[int | None, Parameter(Kind.COUNT, "connections beyond this number of open ones")] = (
        None
    )
    requests_above: Annotated[int | None, Parameter(Kind.COUNT, "requests beyond this number of active ones")] = None
    at: Annotated[
        ListenerName | None, Parameter(Kind.CHOICE, "the first origin, or the second one, the target of signed URLs")
    ] = None
    since: Annotated[float | None, Parameter(Kind.SECONDS, "seconds after the start from which it applies")] = None
    until: Annotated[float | None, Parameter(Kind.SECONDS, "seconds after the start until which it applies")] = None
    chance: Annotated[float | None, Parameter(Kind.SHARE, "the share of matches, drawn from the seed")] = None
    times: Annotated[int | None, Parameter(Kind.COUNT, "the largest number of applications")] = None

    def __post_init__(self) -> None:
        _check_ordinals(self)
        _check_numbers(self)
        if self.header is not None and ":" not in self.header:
            raise ValueError(f"header: {self.header!r} has no colon")
        if self.at not in (None, *get_args(ListenerName)):
            raise ValueError(f"at: {self.at!r} is neither 'origin' nor 'target'")


def _check_ordinals(match: Match) -> None:
    for name in ("request", "connection"):
        value = getattr(match, name)
        if value is not None:
            try:
                ordinals(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None


def _check_numbers(match: Match) -> None:
    for name in ("starts", "touches"):
        span = getattr(match, name)
        if span is not None and not 0 <= span[0] < span[1]:
            raise ValueError(f"{name}: [{span[0]}, {span[1]}) is not a span")
    for name in ("connections_above", "requests_above", "since", "until", "times"):
        value = getattr(match, name)
        if value is not None and value < 0:
            raise ValueError(f"{name}: {value} is negative")
    if match.chance is not None and not 0 <= match.chance <= 1:
        raise ValueError(f"chance: {match.chance} isn't between 0 and 1")


ALWAYS = Match()


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault and its conditions.

    Raises:
        ValueError: If the fault concerns connections but the match concerns requests.
    """

    fault: AnyFault
    when: Match = ALWAYS

    def __post_init__(self) -> None:
        if isinstance(self.fault, ConnectionFault):
            for name in _REQUEST_ONLY:
                if getattr(self.when, name) is not None:
                    raise ValueError(
                        f"{name}: {type(self.fault).__name__} is chosen when a connection is accepted, "
                        f"so it can't depend on a request"
                    )


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """The facts about a connection that conditions use.

    Attributes:
        listener: The listener that accepted it.
        connection: Its number, counted from 1 over all listeners.
        rank: Its place among the open ones of its listener, by age, from 1.
        seconds: The time since the origin started.
    """

    listener: ListenerName = "origin"
    connection: int = 1
    rank: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """The facts about a request that conditions use.

    Attributes:
        on: The facts about its connection.
        span: The requested span of the file; none without a file.
        ranged: Whether it has a Range header.
        active: The number of other active requests.
        headers: The fields by lower-case name.
    """

    on: ConnectionFacts
    method: str = "GET"
    path: str = "/"
    span: tuple[int, int] | None = None
    ranged: bool = False
    active: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Count:
    """The number of times that a rule's conditions held, and that it applied."""

    seen: int = 0
    applied: int = 0


FaultType = TypeVar("FaultType")


@dataclass(frozen=True, slots=True)
class Chosen(Generic[FaultType]):
    """A fault that applies, and the index of its rule."""

    index: int
    fault: FaultType


def choose_for_connection(
    rules: Sequence[Rule], counts: Sequence[Count], facts: ConnectionFacts, seed: int
) -> tuple[list[Chosen[ConnectionFault]], list[Count]]:
    """The faults of a new connection, and the updated counts."""
    after = list(counts)
    chosen: list[Chosen[ConnectionFault]] = []
    for index, rule in enumerate(rules):
        if isinstance(rule.fault, ConnectionFault) and _connection_holds(rule.when, facts):
            after[index], applies = _counted(rule.when, after[index], f"{seed}:{index}")
            if applies:
                chosen.append(Chosen(index, rule.fault))
    return chosen, after


def choose_for_request(
    rules: Sequence[Rule], counts: Sequence[Count], facts: RequestFacts, seed: int
) -> tuple[list[Chosen[RequestFault]], list[Count]]:
    """The faults of a request in the script's order, and the updated counts."""
    after = list(counts)
    chosen: list[Chosen[RequestFault]] = []
    for index, rule in enumerate(rules):
        fault = rule.fault
        if isinstance(fault, ConnectionFault):
            continue
        if not _connection_holds(rule.when, facts.on) or not _request_holds(rule.when, facts):
            continue
        if isinstance(fault, Flip) and not any(_touches(facts, at, at + 1) for at in fault.offsets):
            continue
        after[index], applies = _counted(rule.when, after[index], f"{seed}:{index}")
        if applies:
            chosen.append(Chosen(index, fault))
    return chosen, after


def _connection_holds(when: Match, facts: ConnectionFacts) -> bool:
    return (
        when.at in (None, facts.listener)
        and (when.connection is None or _within(when.connection, facts.connection))
        and (when.connections_above is None or facts.rank > when.connections_above)
        and (when.since is None or facts.seconds >= when.since)
        and (when.until is None or facts.seconds < when.until)
    )


def _request_holds(when: Match, facts: RequestFacts) -> bool:
    return (
        (when.path is None or fnmatchcase(facts.path, when.path))
        and (when.method is None or facts.method == when.method.upper())
        and (when.ranged is None or facts.ranged == when.ranged)
        and (when.starts is None or _starts(facts, *when.starts))
        and (when.touches is None or _touches(facts, *when.touches))
        and (when.requests_above is None or facts.active >= when.requests_above)
        and (when.header is None or _has_header(facts, when.header))
    )


def _within(value: int | str, number: int) -> bool:
    first, last = ordinals(value)
    return first <= number and (last is None or number <= last)


def _starts(facts: RequestFacts, start: int, stop: int) -> bool:
    return facts.span is not None and start <= facts.span[0] < stop


def _touches(facts: RequestFacts, start: int, stop: int) -> bool:
    return facts.span is not None and facts.span[0] < stop and start < facts.span[1]


def _has_header(facts: RequestFacts, wanted: str) -> bool:
    name, _, pattern = wanted.partition(":")
    value = facts.headers.get(name.strip().lower())
    return value is not None and fnmatchcase(value, pattern.strip())


def _counted(when: Match, count: Count, key: str) -> tuple[Count, bool]:
    count = replace(count, seen=count.seen + 1)
    applies = (
        (when.request is None or _within(when.request, count.seen))
        and (when.times is None or count.applied < when.times)
        and (when.chance is None or _draw(f"{key}:{count.seen}") < when.chance)
    )
    return (replace(count, applied=count.applied + 1) if applies else count), applies


def _draw(key: str) -> float:
    """A number in [0, 1) that depends only on the key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
