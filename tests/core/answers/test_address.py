from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.address import MOST_LOANS, Address
from anymatix_fetcher.core.values.http import Headers, Refused, Request
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url

SECRETS = Headers.of(Authorization="Bearer SECRET", X_Api_Key="SECRET", Cookie="SECRET")
FRONT = Span(0, 9)
ORIGIN = Url.parse("https://h.example/m")


def ask(address: Address, url: Url, *, if_range: str | None = None, span: Span | None = FRONT) -> Request:
    return address.request(url, span, if_range=if_range, fresh_connection=False, http1_only=False)


@pytest.mark.parametrize("same", ["https://h.example/m", "https://h.example:443/other?x=1", "HTTPS://H.EXAMPLE/"])
def test_the_origins_headers_go_to_the_origin(same: str) -> None:
    request = ask(Address(Resource(ORIGIN, headers=SECRETS)), Url.parse(same))
    assert request.headers == SECRETS


@pytest.mark.parametrize(
    "other",
    [
        "http://h.example/m",
        "https://h.example:8443/m",
        "https://cdn.h.example/m",
        "https://example/m",
        "https://h.example.evil/m",
        "https://h.example@evil.example/m",
        "https://h.example./m",
        "http://h.example:443/m",
    ],
)
def test_the_origins_headers_go_nowhere_else(other: str) -> None:
    address = Address(Resource(Url.parse("https://me:SECRET@h.example/m"), headers=SECRETS))
    request = ask(address, Url.parse(other), if_range='"a"')
    assert list(request.headers) == [("If-Range", '"a"')]


hosts = st.sampled_from(["h.example", "H.example", "o.example", "h.example.", "[::1]", "127.0.0.1"])
urls = st.builds(
    "{}://{}{}{}/x".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", "u:p@"]),
    hosts,
    st.sampled_from(["", ":80", ":443", ":8080"]),
).map(Url.parse)


@given(urls, urls)
def test_secrets_are_sent_to_the_same_scheme_host_and_port_only(named: Url, asked: Url) -> None:
    request = ask(Address(Resource(named, headers=SECRETS)), asked)
    assert bool(list(request.headers)) == (named.origin == asked.origin)


def test_userinfo_becomes_basic_authorization_and_leaves_the_url() -> None:
    address = Address(Resource(Url.parse("https://me:p%C3%BC@h.example/m")))
    assert address.origin_url.reveal() == "https://h.example/m"
    encoded = base64.b64encode("me:p\u00fc".encode()).decode()
    assert ask(address, address.origin_url).headers.get("Authorization") == f"Basic {encoded}"
    assert "SECRET" not in repr(ask(address, address.origin_url))


def test_an_authorization_that_the_user_gave_wins_over_userinfo() -> None:
    given_headers = Headers.of(authorization="Bearer x")
    address = Address(Resource(Url.parse("https://me:pw@h.example/m"), headers=given_headers))
    assert ask(address, address.origin_url).headers == given_headers


def test_if_range_is_sent_with_a_range_only() -> None:
    address = Address(Resource(ORIGIN))
    assert ask(address, ORIGIN, if_range='"a"').headers.get("If-Range") == '"a"'
    assert ask(address, ORIGIN, if_range='"a"', span=None).headers.get("If-Range") is None


def test_an_address_that_its_source_has_made_up_is_derived_too() -> None:
    address = Address(Resource(ORIGIN, renewed_by_source=True))
    assert not address.derived
    address.settle(ORIGIN)
    assert address.derived


def test_a_target_is_derived_where_a_redirect_led_to_it_and_expires() -> None:
    address = Address(Resource(Url.parse("https://me:pw@h.example/m")))
    assert (address.settled, address.derived) == (False, False)
    assert address.is_current(ORIGIN)
    address.settle(address.origin_url)
    assert (address.settled, address.derived, address.served) == (True, False, True)
    target = Url.parse("https://cdn.example/m?sig=1")
    address.settle(target)
    assert (address.derived, address.is_current(target), address.is_current(ORIGIN)) == (True, True, False)
    address.trusted = True
    address.expire()
    assert (address.settled, address.derived, address.served, address.trusted) == (False, False, False, False)


UNAUTHORIZED = Refused(Refusal.UNAUTHORIZED, "h.example wants to know who asks", status=401)


@pytest.mark.parametrize(
    ("headers", "asked", "is_told"),
    [(Headers(), ORIGIN, True), (SECRETS, ORIGIN, False), (Headers(), Url.parse("https://cdn.example/m"), False)],
)
def test_a_host_that_wants_a_login_is_told_of_with_why_none_was_sent(
    headers: Headers, asked: Url, *, is_told: bool
) -> None:
    note = "~/.netrc has no entry for h.example."
    address = Address(Resource(ORIGIN, headers=headers, login_note=note))
    hint = address.error(UNAUTHORIZED, ask(address, asked)).hint
    assert hint.endswith(note) == is_told
    assert ("doesn't accept the credentials" in hint) == bool(headers)


def test_only_the_last_addresses_are_remembered_and_the_one_in_use() -> None:
    address = Address(Resource(ORIGIN))
    urls = [
        Url.parse(f"https://cdn.example/m?X-Amz-Date=20260101T000000Z&X-Amz-Expires=600&X-Amz-Signature={number}")
        for number in range(1000)
    ]
    address.lend(urls[0], Headers.of(Date="Thu, 01 Jan 2026 00:00:00 GMT"), 100.0)
    address.settle(urls[0])
    for url in urls[1:]:
        address.lend(url, Headers.of(Date="Thu, 01 Jan 2026 00:00:00 GMT"), 100.0)
    known = [url for url in urls if address.seconds_left(url, 100.0, Headers()) is not None]
    assert known == [urls[0], *urls[1 - MOST_LOANS :]]
