"""The ledger of an origin: the requests that it received and the bytes that it sent."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request and the status of its response (0: none).

    Attributes:
        listener: The origin that received it: ``origin``, ``target``, or the name of a stand-in's site.
        connection: The connection's number, from 1.
        target: The request target as sent, with the query.
        headers: The fields by lower-case name.
        status: The status of the final response.
    """

    listener: str
    connection: int
    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    status: int


@dataclass(frozen=True, slots=True)
class PathLedger:
    """The requests for one path.

    Attributes:
        requests: The number of requests.
        bytes_sent: Bytes of bodies that were handed to the network.
        ranges: The last 10,000 requested ranges as ``(start, stop)``, in order of arrival; a request without a range
                counts as one for the whole file.
    """

    requests: int
    bytes_sent: int
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A snapshot of the counts.

    Attributes:
        requests: Requests that were read, without those for the origin's own paths (``/_ledger``).
        origins: Requests by listener.
        methods: Requests by method.
        statuses: Final responses by status code.
        paths: Requests, bytes and ranges by path.
        faults: The number of occurrences of each fault, by its name in rules.
        bytes_sent: Bytes of bodies that were handed to the network.
        connections: Accepted connections.
        refused_connections: Accepted connections that were reset at once.
        open_connections: Connections that are open now.
        peak_connections: The largest number of connections open at once.
        active_requests: Requests being answered now; refusals (4xx, 5xx) don't count.
        peak_requests: The largest number of active requests.
        signed_urls: Signed URLs that were issued.
    """

    requests: int
    origins: Mapping[str, int]
    methods: Mapping[str, int]
    statuses: Mapping[int, int]
    paths: Mapping[str, PathLedger]
    faults: Mapping[str, int]
    bytes_sent: int
    connections: int
    refused_connections: int
    open_connections: int
    peak_connections: int
    active_requests: int
    peak_requests: int
    signed_urls: int

    def as_json(self) -> dict[str, object]:
        """The counts as plain values for ``json.dumps``."""
        return asdict(self)


@dataclass(slots=True)
class _Path:
    requests: int = 0
    bytes_sent: int = 0
    ranges: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class LedgerBook:
    """The counters behind `Ledger`; all methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._origins: Counter[str] = Counter()
        self._methods: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._faults: Counter[str] = Counter()
        self._paths: dict[str, _Path] = {}
        self._seen: deque[SeenRequest] = deque(maxlen=_REMEMBERED)
        self._connections = self._refused = self._open = self._peak_open = 0
        self._active = self._peak_active = self._signed = 0

    def connection_opened(self) -> None:
        """Counts a connection that was accepted and is served."""
        with self._lock:
            self._connections += 1
            self._open += 1
            self._peak_open = max(self._peak_open, self._open)

    def connection_refused(self) -> None:
        """Counts a connection that was accepted and reset."""
        with self._lock:
            self._connections += 1
            self._refused += 1

    def connection_closed(self) -> None:
        """Counts the end of a served connection."""
        with self._lock:
            self._open -= 1

    def request_seen(self, request: SeenRequest, path: str, span: tuple[int, int] | None) -> None:
        """Records a request with a planned response."""
        with self._lock:
            self._seen.append(request)
            self._origins[request.listener] += 1
            self._methods[request.method] += 1
            if request.status:
                self._statuses[request.status] += 1
            account = self._paths.setdefault(path, _Path())
            account.requests += 1
            if span is not None:
                account.ranges.append(span)

    def fault_happened(self, name: str) -> None:
        """Counts a fault."""
        with self._lock:
            self._faults[name] += 1

    def answer_started(self) -> None:
        """Counts an active request."""
        with self._lock:
            self._active += 1
            self._peak_active = max(self._peak_active, self._active)

    def answer_ended(self) -> None:
        """Counts the end of an active request."""
        with self._lock:
            self._active -= 1

    def active_requests(self) -> int:
        """The number of active requests."""
        with self._lock:
            return self._active

    def body_sent(self, path: str, count: int) -> None:
        """Counts bytes of a body that are passed to the network; a negative count corrects a failed send."""
        with self._lock:
            self._paths.setdefault(path, _Path()).bytes_sent += count

    def url_signed(self) -> None:
        """Counts an issued signed URL."""
        with self._lock:
            self._signed += 1

    def seen(self) -> tuple[SeenRequest, ...]:
        """The last 10,000 requests, oldest first."""
        with self._lock:
            return tuple(self._seen)

    def snapshot(self) -> Ledger:
        """The present counts."""
        with self._lock:
            paths = {
                path: PathLedger(account.requests, account.bytes_sent, tuple(account.ranges))
                for path, account in self._paths.items()
            }
            return Ledger(
                requests=self._origins.total(),
                origins=dict(self._origins),
                methods=dict(self._methods),
                statuses=dict(self._statuses),
                paths=paths,
                faults=dict(self._faults),
                bytes_sent=sum(path.bytes_sent for path in paths.values()),
                connections=self._connections,
                refused_connections=self._refused,
                open_connections=self._open,
                peak_connections=self._peak_open,
                active_requests=self._active,
                peak_requests=self._peak_active,
                signed_urls=self._signed,
            )
