from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.cookies import MOST_CHARACTERS, MOST_COOKIES, Cookies
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.urls import Url

HOME = Url.parse("https://h.example/models/a?x=1")
DATE = "Thu, 26 Nov 2026 10:00:00 GMT"


def jar(*fields: str, url: Url = HOME, date: str | None = None) -> Cookies:
    found = Cookies()
    more = (("Date", date),) if date else ()
    found.take(url, Headers((*(("Set-Cookie", field) for field in fields), *more)))
    return found


def sent(cookies: Cookies, url: Url | str = HOME, *given: str) -> str | None:
    url = url if isinstance(url, Url) else Url.parse(url)
    return cookies.added_to(Headers(tuple(("Cookie", one) for one in given)), url).get("Cookie")


def test_a_cookie_goes_back_to_its_origin_alone() -> None:
    cookies = jar("ok=1; Path=/; Domain=.example; Domain=h.example")
    assert sent(cookies) == sent(cookies, "https://h.example/other") == "ok=1"
    for other in ("https://h.example:8443/", "http://h.example/", "https://cdn.h.example/", "https://o.example/"):
        assert sent(cookies, other) is None


@pytest.mark.parametrize("domain", ["example", ".example", "h.example", ".H.example"])
def test_a_domain_makes_it_go_no_further(domain: str) -> None:
    cookies = jar(f"ok=1; Domain={domain}")
    assert sent(cookies) == "ok=1"
    assert sent(cookies, "https://o.example/models/") is None


@pytest.mark.parametrize(
    "field",
    [
        "",
        "ok",
        "=1",
        "a b=1",
        "ok=1\r\nX-Evil: 1",
        "ok=\x00",
        "ok=1; Domain=o.example",
        f"ok={'x' * MOST_CHARACTERS}",
        "ok=1; Max-Age=0",
        "ok=1; Max-Age=-1; Expires=Fri, 27 Nov 2026 10:00:00 GMT",
        "ok=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_what_is_none_isnt_kept(field: str) -> None:
    assert sent(jar(field)) is None


@pytest.mark.parametrize(
    ("ending", "is_over"),
    [
        ("Max-Age=0", True),
        ("max-age=-5", True),
        ("Expires=Thu, 26 Nov 2026 09:59:59 GMT", True),
        ("Expires=Thu, 26 Nov 2026 10:00:01 GMT", False),
        ("Expires=Thu, 26 Nov 2026 09:59:59 GMT; Max-Age=60", False),
        ("Expires=Wed, 21 Oct 1970 07:28:00 GMT", True),
        ("Expires=some day", False),
        ("Max-Age=soon", False),
    ],
)
def test_a_cookie_is_forgotten_when_the_server_says_so(ending: str, *, is_over: bool) -> None:
    cookies = jar("ok=1; Path=/", "other=2; Path=/")
    cookies.take(HOME, Headers((("Date", DATE), ("Set-Cookie", f"ok=3; Path=/; {ending}"))))
    assert sent(cookies) == ("other=2" if is_over else "other=2; ok=3")


def test_without_a_clock_only_dates_of_old_end_it() -> None:
    assert sent(jar("ok=1; Expires=Thu, 26 Nov 2020 10:00:00 GMT")) == "ok=1"


@pytest.mark.parametrize(
    ("path", "asked", "is_sent"),
    [
        ("", "/models/b", True),
        ("", "/models", True),
        ("", "/modelsb", False),
        ("", "/", False),
        ("; Path=/", "/x/y", True),
        ("; Path=/models/", "/models/x", True),
        ("; Path=/models/", "/models", False),
        ("; Path=/models/a/", "/models/ab", False),
        ("; Path=relative", "/models/b", True),
    ],
)
def test_it_goes_below_its_path(path: str, asked: str, *, is_sent: bool) -> None:
    assert (sent(jar(f"ok=1{path}"), f"https://h.example{asked}") is not None) == is_sent


def test_a_secure_one_is_neither_taken_from_nor_sent_over_plain_http() -> None:
    plain = Url.parse("http://h.example/models/a")
    assert sent(jar("ok=1; Secure", url=plain), plain) is None
    assert sent(jar("ok=1; Secure")) == "ok=1"
    assert sent(jar("ok=1; Secure"), plain) is None


def test_the_longest_path_comes_first_and_what_the_user_gave_before_all_unless_it_was_set_anew() -> None:
    cookies = jar("a=1; Path=/", 'b="2"; Path=/models', "mine=new; Path=/")
    assert sent(cookies, HOME, "mine=old; yours=3") == "yours=3; b=2; a=1; mine=new"
    assert sent(Cookies(), HOME, "mine=old") == "mine=old"


def test_a_server_cant_fill_the_memory() -> None:
    cookies = jar(*(f"c{number}={number}; Path=/" for number in range(2 * MOST_COOKIES)))
    assert len((sent(cookies) or "").split("; ")) == MOST_COOKIES
