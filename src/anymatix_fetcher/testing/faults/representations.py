"""Changed files, wrong bits and other validators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_non_negative


@dataclass(frozen=True, slots=True)
class Changed:
    """The file was replaced: with other bytes, another entity tag, or both."""

    example: ClassVar[str] = "changed:request=3-"
    etag: Annotated[Literal["new", "same"], Parameter(Kind.CHOICE, "the entity tag")] = "new"
    content: Annotated[Literal["new", "same"], Parameter(Kind.CHOICE, "the bytes")] = "new"
    if_range: Annotated[
        Literal["honoured", "ignored"],
        Parameter(Kind.CHOICE, "whether a request with the old tag in If-Range gets the whole new file"),
    ] = "honoured"
    version: Annotated[str, Parameter(Kind.TEXT, "distinguishes this new file from others")] = "2"


@dataclass(frozen=True, slots=True)
class Grow:
    """The file is longer than before; its previous bytes are unchanged."""

    example: ClassVar[str] = "grow:by=1M,request=2-"
    by: Annotated[int, Parameter(Kind.SIZE, "the number of additional bytes; negative for a shorter file")]


@dataclass(frozen=True, slots=True)
class Validators:
    """The entity tag or the date differs: weak, malformed, or absent."""

    example: ClassVar[str] = "validators:etag=weak,last_modified=none"
    etag: Annotated[str, Parameter(Kind.TEXT, "'strong', 'weak', 'none', 'malformed', or the value itself")] = "strong"
    last_modified: Annotated[str, Parameter(Kind.TEXT, "'fixed', 'none', 'now', or the value itself")] = "fixed"


@dataclass(frozen=True, slots=True)
class Flip:
    """The lowest bit of the bytes at these offsets of the file is flipped in all responses."""

    example: ClassVar[str] = "flip:offsets=5000+9000,times=1"
    offsets: Annotated[tuple[int, ...], Parameter(Kind.OFFSETS, "offsets in the file")]

    def __post_init__(self) -> None:
        if not self.offsets:
            raise ValueError("offsets: none given")
        for offset in self.offsets:
            require_non_negative(offsets=offset)


RepresentationFault = Changed | Grow | Validators | Flip
