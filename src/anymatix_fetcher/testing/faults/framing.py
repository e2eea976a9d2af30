"""How the end of a body is told, and what follows after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_non_negative, require_positive


@dataclass(frozen=True, slots=True)
class WrongContentLength:
    """The Content-Length disagrees with the body, and the connection closes after what there is."""

    example: ClassVar[str] = "content-length:by=-100"
    by: Annotated[int, Parameter(Kind.SIZE, "added to the truth; may be negative")] = 0
    text: Annotated[str | None, Parameter(Kind.TEXT, "the value itself, such as '+10' or '10, 10'")] = None


@dataclass(frozen=True, slots=True)
class Chunked:
    """The body comes in chunks, without a length."""

    example: ClassVar[str] = "chunked:end=missing"
    size: Annotated[int, Parameter(Kind.SIZE, "the most in one chunk")] = 65536
    end: Annotated[
        Literal["proper", "missing", "broken"],
        Parameter(Kind.CHOICE, "proper, without the last chunk, or a chunk size that is no number"),
    ] = "proper"
    length: Annotated[
        Literal["absent", "present"], Parameter(Kind.CHOICE, "whether a Content-Length stands beside it")
    ] = "absent"

    def __post_init__(self) -> None:
        require_positive(size=self.size)


@dataclass(frozen=True, slots=True)
class CloseDelimited:
    """The body ends where the connection does, as in HTTP/1.0, and no length is said."""

    example: ClassVar[str] = "close-delimited:version=1.0"
    version: Annotated[Literal["1.0", "1.1"], Parameter(Kind.CHOICE, "the version in the status line")] = "1.0"


@dataclass(frozen=True, slots=True)
class Gzip:
    """The body is compressed although it wasn't requested, whole or slice."""

    example: ClassVar[str] = "gzip:request=1"


@dataclass(frozen=True, slots=True)
class Extra:
    """More bytes follow after the declared end of the body, on a connection that goes on."""

    example: ClassVar[str] = "extra:size=100"
    size: Annotated[int, Parameter(Kind.SIZE, "how many; ignored for a response")] = 1
    looks: Annotated[Literal["junk", "response"], Parameter(Kind.CHOICE, "junk, or a whole valid response")] = "junk"

    def __post_init__(self) -> None:
        require_non_negative(size=self.size)


FramingFault = WrongContentLength | Chunked | CloseDelimited | Gzip | Extra
