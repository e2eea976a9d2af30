"""Drafts of responses, and the facts that the steps of planning use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.testing.faults import RequestFault
    from anymatix_fetcher.testing.messages import Body
    from anymatix_fetcher.testing.script import Chosen, ListenerName
    from anymatix_fetcher.testing.signing import Signer

NO_CONTENT = (204, 205, 304)
"""The statuses of responses without a body."""


@dataclass(frozen=True, slots=True)
class Place:
    """The listener and the time of a response.

    Attributes:
        now: Seconds since 1970.
        origin_url: ``scheme://host:port`` of the first origin.
        target_url: ``scheme://host:port`` of the second origin.
    """

    listener: ListenerName
    now: float
    origin_url: str
    target_url: str
    signer: Signer

    @property
    def url(self) -> str:
        """``scheme://host:port`` of the requested origin."""
        return self.origin_url if self.listener == "origin" else self.target_url


FaultType = TypeVar("FaultType")


@dataclass(frozen=True, slots=True)
class ChosenFaults:
    """The faults that apply, in the script's order, accessible by type."""

    chosen: Sequence[Chosen[RequestFault]]

    def all(self, kind: type[FaultType]) -> list[FaultType]:
        """All faults of a type."""
        return [one.fault for one in self.chosen if isinstance(one.fault, kind)]

    def first(self, kind: type[FaultType]) -> FaultType | None:
        """The first fault of a type, or none."""
        return next(iter(self.all(kind)), None)


@dataclass(slots=True)
class Draft:
    """A draft of a response, which becomes a `Plan`.

    Attributes:
        start: The offset in the file at which the body begins.
        signed_url: Whether it issues a signed URL.
        chunked: Whether the body is chunked, without a length.
        stated_length: A wrong Content-Length; the connection then ends with the body.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Body = ()
    start: int = 0
    signed_url: bool = False
    chunked: bool = False
    stated_length: int | None = None

    def put(self, name: str, value: str) -> None:
        """Sets a field and removes all others of the same name."""
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name: str) -> None:
        """Removes all fields of a name, case-insensitively."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]


def document(status: int, content_type: str, text: str, headers: Iterable[tuple[str, str]] = ()) -> Draft:
    """A response with a text as its body, unless the status has no body."""
    if status in NO_CONTENT:
        return Draft(status, list(headers))
    return Draft(status, [("Content-Type", content_type), *headers], (text.encode(),))


def unsatisfiable(total: str | None) -> Draft:
    """416, which should name the complete length (RFC 9110 section 15.5.17)."""
    headers = [] if total is None else [("Content-Range", f"bytes */{total}")]
    return document(416, "text/plain", "416 Range Not Satisfiable\n", headers)
