from __future__ import annotations

import pytest

from anymatix_fetcher.core.answers.judge import Known, judge
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, Refused, Request, ResponseHead
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    FetchError,
    NotFoundError,
    ReferenceSyntaxError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.accounts import Account
from anymatix_fetcher.sources.base import Resolving, Secret, Wish
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, agreed, make_url, segment
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk, urls

HOME = "https://s.example"
ACCOUNT = Account("civitai", "The service", {"s.example": HOME, "www.s.example": HOME}, ("S_TOKEN",))
SITE = Site(ACCOUNT, guides=("doi.example",))
UNTABLED = Site(Account("elsewhere", "The service", {"s.example": HOME}, ("S_TOKEN",)))
"""One whose answers no table explains."""
URL = f"{HOME}/api"


def asking(headers: Headers | None = None, site: Site = UNTABLED) -> Resolving:
    yield from site.ask(URL, headers or Headers(), "thing 5")
    return ()


def test_its_own_hosts_stand_for_the_site_and_plain_http_becomes_https() -> None:
    located = SITE.locate("http://www.S.example/a%20b/c?d=%2B", surroundings())
    assert located is not None
    assert (located.base, located.path, located.query, located.is_home) == (HOME, "/a%20b/c", "d=%2B", True)
    assert located.segments == ("a b", "c")


def test_a_guide_leads_to_the_service() -> None:
    located = SITE.locate("https://doi.example/10/a", surroundings())
    assert located is not None
    assert (located.base, located.path) == (HOME, "/10/a")


@pytest.mark.parametrize(
    ("base", "is_sent"),
    [(HOME, True), ("http://127.0.0.1:8", True), ("http://localhost", True), ("http://hub.example/x", False)],
)
def test_a_token_isnt_sent_where_others_could_read_it(base: str, *, is_sent: bool) -> None:
    assert bool(SITE.bearer(surroundings(civitai="stored"), base)) == is_sent


def test_an_endpoint_stands_in_for_the_hosts_and_is_known_by_its_own_address() -> None:
    environment = surroundings({"civitai": "http://127.0.0.1:8/mirror/"})
    located = SITE.locate(f"{HOME}/a", environment)
    assert located is not None
    assert located.base == "http://127.0.0.1:8/mirror"
    located = SITE.locate("http://127.0.0.1:8/mirror/a/b", environment)
    assert located is not None
    assert (located.path, located.is_home) == ("/a/b", False)
    assert SITE.locate("http://127.0.0.1:8/mirrors/a", environment) is None
    assert SITE.locate("http://127.0.0.1:9/mirror/a", environment) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s.example/a",
        "https://s.example:8443/a",
        "https://me:pw@s.example/a",
        "https://s.example.evil/a",
        "ftp://x/",
    ],
)
def test_other_addresses_arent_the_services(url: str) -> None:
    assert SITE.locate(url, surroundings()) is None


