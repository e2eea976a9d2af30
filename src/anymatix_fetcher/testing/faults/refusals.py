"""Responses other than the file: errors, pages and redirects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from anymatix_fetcher.testing.parameters import Kind, Parameter, require_positive

_RETRY_AFTER = Parameter(Kind.TEXT, "Retry-After: seconds, 'date+2' for a date in 2 s, or any other text")


@dataclass(frozen=True, slots=True)
class Status:
    """The response is an error, or has any other status."""

    example: ClassVar[str] = "status:code=429,retry_after=2,requests_above=4"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")]
    retry_after: Annotated[str | None, _RETRY_AFTER] = None
    text: Annotated[str | None, Parameter(Kind.TEXT, "the body; by default one line with the status")] = None
    content_type: Annotated[str, Parameter(Kind.TEXT, "the body's type")] = "text/plain; charset=utf-8"

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 999:  # noqa: PLR2004 - the status codes of a final response
            raise ValueError(f"code: {self.code} is not a final status code")


@dataclass(frozen=True, slots=True)
class Page:
    """The response is a page or an error document instead of the file, by default with 200."""

    example: ClassVar[str] = "page:of=html"
    of: Annotated[
        Literal["html", "json", "xml", "lfs"],
        Parameter(Kind.CHOICE, "a login page, an API error, a store's error, or a Git LFS pointer"),
    ] = "html"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 200


@dataclass(frozen=True, slots=True)
class RequireToken:
    """Requests without the right bearer token are answered with 401."""

    example: ClassVar[str] = "token:value=secret"
    value: Annotated[str, Parameter(Kind.TEXT, "the token")]


@dataclass(frozen=True, slots=True)
class Redirect:
    """The request is redirected: over several hops, in a loop, or by a relative reference."""

    example: ClassVar[str] = "redirect:hops=3,form=relative"
    hops: Annotated[int, Parameter(Kind.COUNT, "the number of redirects before the file")] = 1
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 302
    form: Annotated[
        Literal["absolute", "path", "relative", "network", "target"],
        Parameter(Kind.CHOICE, "a URL, /path, only ?query, //host/path, or a URL on the second origin"),
    ] = "absolute"
    loop: Annotated[
        Literal["no", "same", "growing"],
        Parameter(Kind.CHOICE, "redirect for ever: to the same URL, or to a new one each time"),
    ] = "no"
    location: Annotated[
        str | None,
        Parameter(Kind.TEXT, "replaces the value; {origin}, {target}, {host} and {path} are filled in"),
    ] = None

    def __post_init__(self) -> None:
        require_positive(hops=self.hops)
        if not 300 <= self.code <= 399:  # noqa: PLR2004 - RFC 9110 section 15.4
            raise ValueError(f"code: {self.code} is not a redirect")


RefusalFault = Status | Page | RequireToken | Redirect
