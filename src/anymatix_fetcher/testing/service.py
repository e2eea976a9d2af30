"""The state shared by all connections of an origin: the script with its counts, and the ledger."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote

from anymatix_fetcher.testing.delivery import Buckets
from anymatix_fetcher.testing.faults import FAULT_NAMES
from anymatix_fetcher.testing.faults.refusals import Page, Status
from anymatix_fetcher.testing.ledger import LedgerBook, SeenRequest
from anymatix_fetcher.testing.messages import Pace, Plan, requested_span
from anymatix_fetcher.testing.responses import Place, answer
from anymatix_fetcher.testing.script import (
    Chosen,
    ConnectionFacts,
    Count,
    RequestFacts,
    choose_for_connection,
    choose_for_request,
)
from anymatix_fetcher.testing.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from anymatix_fetcher.testing.faults import AnyFault, RequestFault
    from anymatix_fetcher.testing.faults.connections import ConnectionFault
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.resources import Resource
    from anymatix_fetcher.testing.script import Rule
    from anymatix_fetcher.testing.shelf import Found, Shelf

_HOSTS_OWN_PACE = -1
"""Replaces a rule's index if the host itself limits the rate."""

_REFUSALS = 400


class Caller(Protocol):
    """A connection, as the script needs it."""

    @property
    def listener(self) -> str:
        """The listener that accepted it."""

    @property
    def number(self) -> int:
        """Its number, counted from 1 over both listeners."""

    def rank(self) -> int:
        """Its place among the open ones of its listener, by age, from 1."""


class Exchange(NamedTuple):
    """A request and its planned response.

    Attributes:
        path: The path under which the ledger counts its bytes.
        counted: Whether it counts as an active request.
    """

    plan: Plan
    path: str
    counted: bool


