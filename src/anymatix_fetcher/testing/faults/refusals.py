"""Answers that aren't the file: errors, pages and redirects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_positive

_RETRY_AFTER = Parameter(Kind.TEXT, "Retry-After: seconds, 'date+2' for a date 2 s from now, anything else as it is")


@dataclass(frozen=True, slots=True)
class Status:
    """The request is answered with an error, or any other status."""

    example: ClassVar[str] = "status:code=429,retry_after=2,requests_above=4"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")]
    retry_after: Annotated[str | None, _RETRY_AFTER] = None
    text: Annotated[str | None, Parameter(Kind.TEXT, "the body; without it, one line that says the status")] = None
    content_type: Annotated[str, Parameter(Kind.TEXT, "the body's type")] = "text/plain; charset=utf-8"

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 999:  # noqa: PLR2004 - the status codes of a final response
            raise ValueError(f"code: {self.code} is no final status code")


@dataclass(frozen=True, slots=True)
class Page:
    """A page or an error document comes instead of the file, by default with 200."""

    example: ClassVar[str] = "page:of=html"
    of: Annotated[
        Literal["html", "json", "xml", "lfs"],
        Parameter(Kind.CHOICE, "a login page, an API's error, a store's error, a Git LFS pointer"),
    ] = "html"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 200


@dataclass(frozen=True, slots=True)
class RequireToken:
    """Requests without the right bearer token are answered with 401."""

    example: ClassVar[str] = "token:value=secret"
    value: Annotated[str, Parameter(Kind.TEXT, "the token")]


@dataclass(frozen=True, slots=True)
class Redirect:
    """The request is redirected: over several hops, in a loop, relatively, or anywhere."""

    example: ClassVar[str] = "redirect:hops=3,form=relative"
    hops: Annotated[int, Parameter(Kind.COUNT, "how many redirects lead to the file")] = 1
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 302
    form: Annotated[
        Literal["absolute", "path", "relative", "network", "target"],
        Parameter(Kind.CHOICE, "a URL, /path, ?query only, //host/path, or a URL on the second origin"),
    ] = "absolute"
    loop: Annotated[
        Literal["no", "same", "growing"],
        Parameter(Kind.CHOICE, "never arrive: to the same URL, or one that always differs"),
    ] = "no"
    location: Annotated[
        str | None,
        Parameter(Kind.TEXT, "the value itself; {origin}, {target}, {host} and {path} are filled in"),
    ] = None

    def __post_init__(self) -> None:
        require_positive(hops=self.hops)
        if not 300 <= self.code <= 399:  # noqa: PLR2004 - RFC 9110 section 15.4
            raise ValueError(f"code: {self.code} is no redirect")


RefusalFault = Status | Page | RequireToken | Redirect
