"""The failures of an exchange as values; transports return them instead of raising."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FailureKind(Enum):
    """Why an exchange has failed."""

    RESOLVE = "name not resolved"
    """The host's name has no address, or the resolver doesn't respond."""
    CONNECT = "not connected"
    """Refused, unreachable, or not connected in time."""
    TLS = "certificate refused"
    """The handshake failed or the certificate isn't trusted: never retried, never weakened."""
    PROXY = "proxy refused"
    """The proxy can't be reached, or refused the tunnel."""
    LOST = "connection lost"
    """Reset, closed, or ended before the promised length."""
    SILENT = "no bytes"
    """Nothing arrived in time."""
    PROTOCOL = "not HTTP"
    """The response violates HTTP."""
    HTTP2 = "HTTP/2 trouble"
    """A stream or the connection failed in a way that HTTP/1.1 may avoid."""
    STORAGE = "not stored"
    """The sink couldn't take the bytes; ``os_error`` says why."""
    BUG = "internal error"
    """The sink or the transport raised an unexpected exception, which is logged."""
    INSIDE = "not a public address"
    """Only public addresses may be asked, and the host has no public one."""
    UNUSABLE = "can't be asked"
    """The request can't be sent: a malformed proxy, an unreadable CA file, a missing feature."""


_TOLD_BY_DETAIL = frozenset(
    {
        *(FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS, FailureKind.PROXY, FailureKind.LOST),
        *(FailureKind.SILENT, FailureKind.HTTP2, FailureKind.INSIDE),
    }
)
"""The kinds with details that are complete clauses: "the certificate has expired"."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed exchange.

    ``detail`` is a clause for people, without URL, query or credentials; ``os_error`` is the errno, if there is one.
    """

    kind: FailureKind
    detail: str = ""
    os_error: int | None = None

    def __str__(self) -> str:
        if not self.detail:
            return self.kind.value
        return self.detail if self.kind in _TOLD_BY_DETAIL else f"{self.kind.value}: {self.detail}"
