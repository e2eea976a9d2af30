"""Faults in the framing of a body, and data after its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_non_negative, require_positive


@dataclass(frozen=True, slots=True)
class WrongContentLength:
    """The Content-Length disagrees with the body, and the connection closes after the body."""

    example: ClassVar[str] = "content-length:by=-100"
    by: Annotated[int, Parameter(Kind.SIZE, "added to the true length; may be negative")] = 0
    text: Annotated[str | None, Parameter(Kind.TEXT, "the value itself, such as '+10' or '10, 10'")] = None


@dataclass(frozen=True, slots=True)
class Chunked:
    """The body comes in chunks, without a length."""

    example: ClassVar[str] = "chunked:end=missing"
    size: Annotated[int, Parameter(Kind.SIZE, "the largest chunk")] = 65536
    end: Annotated[
        Literal["proper", "missing", "broken"],
        Parameter(Kind.CHOICE, "proper, without the last chunk, or with an invalid chunk size"),
    ] = "proper"
    length: Annotated[
        Literal["absent", "present"], Parameter(Kind.CHOICE, "whether a Content-Length is sent as well")
    ] = "absent"

    def __post_init__(self) -> None:
        require_positive(size=self.size)


@dataclass(frozen=True, slots=True)
class CloseDelimited:
    """The body ends with the connection, as in HTTP/1.0, and has no stated length."""

    example: ClassVar[str] = "close-delimited:version=1.0"
    version: Annotated[Literal["1.0", "1.1"], Parameter(Kind.CHOICE, "the version in the status line")] = "1.0"


@dataclass(frozen=True, slots=True)
class Gzip:
    """The body is compressed without being requested, for the whole file or a range."""

    example: ClassVar[str] = "gzip:request=1"


@dataclass(frozen=True, slots=True)
class Extra:
    """Further bytes follow the declared end of the body, on a connection that stays open."""

    example: ClassVar[str] = "extra:size=100"
    size: Annotated[int, Parameter(Kind.SIZE, "the number of bytes; ignored for a response")] = 1
    looks: Annotated[Literal["junk", "response"], Parameter(Kind.CHOICE, "junk, or a whole valid response")] = "junk"

    def __post_init__(self) -> None:
        require_non_negative(size=self.size)


FramingFault = WrongContentLength | Chunked | CloseDelimited | Gzip | Extra
