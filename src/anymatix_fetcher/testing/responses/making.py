"""A response in the making: what its steps know, and what they write."""

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
"""The statuses whose responses have no body."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a request is answered.

    Attributes:
        now: Seconds since 1970.
        origin_url: ``scheme://host:port`` of the first origin.
        target_url: The same of the second one.
    """

    listener: ListenerName
    now: float
    origin_url: str
    target_url: str
    signer: Signer

    @property
    def url(self) -> str:
        """``scheme://host:port`` of the one that was asked."""
        return self.origin_url if self.listener == "origin" else self.target_url


FaultType = TypeVar("FaultType")


@dataclass(frozen=True, slots=True)
class ChosenFaults:
    """The faults that apply, in the script's order, asked for by type."""

    chosen: Sequence[Chosen[RequestFault]]

    def all(self, kind: type[FaultType]) -> list[FaultType]:
        """Those of a type."""
        return [one.fault for one in self.chosen if isinstance(one.fault, kind)]

    def first(self, kind: type[FaultType]) -> FaultType | None:
        """The first one of a type, if there is any."""
        return next(iter(self.all(kind)), None)


@dataclass(slots=True)
class Draft:
    """A response in the making; becomes a `Plan`.

    Attributes:
        start: The offset of the file at which the body begins.
        signed_url: Whether it gives out a signed URL.
        chunked: Whether the body comes in chunks, without a length.
        stated_length: What Content-Length says where it is wrong; the connection ends with the body then.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Body = ()
    start: int = 0
    signed_url: bool = False
    chunked: bool = False
    stated_length: int | None = None

    def put(self, name: str, value: str) -> None:
        """Sets a field, in place of all of the same name."""
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name: str) -> None:
        """Leaves out every field of a name, in whatever case."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]


def document(status: int, content_type: str, text: str, headers: Iterable[tuple[str, str]] = ()) -> Draft:
    """A response whose body is a text; statuses that have no body go without it."""
    if status in NO_CONTENT:
        return Draft(status, list(headers))
    return Draft(status, [("Content-Type", content_type), *headers], (text.encode(),))


def unsatisfiable(total: str | None) -> Draft:
    """416, which should name the complete length (RFC 9110 section 15.5.17)."""
    headers = [] if total is None else [("Content-Range", f"bytes */{total}")]
    return document(416, "text/plain", "416 Range Not Satisfiable\n", headers)