def test_the_token_goes_along_unless_the_user_says_who_asks() -> None:
    environment = surroundings(civitai="stored")
    assert authorization(SITE.headers(environment, Wish(""), SITE.home)) == "Bearer stored"
    assert authorization(SITE.headers(environment, Wish(""), SITE.home, Secret("given"))) == "Bearer given"
    own = Headers((("authorization", "Basic x"), ("X-Own", "1")))
    assert SITE.headers(environment, Wish("", headers=own), SITE.home, Secret("given")) == own
    assert SITE.headers(surroundings(), Wish(""), SITE.home) == Headers()


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "ü"])
def test_what_cant_be_a_token_isnt_sent_and_isnt_shown(token: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        SITE.bearer(surroundings(civitai=token), SITE.home)
    assert not token or token not in f"{refusal.value}"
    assert "S_TOKEN" in refusal.value.hint


@pytest.mark.parametrize(
    ("status", "headers", "error", "hint"),
    [
        (401, {}, AccessDeniedError, "S_TOKEN"),
        (403, {}, AccessDeniedError, "S_TOKEN"),
        (403, {"X-RateLimit-Remaining": "0"}, RetriesExhaustedError, "S_TOKEN"),
        (404, {}, NotFoundError, "S_TOKEN"),
        (410, {}, NotFoundError, "S_TOKEN"),
        (429, {}, RetriesExhaustedError, ""),
        (500, {}, RetriesExhaustedError, ""),
        (304, {}, UnexpectedAnswerError, ""),
        (418, {}, UnexpectedAnswerError, ""),
    ],
)
def test_a_status_is_an_error_with_a_way_out(
    status: int, headers: dict[str, str], error: type[FetchError], hint: str
) -> None:
    with pytest.raises(error, match=r"The service, asked for thing 5: s\.example answered") as refusal:
        talk(asking(), {URL: Reply({"error": "No such thing"}, status, headers)})
    assert "No such thing" in refusal.value.message
    assert hint in refusal.value.hint


@pytest.mark.parametrize("token", ["", "SECRET"])
@pytest.mark.parametrize("status", [401, 404, 410])
def test_an_answer_means_the_same_as_at_a_files_address(status: int, token: str) -> None:
    headers = Headers.of(Authorization=f"Bearer {token}") if token else Headers()
    with pytest.raises(FetchError) as refusal:
        talk(asking(headers, SITE), {URL: Reply({"error": "No such thing"}, status)})
    asked = Request(Url.parse(URL), headers=headers)
    refused = judge(asked, ResponseHead(status), Known(), '{"error": "No such thing"}')
    assert isinstance(refused, Refused)
    expected = Explained("civitai").explain(refused, asked.url, authorized=bool(token))
    assert expected is not None
    assert (type(refusal.value), refusal.value.message) == (type(expected), expected.message)
    assert refusal.value.hint == expected.hint


def test_redirects_are_followed_and_the_token_stays() -> None:
    token, asked = Headers.of(Authorization="Bearer SECRET", X_Own="SECRET", Accept="a/b"), list[Request]()
    replies = {
        URL: Reply(b"", 307, {"Location": "/api2"}),
        f"{HOME}/api2": Reply(b"", 302, {"Location": "https://other.example/x"}),
        "https://other.example/x": Reply({}),
    }
    talk(asking(token), replies, asked)
    assert len(asked) == 3
    assert hosts_that_see("SECRET", asked) == {"s.example"}
    assert [request.headers.get("Accept") for request in asked] == ["a/b"] * 3
    with pytest.raises(UnexpectedAnswerError, match="from https to plain http"):
        talk(asking(token), {URL: Reply(b"", 302, {"Location": "http://s.example/"})})
    with pytest.raises(UnexpectedAnswerError, match="more than 5 times"):
        talk(asking(token), {URL: Reply(b"", 302, {"Location": URL})}, asked)
    assert urls(asked)[-1] == URL


def test_digests_that_contradict_each_other_are_told_before_anything_is_fetched() -> None:
    one, other, crc = Digest("sha256", "0" * 64), Digest("sha256", "1" * 64), Digest("crc32", "0" * 8)
    assert agreed((crc,), (one,), "x") == (crc, one)
    assert agreed((one,), (one,), "x") == (one,)
    with pytest.raises(DigestMismatchError, match="x has the stated digest sha256:1"):
        agreed((one,), (other,), "x")


def test_what_goes_into_an_address_stays_where_it_is_put() -> None:
    assert segment("a/b?c#d é\ud800") == "a%2Fb%3Fc%23d%20%C3%A9%3F"
    assert make_url(HOME, f"/{segment('../x')}", "q=1").reveal() == f"{HOME}/..%2Fx?q=1"
    assert make_url(HOME, "/a b").reveal() == f"{HOME}/a%20b"
    with pytest.raises(ReferenceSyntaxError, match="not a reference"):
        make_url(HOME, "/a\nb")
