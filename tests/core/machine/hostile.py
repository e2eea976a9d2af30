"""Answers that mean no good, and what has to hold whatever a server says."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.values.http import Request

SECRET = "planted-Secret.77"
HOME = Url.parse(f"https://h.example/dir/model.safetensors?token={SECRET}")
SECRET_FIELDS = (
    ("Authorization", f"Bearer {SECRET}"),
    ("X-Api-Key", SECRET),
    ("Cookie", f"session={SECRET}"),
)

_HOSTS = (
    *("h.example", "H.EXAMPLE", "h.example.", "h.example:443", "h.example:8443", "h.example:0", "h.example:99999"),
    *("other.example", "h.example.other.example", "other.example#.h.example", "h.example@other.example"),
    *("other.example\\@h.example", "h.example\\.other.example", "h.example%2eother.example", "h.example%40other"),
    *("u:p@h.example", "u:p@other.example", "h.example:443@other.example", "@h.example", "h.example:", "h.example:x"),
    *("[::1]", "[::1]:443", "[::ffff:127.0.0.1]", "[fe80::1%25eth0]", "[::1", "::1", "127.1", "0x7f000001", ""),
    *("b\u00fccher.example", "\uff48.example", "h\u3002example", "h.example\t", "h .example", "h.example\x00", "xn--a"),
)
_SCHEMES = (
    *("https://", "http://", "HTTPS://", "//", "///", "https:", "https:/", "https:///", "http:\\\\", "\\\\", "/\\"),
    *("javascript:", "file://", "ftp://", "data:", "gopher://", "ws://", "view-source:https://", "", " https://"),
)
_PATHS = (
    *("", "/", "/x", "/../../x", "/%2e%2e/x", "/%2F%2Fother.example", "//other.example", "/x;p=1", "/x?sig=a%2Bb+c"),
    *("?q", "#frag", "/x#frag?x", "/a b", "/\u00fc", "/\udcff", "/x?u=https://other.example", "/" + "x" * 70_000),
)

locations = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(_SCHEMES), st.sampled_from(_HOSTS), st.sampled_from(_PATHS)),
    st.sampled_from(_PATHS),
    st.text(alphabet="htps:/?#[]@\\%.;=&5a\u00fc\uff0f \t\x00", max_size=30),
)
"""Where redirects may lead: tricks that parsers have fallen for, good addresses among them, and noise."""

_values = st.text(alphabet=st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
_numbers = st.sampled_from(["0", "1", "9", "10", "-1", "1e3", "9" * 19, "9" * 30, "\u0663", "", "+5", "5, 5", "5, 6"])
_ranges = st.one_of(
    st.builds("bytes {}-{}/{}".format, _numbers, _numbers, st.one_of(_numbers, st.just("*"))),
    st.builds("bytes */{}".format, _numbers),
    st.sampled_from(["bytes 0-8/9", "bytes 0-67108863/67108864", "bytes", "items 0-1/2", "bytes 0-0/1, bytes 0-1/2"]),
)
_fields = st.one_of(
    st.tuples(st.just("Location"), locations),
    st.tuples(st.just("Content-Range"), _ranges),
    st.tuples(st.just("Content-Length"), _numbers),
    st.tuples(st.just("Link"), st.builds("<{}>; rel=duplicate; pri=1".format, locations)),
    st.tuples(
        st.sampled_from(
            (
                *("ETag", "Last-Modified", "Retry-After", "RateLimit", "Date", "Content-Type", "Content-Encoding"),
                *("Content-Disposition", "Repr-Digest", "Content-Digest", "Digest", "Transfer-Encoding", "Set-Cookie"),
                *("X-Linked-Etag", "X-Linked-Size", "WWW-Authenticate", "X-RateLimit-Reset"),
            )
        ),
        st.one_of(_values, _numbers, st.just("Wed, 21 Oct 2099 07:28:00 GMT"), st.just("chunked"), st.just("gzip")),
    ),
)
_statuses = st.one_of(
    st.sampled_from([200, 206, 301, 302, 303, 304, 307, 308, 401, 403, 404, 407, 410, 416, 429, 500, 503]),
    st.integers(200, 999),
)
_heads = st.builds(lambda status, fields: ResponseHead(status, Headers(tuple(fields))), _statuses, st.lists(_fields))
_redirects = st.builds(
    lambda status, location: ResponseHead(status, Headers.of(location=location)),
    st.sampled_from([301, 302, 303, 307, 308]),
    locations,
)
heads = st.lists(st.one_of(_redirects, _heads), min_size=1, max_size=6)
"""Answers in their order, mostly redirects."""


def keeps_secrets_at_home(requests: Iterable[Request]) -> None:
    """Asserts that every request is for http or https, never unsafe where it began safely, and tells secrets at home.

    The address itself is home's; a redirect of it may repeat its query anywhere, which is the server's own doing.
    """
    for request in requests:
        assert request.url.origin.scheme == "https", "https leads to https"
        at_home = request.url.origin == HOME.origin
        sent = " ".join(value for _, value in request.wire_headers)
        assert at_home or SECRET not in sent, request.url.origin
        assert SECRET not in request.url.reveal() or at_home
        # What another parser reads has to be the same host, or it would be led elsewhere.
        parts = urlsplit(request.url.reveal())
        assert (parts.hostname or "").lower() == request.url.host
        assert "\\" not in parts.netloc
        assert request.url.reveal().isascii()
        assert request.url.reveal().isprintable()
