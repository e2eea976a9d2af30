"""What happens to a connection as soon as it is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from anymatix_fetcher.testing.parameters import Kind, Parameter


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is reset as soon as it was accepted."""

    example: ClassVar[str] = "refuse:connections_above=4"


@dataclass(frozen=True, slots=True)
class Deaf:
    """The connection is accepted and never read, not even for a TLS handshake."""

    example: ClassVar[str] = "deaf:connection=2"


@dataclass(frozen=True, slots=True)
class Banner:
    """The connection is greeted with a line of another protocol and closed."""

    example: ClassVar[str] = "banner:connection=1"
    text: Annotated[str, Parameter(Kind.TEXT, "the line, without its end")] = "SSH-2.0-OpenSSH_9.6"


ConnectionFault = Refuse | Deaf | Banner
"""What is decided when a connection is accepted."""