class Service:
    """Chooses the faults and plans the responses; its methods may be called from any thread.

    Args:
        seed: The seed of signatures and of rules that apply by chance.
        shelf: Finds the file for a request.
        clock: The time in seconds since 1970, for the expiry of signatures.

    Attributes:
        book: The ledger.
        buckets: The token buckets of limited rates.
        closing: Set when the origin closes.
    """

    def __init__(self, seed: int, shelf: Shelf, clock: Callable[[], float] = time.time) -> None:
        self.book = LedgerBook()
        self.buckets = Buckets()
        self.closing = threading.Event()
        self._seed = seed
        self._signer = Signer(hashlib.sha256(f"signing:{seed}".encode()).digest())
        self._lock = threading.Lock()
        self._shelf = shelf
        self._clock = clock
        self._rules: list[Rule] = []
        self._counts: list[Count] = []
        self._retired = 0
        self._urls: Mapping[str, str] = {}
        self._started_at = 0.0

    def begin(self, urls: Mapping[str, str]) -> None:
        """Starts the clock of the script; the URLs are the listeners' ``scheme://host:port``."""
        self._urls = urls
        self._started_at = time.monotonic()

    def add_rules(self, rules: Sequence[Rule]) -> None:
        """Appends rules."""
        with self._lock:
            self._rules = [*self._rules, *rules]
            self._counts = [*self._counts, *(Count() for _ in rules)]

    def clear_rules(self) -> None:
        """Removes all rules; responses in progress continue as planned."""
        with self._lock:
            # The token buckets are kept by rule index, so no index is used twice.
            self._retired += len(self._rules)
            self._rules, self._counts = [], []

    def meet(self, caller: Caller) -> list[ConnectionFault]:
        """Chooses the faults of a new connection."""
        with self._lock:
            facts = self._connection_facts(caller)
            chosen, self._counts = choose_for_connection(self._rules, self._counts, facts, self._seed)
        self._note_faults(chosen)
        return [one.fault for one in chosen]

    def exchange(self, request: Request, caller: Caller) -> Exchange:
        """Plans the response to a request, and counts the request."""
        own = self._own_answer(request, caller)
        if own is not None:
            return Exchange(own, request.path, counted=False)
        found = self._shelf.find(request, caller.listener, self._clock())
        with self._lock:
            facts = self._request_facts(request, found, caller)
            chosen, self._counts = choose_for_request(self._rules, self._counts, facts, self._seed)
            chosen = [Chosen(one.index + self._retired, one.fault) for one in chosen]
            # Under the lock, because two simultaneous requests could otherwise both be the last one allowed.
            refused = found.said is not None and found.said.status >= _REFUSALS
            counted = not refused and not any(isinstance(one.fault, Status | Page) for one in chosen)
            if counted:
                self.book.answer_started()
        self._note_faults(chosen)
        try:
            plan = self._plan(request, found, chosen, caller)
        except BaseException:
            if counted:
                self.book.answer_ended()
            raise
        if plan.signed_url:
            self.book.url_signed()
        answered = plan.ending is None or plan.ending.after is not None
        status = plan.status if answered else 0
        seen = SeenRequest(caller.listener, caller.number, request.method, request.target, request.headers, status)
        self.book.request_seen(seen, found.account, facts.span)
        return Exchange(plan, found.account, counted)

    def _plan(self, request: Request, found: Found, chosen: Sequence[Chosen[RequestFault]], caller: Caller) -> Plan:
        own = self._urls[caller.listener]
        origin, target = self._urls.get("origin", own), self._urls.get("target", own)
        place = Place(self._shelf.role(caller.listener), self._clock(), origin, target, self._signer)
        plan = answer(request, found.resource, chosen, place, found.said)
        if found.bytes_per_second is None:
            return plan
        return replace(plan, paces=(*plan.paces, Pace(_HOSTS_OWN_PACE, found.bytes_per_second, "connection")))

    def _connection_facts(self, caller: Caller) -> ConnectionFacts:
        """The facts of a connection; the lock is held."""
        # The rank needs a system call for every older connection, so it is computed only if a rule uses it.
        ranked = any(rule.when.connections_above is not None for rule in self._rules)
        rank = caller.rank() if ranked else 1
        role = self._shelf.role(caller.listener)
        return ConnectionFacts(role, caller.number, rank, time.monotonic() - self._started_at)

    def _request_facts(self, request: Request, found: Found, caller: Caller) -> RequestFacts:
        """The facts of a request; the lock is held."""
        return RequestFacts(
            on=self._connection_facts(caller),
            method=request.method,
            path=unquote(request.path) if found.resource is None else found.resource.path,
            span=_span(request, found.resource),
            ranged="range" in request.headers,
            active=self.book.active_requests(),
            headers=request.headers,
        )

    def _note_faults(self, chosen: Sequence[Chosen[ConnectionFault]] | Sequence[Chosen[RequestFault]]) -> None:
        for one in chosen:
            fault: AnyFault = one.fault
            self.book.fault_happened(FAULT_NAMES[type(fault)])

    def _own_answer(self, request: Request, caller: Caller) -> Plan | None:
        """The response to ``/_ledger`` and ``/_sha256/...``, to which no rules apply."""
        if request.path == "/_ledger":
            body = json.dumps(self.book.snapshot().as_json(), indent=1).encode()
            return _own_plan(200, "application/json", body)
        if request.path.startswith("/_sha256/"):
            asked = replace(request, path=request.path.removeprefix("/_sha256"))
            resource = self._shelf.find(asked, caller.listener, self._clock()).resource
            if resource is None:
                return _own_plan(404, "text/plain", b"404 Not Found\n")
            return _own_plan(200, "text/plain", resource.content.sha256().encode())
        return None


def _own_plan(status: int, content_type: str, body: bytes) -> Plan:
    return Plan(status, (("Content-Type", content_type), ("Content-Length", str(len(body)))), (body,))


def _span(request: Request, resource: Resource | None) -> tuple[int, int] | None:
    """The requested span of the file."""
    if resource is None:
        return None
    size = resource.content.size
    match requested_span(request.headers.get("range"), size):
        case "whole":
            return 0, size
        case "unsatisfiable":
            return None
        case span:
            return span
