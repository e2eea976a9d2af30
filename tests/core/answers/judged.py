"""Requests and response heads for tests of the judge."""

from __future__ import annotations

from anymatix_fetcher.core.answers.judge import Known
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.core.values.validators import Validator

URL = Url.parse("https://h.example/m.safetensors")
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
SLICE = Request(URL, Span(10, 20))
FRONT = Request(URL, Span(0, 10))
WHOLE = Request(URL)
KNOWN = Known(100, Validator.of(Headers.of(etag='"a"')), "m.safetensors")
FRESH = Known(name="m.safetensors")


def head(status: int, **fields: str) -> ResponseHead:
    return ResponseHead(status, Headers.of(**fields))
