from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.excerpts import MAX_REASON_LENGTH, reason_in
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.urls import Url

PLAIN = Request(Url.parse("https://h.example/m"))


@pytest.mark.parametrize(
    ("excerpt", "reason"),
    [
        ("", ""),
        ("  no such\n file\t here ", "no such file here"),
        ('{"error": "gated repository"}', "gated repository"),
        ('{"message": "Not Found", "documentation_url": "https://x"}', "Not Found"),
        (
            '{"error": "Unauthorized", "message": "The creator requires a login"}',
            "Unauthorized: The creator requires a login",
        ),
        ('{"error": {"nested": 1}, "code": 7}', ""),
        ('{"error": "cut off', ""),
        ("[1, 2]", "[1, 2]"),
        (
            (
                '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message>'
                "<Expires>2024</Expires><HostId>abc</HostId></Error>"
            ),
            "AccessDenied: Request has expired",
        ),
        ("<Error><Key>x</Key></Error>", ""),
        ("<!DOCTYPE html><html><body><code>secret</code></body></html>", ""),
        ("<html><Message>hello</Message>", ""),
        ("oops <html>", ""),
        ("see https://x.example/a?token=SECRET for more", "see https://x.example/a?... for more"),
        ("see https://me:SECRET@x.example/a", "see https://x.example/a"),
        ("Authorization: Bearer SECRET", "Authorization: Bearer ..."),
        ("bad access_token=SECRET", "bad access_token ..."),
        ("bad api-key: SECRET", "bad api-key ..."),
        ('"token": "SECRET", go', '"token ... go'),
        ("X-Amz-Signature=SECRET&a=b", "X-Amz-Signature ..."),
        ("red \x1b[31m\u202etext\x00", "red [31m text"),
    ],
)
def test_an_errors_body_is_told_in_one_harmless_line(excerpt: str, reason: str) -> None:
    assert reason_in(excerpt, PLAIN) == reason


@given(st.text(max_size=600) | st.text(alphabet='{}<>[]":,\\u0a Code/Message', max_size=200))
def test_whatever_the_body_the_reason_is_short_printable_and_no_error(excerpt: str) -> None:
    reason = reason_in(excerpt, PLAIN)
    assert len(reason) <= MAX_REASON_LENGTH
    assert reason.isprintable()


def test_a_body_of_one_endless_word_is_read_in_no_time() -> None:
    assert len(reason_in("a-" * 2048 + "token", PLAIN)) == MAX_REASON_LENGTH
    assert reason_in("{" * 4096, PLAIN) == ""
    assert reason_in('{"a":' * 800, PLAIN) == ""


secrets = st.text(alphabet=string.ascii_letters + string.digits, max_size=30).map("s3cr3t{}".format)


@given(
    secrets,
    st.sampled_from(
        [
            "{}",
            "no access for {}",
            "'{}' is not valid",
            "<Error><Code>SignatureDoesNotMatch</Code><Message>{} is wrong</Message></Error>",
            "https://h.example/m?sig={}",
            "the user {}: unknown",
        ]
    ),
    st.sampled_from(["bearer", "cookie", "query", "userinfo"]),
)
def test_what_was_secret_in_the_request_isnt_told_however_the_server_repeats_it(
    secret: str, sentence: str, place: str
) -> None:
    request = {
        "bearer": Request(PLAIN.url, headers=Headers.of(authorization=f"Bearer {secret}")),
        "cookie": Request(PLAIN.url, headers=Headers.of(cookie=f"a=1; session={secret}; b=2")),
        "query": Request(Url.parse(f"https://h.example/m?a=b&X-Amz-Signature={secret}&c=d")),
        "userinfo": Request(Url.parse(f"https://me:{secret}@h.example/m")),
    }[place]
    for excerpt in (sentence.format(secret), json.dumps({"message": sentence.format(secret)})):
        assert secret not in reason_in(excerpt, request)


def test_a_password_that_a_server_repeats_decoded_is_taken_out() -> None:
    request = Request(Url.parse("https://h.example/m"), headers=Headers.of(authorization="Basic bWU6aHVudGVyMg=="))
    assert reason_in("hunter2 isn't right for me", request) == "... isn't right for me"
    assert reason_in("no", Request(request.url, headers=Headers.of(authorization="Basic \xe9=="))) == "no"
