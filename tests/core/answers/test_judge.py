"""The rows are those that clients are known to get wrong: what servers really send, and what may come of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anymatix_fetcher.core.answers.judge import Accepted, Known, Redirected, judge, status_text
from anymatix_fetcher.core.values.http import Headers, Refused, Request, ResponseHead
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.core.values.validators import Validator
from tests.core.answers.judged import DATE, FRESH, FRONT, KNOWN, SLICE, WHOLE, head


@pytest.mark.parametrize(
    ("request_", "answer", "known", "expected"),
    [
        # A slice as it should be, and with as little said as the standard allows.
        (
            SLICE,
            head(206, content_range="bytes 10-19/100", content_length="10", etag='"a"'),
            KNOWN,
            (10, 20, 100, True),
        ),
        (SLICE, head(206, content_range="bytes 10-19/100"), KNOWN, (10, 20, 100, True)),
        (SLICE, head(206, content_range="bytes 10-19/*", etag='"a"'), KNOWN, (10, 20, None, True)),
        (SLICE, head(206, content_range="bytes 10-19/100", transfer_encoding="chunked"), KNOWN, (10, 20, 100, True)),
        (FRONT, head(206, content_range="bytes 0-9/100"), FRESH, (0, 10, 100, True)),
        # Fewer bytes than asked for are legal, more are cut (RFC 9110, section 15.3.7).
        (SLICE, head(206, content_range="bytes 10-14/100", content_length="5"), KNOWN, (10, 15, 100, True)),
        (SLICE, head(206, content_range="bytes 10-99/100", content_length="90"), KNOWN, (10, 20, 100, True)),
        (FRONT, head(206, content_range="bytes 0-99/100", content_length="100"), FRESH, (0, 10, 100, True)),
        # A 200 with an honest label is a slice with the wrong number on it (rclone serve s3).
        (SLICE, head(200, content_range="bytes 10-19/100", content_length="10"), KNOWN, (10, 20, 100, True)),
        # The whole, asked for or not.
        (WHOLE, head(200, content_length="100", etag='"a"'), KNOWN, (0, 100, 100, False)),
        (FRONT, head(200, content_length="100"), FRESH, (0, 100, 100, False)),
        (FRONT, head(200), FRESH, (0, None, None, False)),
        (FRONT, head(203, content_length="100"), FRESH, (0, 100, 100, False)),
        (WHOLE, head(200, content_length="0"), FRESH, (0, 0, 0, False)),
        (WHOLE, head(200, content_length="10, 10"), FRESH, (0, 10, 10, False)),
        (WHOLE, head(200, content_length="100", content_range="bytes 0-99/100"), FRESH, (0, 100, 100, False)),
        # The transfer coding wins over the length beside it (RFC 9112, section 6.3).
        (WHOLE, head(200, content_length="7", transfer_encoding="chunked"), KNOWN, (0, None, None, False)),
        (WHOLE, head(200, content_length="1, 2", transfer_encoding="Chunked"), FRESH, (0, None, None, False)),
        # What isn't said contradicts nothing; Accept-Ranges says nothing at all.
        (SLICE, head(206, content_range="bytes 10-19/100", accept_ranges="none"), KNOWN, (10, 20, 100, True)),
        (WHOLE, head(200, content_length="100", accept_ranges="bytes"), KNOWN, (0, 100, 100, False)),
        (WHOLE, head(200, content_length="5", content_encoding="identity"), FRESH, (0, 5, 5, False)),
        # What is called a page and has the file's own length is the file.
        (SLICE, head(206, content_type="text/html", content_range="bytes 10-19/100"), KNOWN, (10, 20, 100, True)),
        (WHOLE, head(200, content_type="application/json", content_length="100"), KNOWN, (0, 100, 100, False)),
    ],
)
def test_fitting_bodies_are_accepted(
    request_: Request, answer: ResponseHead, known: Known, expected: tuple[object, ...]
) -> None:
    verdict = judge(request_, answer, known)
    assert isinstance(verdict, Accepted), verdict
    assert (verdict.start, verdict.stop, verdict.length, verdict.ranged) == expected
    assert verdict.validator == Validator.of(answer.headers)


@pytest.mark.parametrize(
    ("request_", "answer", "known", "kind"),
    [
        # Ranges that lie.
        (SLICE, head(206), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_length="10"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 0-9/100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 11-19/100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 0-99/100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 19-10/100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 10-19/15"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="items 10-19/100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes */100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 10-19/100", content_length="11"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(206, content_range="bytes 10-9999999999999999998/*"), FRESH, Refusal.MISLABELLED),
        (SLICE, head(206, content_type="multipart/byteranges; boundary=x"), KNOWN, Refusal.MISLABELLED),
        (
            SLICE,
            head(206, content_type="multipart/byteranges; boundary=x", content_range="bytes 10-19/100"),
            KNOWN,
            Refusal.MISLABELLED,
        ),
        (WHOLE, head(200, content_type="multipart/byteranges; boundary=x"), FRESH, Refusal.MISLABELLED),
        (SLICE, head(200, content_range="bytes 10-19/100", content_length="100"), KNOWN, Refusal.MISLABELLED),
        (SLICE, head(200, content_range="bytes 10-19/100"), KNOWN, Refusal.MISLABELLED),
        (WHOLE, head(206, content_range="bytes 0-9/100", content_length="10"), KNOWN, Refusal.MISLABELLED),
        (WHOLE, head(200, content_range="bytes 0-9/100", content_length="10"), FRESH, Refusal.MISLABELLED),
        (SLICE, head(200, content_length="100"), KNOWN, Refusal.RANGE_IGNORED),
        (SLICE, head(200), KNOWN, Refusal.RANGE_IGNORED),
        # Lengths that can't be read.
        (WHOLE, head(200, content_length="10, 11"), FRESH, Refusal.MISLABELLED),
        (WHOLE, head(200, content_length="+10"), FRESH, Refusal.MISLABELLED),
        (WHOLE, head(200, content_length="-1"), FRESH, Refusal.MISLABELLED),
        (WHOLE, head(200, content_length="0x10"), FRESH, Refusal.MISLABELLED),
        (WHOLE, head(200, content_length=str(2**63)), FRESH, Refusal.MISLABELLED),
        (SLICE, head(206, content_length="x", content_range="bytes 10-19/100"), KNOWN, Refusal.MISLABELLED),
        # Other content than before.
        (SLICE, head(206, content_range="bytes 10-19/101"), KNOWN, Refusal.CHANGED),
        (SLICE, head(206, content_range="bytes 10-19/100", etag='"b"'), KNOWN, Refusal.CHANGED),
        (SLICE, head(206, content_range="bytes 10-19/100", etag='W/"b"'), KNOWN, Refusal.CHANGED),
        (SLICE, head(206, content_range="bytes 10-19/100", etag='"a-gzip"'), KNOWN, Refusal.CHANGED),
        (SLICE, head(206, content_range="bytes 10-19/100", etag="unquoted"), KNOWN, Refusal.CHANGED),
        (SLICE, head(200, content_length="99", etag='"a"'), KNOWN, Refusal.CHANGED),
        (SLICE, head(200, content_length="100", etag='"b"'), KNOWN, Refusal.CHANGED),
        (WHOLE, head(200, content_length="99"), KNOWN, Refusal.CHANGED),
        # Something else than the file, or the file in another form.
        (SLICE, head(206, content_range="bytes 10-19/100", content_encoding="gzip"), KNOWN, Refusal.ENCODED),
        (WHOLE, head(200, content_encoding="gzip"), FRESH, Refusal.ENCODED),
        (WHOLE, head(200, content_encoding="aws-chunked, br"), FRESH, Refusal.ENCODED),
        (WHOLE, head(200, content_type="text/html; charset=utf-8"), FRESH, Refusal.NOT_A_MODEL),
        (SLICE, head(206, content_type="text/html", content_range="bytes 10-19/99"), KNOWN, Refusal.NOT_A_MODEL),
        (SLICE, head(200, content_type="text/html", content_length="100"), KNOWN, Refusal.NOT_A_MODEL),
        (WHOLE, head(200, content_type="text/html", content_length="99"), KNOWN, Refusal.NOT_A_MODEL),
        (WHOLE, head(200, content_type="application/xhtml+xml"), Known(), Refusal.NOT_A_MODEL),
        (WHOLE, head(200, content_type="application/json"), FRESH, Refusal.NOT_A_MODEL),
        (WHOLE, head(200, content_type="application/xml"), FRESH, Refusal.NOT_A_MODEL),
        # Statuses.
        (WHOLE, head(204), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(205), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(218, content_length="5"), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(300, location="/x"), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(304, location="/x"), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(305, location="/x"), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(400), FRESH, Refusal.BAD_REQUEST),
        (WHOLE, head(401), FRESH, Refusal.UNAUTHORIZED),
        (WHOLE, head(402), FRESH, Refusal.FORBIDDEN),
        (WHOLE, head(403), FRESH, Refusal.FORBIDDEN),
        (WHOLE, head(404), FRESH, Refusal.NOT_FOUND),
        (WHOLE, head(405), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(407), FRESH, Refusal.UNAUTHORIZED),
        (WHOLE, head(408), FRESH, Refusal.UNAVAILABLE),
        (WHOLE, head(410), FRESH, Refusal.GONE),
        (WHOLE, head(412), FRESH, Refusal.UNEXPECTED),
        (SLICE, head(416), FRESH, Refusal.UNSATISFIABLE),
        (WHOLE, head(421), FRESH, Refusal.UNAVAILABLE),
        (WHOLE, head(429), FRESH, Refusal.THROTTLED),
        (WHOLE, head(451), FRESH, Refusal.FORBIDDEN),
        (WHOLE, head(500), FRESH, Refusal.UNAVAILABLE),
        (WHOLE, head(501), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(502), FRESH, Refusal.UNAVAILABLE),
        (WHOLE, head(503), FRESH, Refusal.THROTTLED),
        (WHOLE, head(504), FRESH, Refusal.UNAVAILABLE),
        (WHOLE, head(522), FRESH, Refusal.UNAVAILABLE),
        (WHOLE, head(999), FRESH, Refusal.UNEXPECTED),
        # Redirects.
        (WHOLE, head(302), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(302, location=""), FRESH, Refusal.UNEXPECTED),
        (WHOLE, head(302, location="http://h.example/m"), FRESH, Refusal.UNSAFE_REDIRECT),
        (WHOLE, head(302, location="file:///etc/passwd"), FRESH, Refusal.UNSAFE_REDIRECT),
        (WHOLE, head(302, location="data:text/plain,x"), FRESH, Refusal.UNSAFE_REDIRECT),
        (WHOLE, head(302, location="//good\\@evil/"), FRESH, Refusal.UNSAFE_REDIRECT),
    ],
)
def test_unfitting_bodies_are_refused_with_the_reason(
    request_: Request, answer: ResponseHead, known: Known, kind: Refusal
) -> None:
    verdict = judge(request_, answer, known)
    assert isinstance(verdict, Refused), verdict
    assert (verdict.kind, verdict.status) == (kind, answer.status)
    assert verdict.sentence.startswith("h.example ")


def test_last_modified_detects_a_change_without_tags() -> None:
    known = Known(100, Validator.of(Headers.of(last_modified=DATE)))
    later = DATE.replace("37", "38")
    same = judge(SLICE, head(206, content_range="bytes 10-19/100", last_modified=DATE), known)
    other = judge(SLICE, head(206, content_range="bytes 10-19/100", last_modified=later), known)
    assert isinstance(same, Accepted)
    assert isinstance(other, Refused)
    assert other.kind is Refusal.CHANGED


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("page.html", {"content_type": "text/html"}),
        ("config.json", {"content_type": "application/json"}),
        ("m.tar.gz", {"content_encoding": "gzip"}),
        ("m.TGZ", {"content_encoding": "x-gzip"}),
        ("m.safetensors", {"content_type": "text/plain"}),
        ("m.safetensors", {"content_type": "binary/octet-stream"}),
    ],
)
def test_a_coding_that_the_name_implies_is_accepted(name: str, fields: dict[str, str]) -> None:
    assert isinstance(judge(WHOLE, head(200, **fields), Known(name=name)), Accepted)


@pytest.mark.parametrize(
    "coding",
    [
        *("aws-chunked", "none", "binary", "utf-8", "UTF-8", "iso-8859-1", "", " , ", "aws-chunked, identity"),
        *("identity, , none", "7bit", "x-unheard-of"),
    ],
)
def test_unregistered_codings_are_ignored(coding: str) -> None:
    assert isinstance(judge(WHOLE, head(200, content_encoding=coding), FRESH), Accepted)


def test_a_real_coding_beside_an_ignored_one_counts() -> None:
    answer = head(200, content_encoding="gzip, aws-chunked")
    assert isinstance(judge(WHOLE, answer, Known(name="m.tar.gz")), Accepted)
    assert isinstance(judge(WHOLE, answer, FRESH), Refused)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"content_type": "text/html"}, Refusal.NOT_A_MODEL),
        ({"content_type": "application/json"}, Refusal.NOT_A_MODEL),
        ({"content_encoding": "gzip"}, Refusal.ENCODED),
        ({"content_encoding": "br"}, Refusal.ENCODED),
    ],
)
def test_a_label_of_the_first_response_only_casts_doubt(fields: dict[str, str], kind: Refusal) -> None:
    answer = head(206, content_range="bytes 0-9/100", **fields)
    doubted = judge(FRONT, answer, Known(name="m.safetensors", is_fresh=True))
    assert isinstance(doubted, Accepted)
    assert doubted.doubt is not None
    assert doubted.doubt.kind is kind
    ignored = judge(FRONT, answer, Known(name="m.safetensors", is_fresh=True, ignores_labels=True))
    assert isinstance(ignored, Accepted)
    assert ignored.doubt is None
    later = judge(SLICE, head(206, content_range="bytes 10-19/100", **fields), replace(KNOWN, length=99, is_fresh=True))
    assert isinstance(later, Refused)


def test_without_a_name_the_urls_name_counts() -> None:
    page = Request(Url.parse("https://h.example/index.html"))
    assert isinstance(judge(page, head(200, content_type="text/html"), Known()), Accepted)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_to_its_location_verbatim(status: int) -> None:
    verdict = judge(WHOLE, head(status, location="https://cdn.example/a%2Fb?X-Amz-Signature=a+b%7E"), KNOWN)
    assert isinstance(verdict, Redirected)
    assert verdict.url.reveal() == "https://cdn.example/a%2Fb?X-Amz-Signature=a+b%7E"


def test_a_redirect_upwards_to_https_is_followed() -> None:
    plain = Request(Url.parse("http://h.example/m"))
    assert isinstance(judge(plain, head(302, location="https://h.example/m"), FRESH), Redirected)


def test_an_unsatisfiable_range_tells_the_length_where_the_server_does() -> None:
    empty = judge(FRONT, head(416, content_range="bytes */0"), FRESH)
    silent = judge(FRONT, head(416), FRESH)
    assert isinstance(empty, Refused)
    assert isinstance(silent, Refused)
    assert empty.length == 0
    assert silent.length is None
    forbidden = judge(FRONT, head(403, content_range="bytes */0"), FRESH)
    assert isinstance(forbidden, Refused)
    assert forbidden.length is None


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (head(429, retry_after="7"), 7.0),
        (head(503, retry_after="7"), 7.0),
        (head(429, RateLimit='"resolvers";r=0;t=55'), 55.0),
        (head(429, retry_after="7", RateLimit='"resolvers";r=0;t=55'), 7.0),
        (head(429), None),
        (head(503, RateLimit='"resolvers";r=10;t=55'), None),
    ],
)
def test_a_throttle_carries_the_servers_wait(answer: ResponseHead, seconds: float | None) -> None:
    verdict = judge(WHOLE, answer, FRESH)
    assert isinstance(verdict, Refused)
    assert verdict.retry_after_seconds == seconds


def test_a_status_is_shown_with_its_phrase() -> None:
    assert status_text(403) == "403 Forbidden"
    assert status_text(599) == "599"
    verdict = judge(WHOLE, head(403), FRESH, '{"error": "gated\\nrepository"}')
    assert isinstance(verdict, Refused)
    assert verdict.sentence == "h.example answered 403 Forbidden: gated repository"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "h.example answered 404 Not Found"),
        ("404 Not Found", "h.example answered 404 Not Found"),
        ("Not Found.", "h.example answered 404 Not Found"),
        ("no such model", "h.example answered 404 Not Found: no such model"),
    ],
)
def test_a_body_is_quoted_if_it_says_more_than_the_status(body: str, sentence: str) -> None:
    refused = judge(FRONT, head(404), FRESH, body)
    assert isinstance(refused, Refused)
    assert refused.sentence == sentence
