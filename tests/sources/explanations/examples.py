"""An answer as a service gives it, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.judge import REDIRECTS, Known, judge
from anymatix_fetcher.core.values.http import Headers, Refused, Request, ResponseHead
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.explanations.lookup import explain

if TYPE_CHECKING:
    from anymatix_fetcher.errors import FetchError

JSON = {"Content-Type": "application/json; charset=utf-8"}
XML = {"Content-Type": "application/xml"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One answer: what it is of, and what has to be in the error's sentence and in its hint."""

    service: str
    url: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    authorized: bool = False
    error: type[FetchError]
    says: str
    mends: str

    @property
    def address(self) -> Url:
        return Url.parse(self.url)

    @property
    def refused(self) -> Refused:
        """What the judge makes of it; a redirect is refused by those who can't follow it, a success by what it says."""
        headers = Headers(tuple(self.headers.items()))
        if self.status in REDIRECTS or (self.status < 300 and self.body):  # a success is looked into by sources only
            return Refused(Refusal.UNEXPECTED, "redirects", self.status, headers=headers, excerpt=self.body)
        verdict = judge(Request(self.address), ResponseHead(self.status, headers), Known(name="m.bin"), self.body)
        assert isinstance(verdict, Refused)
        return verdict

    def check(self) -> None:
        error = explain(self.service, self.refused, self.address, authorized=self.authorized)
        assert type(error) is self.error
        assert self.says in error.message
        assert error.message.endswith(f" ({self.address})")
        assert self.mends in error.hint


def error(code: str, message: str = "", rest: str = "") -> str:
    """A store's error document."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<Error><Code>{code}</Code><Message>{message}</Message>{rest}<RequestId>4DF5</RequestId></Error>"
