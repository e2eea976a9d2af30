"""The judge with any head that a server may send: what it never accepts."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.judge import COMPRESSED_SUFFIXES, Accepted, Known, Redirected, judge
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.validators import Validator
from tests.core.answers.judged import DATE, FRESH, FRONT, KNOWN, SLICE, URL, head

# Whatever a server sends ----------------------------------------------------------------------------------

LENGTH = 64
numbers = st.integers(0, LENGTH + 2)
lengths = st.none() | numbers.map(str) | st.sampled_from(["x", "-1", "5, 5", "5, 6", str(2**63)])
tags = st.sampled_from([None, '"a"', '"b"', 'W/"a"', "a", '""'])
content_ranges = st.none() | st.builds(
    "{} {}-{}/{}".format,
    st.sampled_from(["bytes", "BYTES", "items", ""]),
    numbers,
    numbers,
    st.sampled_from(["*", str(LENGTH), str(LENGTH), str(LENGTH + 1), "", str(2**63 + 5)]),
)
starts = st.integers(0, LENGTH - 1)
requests = st.one_of(
    st.just(Request(URL)),
    st.tuples(starts, starts).map(lambda ends: Request(URL, Span(min(ends), max(ends) + 1))),
)
all_known = st.builds(
    Known,
    st.sampled_from([None, LENGTH, LENGTH]),
    tags.map(lambda tag: Validator.of(Headers.of(etag=tag or ""))),
    st.sampled_from(["m.safetensors", "m.tar.gz", ""]),
)


@st.composite
def heads(draw: st.DrawFn) -> ResponseHead:
    drawn = {
        "Content-Range": draw(content_ranges),
        "Content-Length": draw(lengths),
        "ETag": draw(tags),
        "Last-Modified": draw(st.sampled_from([None, DATE, "nonsense"])),
        "Content-Type": draw(st.sampled_from([None, "text/html", "binary/x", "multipart/byteranges; boundary=b"])),
        "Content-Encoding": draw(st.sampled_from([None, None, "gzip", "identity", "br, gzip"])),
        "Transfer-Encoding": draw(st.sampled_from([None, None, "chunked"])),
        "Location": draw(st.sampled_from([None, "/x", "http://o/", "https://o/x", "nope:x", "\udc80"])),
        "Retry-After": draw(st.sampled_from([None, "5", "x"])),
    }
    fields = tuple((name, value) for name, value in drawn.items() if value is not None)
    status = draw(st.sampled_from([200, 206, 206, 206, 203, 302, 416]) | st.integers(200, 999))
    return ResponseHead(status, Headers(fields))


@given(requests, heads(), all_known)
@example(SLICE, head(206, content_range="bytes 10-19/100"), KNOWN)
@example(SLICE, head(206, content_range=f"bytes 10-{2**63}/*"), FRESH)
def test_only_the_requested_body_is_accepted(request_: Request, answer: ResponseHead, known: Known) -> None:
    verdict = judge(request_, answer, known)
    if isinstance(verdict, Redirected):
        assert answer.status in {301, 302, 303, 307, 308}
        assert verdict.url.origin.scheme == "https"
    if not isinstance(verdict, Accepted):
        return
    assert answer.status in {200, 203, 206}
    assert answer.media_type != "multipart/byteranges"
    assert answer.media_type != "text/html" or verdict.length == known.length is not None
    assert verdict.doubt is None
    if answer.content_coding:
        assert known.name.endswith(COMPRESSED_SUFFIXES[answer.content_coding])
    assert verdict.length is None or known.length is None or verdict.length == known.length
    assert not known.validator.contradicts(verdict.validator)
    assert verdict.validator == Validator.of(answer.headers)
    if verdict.ranged:
        assert request_.span is not None
        assert answer.content_range is not None
        assert answer.content_range.span is not None
        assert verdict.start == request_.span.start == answer.content_range.span.start
        assert verdict.stop is not None
        assert verdict.start < verdict.stop <= min(request_.span.stop, answer.content_range.span.stop)
        assert verdict.length == answer.content_range.total
    else:
        assert answer.status != 206
        assert verdict.start == 0
        assert request_.span is None or request_.span.start == 0
        assert verdict.stop == verdict.length
        assert answer.content_range is None or not answer.content_range.is_part


@given(heads(), heads())
def test_a_contradicting_tag_is_never_accepted(first: ResponseHead, answer: ResponseHead) -> None:
    verdict = judge(FRONT, answer, Known(validator=Validator.of(first.headers)))
    if Validator.of(first.headers).contradicts(Validator.of(answer.headers)):
        assert not isinstance(verdict, Accepted)
