"""Faults in the head of a response, and interim responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_non_negative, require_positive


@dataclass(frozen=True, slots=True)
class Header:
    """A response header is added, or replaces one of the same name."""

    example: ClassVar[str] = "header:name=X-Linked-Etag,value={sha256}"
    name: Annotated[str, Parameter(Kind.TEXT, "the field's name")]
    value: Annotated[
        str,
        Parameter(Kind.TEXT, "its value; {sha256}, {sha256_base64}, {size}, {etag} are filled in"),
    ]


@dataclass(frozen=True, slots=True)
class NoHeader:
    """A response header is left out."""

    example: ClassVar[str] = "no-header:name=Accept-Ranges"
    name: Annotated[str, Parameter(Kind.TEXT, "the field's name")]


@dataclass(frozen=True, slots=True)
class Disposition:
    """A Content-Disposition names the file, possibly with a hostile name."""

    example: ClassVar[str] = "disposition:filename=../../evil.sh"
    filename: Annotated[str, Parameter(Kind.TEXT, "the name")]
    form: Annotated[
        Literal["plain", "extended", "both"],
        Parameter(Kind.CHOICE, "filename=, filename*= (RFC 8187), or both"),
    ] = "plain"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Rate limit headers state the remaining quota."""

    example: ClassVar[str] = "rate-limit:remaining=3,reset=30"
    remaining: Annotated[int, Parameter(Kind.COUNT, "requests left")]
    reset: Annotated[int, Parameter(Kind.COUNT, "seconds until the window starts again")]
    limit: Annotated[int, Parameter(Kind.COUNT, "requests in a window")] = 100
    form: Annotated[
        Literal["structured", "separate", "x"],
        Parameter(Kind.CHOICE, "RateLimit and RateLimit-Policy, RateLimit-*, or X-RateLimit-*"),
    ] = "structured"


@dataclass(frozen=True, slots=True)
class BigHead:
    """The head is huge: many fields, or one very long field."""

    example: ClassVar[str] = "big-head:size=1M"
    size: Annotated[int, Parameter(Kind.SIZE, "total bytes of padding")] = 1 << 20
    fields: Annotated[int, Parameter(Kind.COUNT, "the number of fields")] = 1

    def __post_init__(self) -> None:
        require_positive(size=self.size, fields=self.fields)


@dataclass(frozen=True, slots=True)
class Interim:
    """Interim responses (1xx) come before the real head."""

    example: ClassVar[str] = "interim:code=103,count=3"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 103
    count: Annotated[int, Parameter(Kind.COUNT, "how many")] = 1

    def __post_init__(self) -> None:
        require_non_negative(count=self.count)
        if not 100 <= self.code <= 199:  # noqa: PLR2004 - RFC 9110 section 15.2
            raise ValueError(f"code: {self.code} is not an interim status code")


HeadFault = Header | NoHeader | Disposition | RateLimit | BigHead | Interim
