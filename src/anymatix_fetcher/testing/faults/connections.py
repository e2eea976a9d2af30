"""Faults of new connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from anymatix_fetcher.testing.parameters import Kind, Parameter


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is reset as soon as it is accepted."""

    example: ClassVar[str] = "refuse:connections_above=4"


@dataclass(frozen=True, slots=True)
class Deaf:
    """The connection is accepted and never read, not even for a TLS handshake."""

    example: ClassVar[str] = "deaf:connection=2"


@dataclass(frozen=True, slots=True)
class Banner:
    """The server sends a line of another protocol and closes the connection."""

    example: ClassVar[str] = "banner:connection=1"
    text: Annotated[str, Parameter(Kind.TEXT, "the line, without line end")] = "SSH-2.0-OpenSSH_9.6"


ConnectionFault = Refuse | Deaf | Banner
"""The faults that are chosen when a connection is accepted."""
