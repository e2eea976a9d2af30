from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.urls import Origin, Url

BASE = Url.parse("https://h.example:8443/a/b/c;p?q=1")
NO_URL = r"URL|scheme"
url_text = st.text(alphabet="htps:/?#[]@\\%.;=&5a\u00fc\ufb00 \x00\udc80", max_size=40)


@pytest.mark.parametrize(
    ("text", "origin", "shown"),
    [
        ("https://ex.com/a", Origin("https", "ex.com", 443), "https://ex.com/a"),
        ("HTTP://EX.com/A", Origin("http", "ex.com", 80), "http://ex.com/A"),
        ("http://ex.com:8080", Origin("http", "ex.com", 8080), "http://ex.com:8080"),
        ("http://ex.com:80/x", Origin("http", "ex.com", 80), "http://ex.com/x"),
        ("http://ex.com:/x", Origin("http", "ex.com", 80), "http://ex.com/x"),
        ("https://ex.com:80/x", Origin("https", "ex.com", 80), "https://ex.com:80/x"),
        ("https://ex.com?k=SECRET", Origin("https", "ex.com", 443), "https://ex.com?..."),
        ("https://ex.com/a#SECRET", Origin("https", "ex.com", 443), "https://ex.com/a"),
        ("https://me:SECRET@ex.com/a?k=SECRET", Origin("https", "ex.com", 443), "https://ex.com/a?..."),
        ("https://me@SECRET:SECRET@ex.com/a", Origin("https", "ex.com", 443), "https://ex.com/a"),
        ("http://[::1]:8000/x", Origin("http", "::1", 8000), "http://[::1]:8000/x"),
        ("http://[FE80::1%25eth0]/x", Origin("http", "fe80::1%25eth0", 80), "http://[fe80::1%25eth0]/x"),
        (
            "https://b\u00fccher.de/\u00fc?\u00fc",
            Origin("https", "xn--bcher-kva.de", 443),
            "https://xn--bcher-kva.de/%C3%BC?...",
        ),
        ("https://my_host.local/a", Origin("https", "my_host.local", 443), "https://my_host.local/a"),
    ],
)
def test_a_url_is_read_and_shown_without_what_may_be_secret(text: str, origin: Origin, shown: str) -> None:
    url = Url.parse(text)
    assert url.origin == origin
    assert url.host == origin.host
    assert str(url) == shown
    assert repr(url) == f"Url({shown!r})"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ex.com/a",
        "//ex.com/a",
        "/a",
        "ftp://ex.com/a",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http:ex.com/a",
        "http:/ex.com/a",
        "http:///a",
        "http://",
        "http://?a",
        "http://user@/a",
        "http://ex.com:0/",
        "http://ex.com:65536/",
        "http://ex.com:8x/",
        "http://ex.com:80:80/",
        "http://ex.com:\u0663/",
        "http://ex.com:+80/",
        "http://[::1/",
        "http://[::1]evil.com/",
        "http://::1/",
        "http://good.com\\@evil.com/",
        "http://good.com\\evil.com/",
        "http://h%00/",
        "http://a b/",
        "http://ex.com/a\tb",
        "http://ex .com/a",
        "http://ex.com/a\nb",
        "http://ex.com/a\x7f",
        "http://ex.com/\ud800",
        " http://ex.com/",
        "http://ex.com/" + "x" * 65_536,
    ],
)
def test_what_two_parsers_could_read_differently_is_no_url(text: str) -> None:
    with pytest.raises(ValueError, match=NO_URL):
        Url.parse(text)


@pytest.mark.parametrize("text", ["ftp://u:SECRET@h/a", "http://u:SECRET@/", "http://u:SECRET@h:99999/", "x SECRET"])
def test_the_refusal_of_a_url_names_no_secret(text: str) -> None:
    with pytest.raises(ValueError, match=NO_URL) as refusal:
        Url.parse(text)
    assert "SECRET" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@given(url_text | st.text(max_size=40))
def test_every_text_is_a_url_that_can_be_used_or_a_value_error(text: str) -> None:
    for candidate in (text, f"http://h{text}", f"http://{text}", f"http://h/{text}"):
        try:
            url = Url.parse(candidate)
        except ValueError:
            continue
        assert url.reveal().isascii()
        assert url.reveal().isprintable()
        assert url.origin.host
        assert 0 < url.origin.port < 65536
        assert Url.parse(url.reveal()) == url
        assert "@" not in url.without_credentials().reveal().partition("?")[0].split("/")[2]
        assert isinstance(url.last_segment, str)


@given(st.text(alphabet=string.printable[:94], max_size=60).filter(lambda text: "#" not in text))
def test_what_is_plain_ascii_stays_as_it_was_signed(rest: str) -> None:
    assert Url.parse(f"https://h.example/{rest}").reveal() == f"https://h.example/{rest}"
    assert BASE.join(f"https://h.example/{rest}").reveal() == f"https://h.example/{rest}"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://o.example/p?s=a%2Fb+c%7E", "https://o.example/p?s=a%2Fb+c%7E"),
        ("HTTPS://O.example/x", "HTTPS://O.example/x"),
        ("https://o.example/a/../b", "https://o.example/a/../b"),
        ("https://o.example/a;", "https://o.example/a;"),
        ("https://h.example:8443/a?", "https://h.example:8443/a?"),
        ("//o.example/p", "https://o.example/p"),
        ("/x", "https://h.example:8443/x"),
        ("/x%2Fy;?a", "https://h.example:8443/x%2Fy;?a"),
        ("/a//b/../c", "https://h.example:8443/a//c"),
        ("/../../x", "https://h.example:8443/x"),
        ("x", "https://h.example:8443/a/b/x"),
        ("./", "https://h.example:8443/a/b/"),
        (".", "https://h.example:8443/a/b/"),
        ("..", "https://h.example:8443/a/"),
        ("../x?a/../b", "https://h.example:8443/a/x?a/../b"),
        ("g:80/x", None),
        ("?only=1", "https://h.example:8443/a/b/c;p?only=1"),
        ("?", "https://h.example:8443/a/b/c;p?"),
        ("", "https://h.example:8443/a/b/c;p?q=1"),
        ("#part", "https://h.example:8443/a/b/c;p?q=1"),
        ("x#part", "https://h.example:8443/a/b/x"),
        (";x", "https://h.example:8443/a/b/;x"),
        ("/\\evil.com", "https://h.example:8443/\\evil.com"),
        ("\\\\evil.com\\x", "https://h.example:8443/a/b/\\\\evil.com\\x"),
        ("/a file \t", "https://h.example:8443/a%20file"),
        ("/\u00c3\u00bc", "https://h.example:8443/%C3%BC"),
        ("/\u00fc", "https://h.example:8443/%FC"),
        ("/\u00c3\u00a0", "https://h.example:8443/%C3%A0"),
        ("/\u20ac", "https://h.example:8443/%E2%82%AC"),
        ("/a\x01b", "https://h.example:8443/a%01b"),
        ("file:///etc/passwd", None),
        ("ftp://o.example/x", None),
        ("data:text/plain,x", None),
        ("javascript:alert(1)", None),
        ("https:x", None),
        ("http:///x", None),
        ("//", None),
        ("//good.example\\@evil.example/", None),
    ],
)
def test_a_redirect_is_followed_verbatim_or_not_at_all(location: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=NO_URL):
            BASE.join(location)
    else:
        assert BASE.join(location).reveal() == expected


def test_a_redirect_from_a_bare_host_leads_below_its_root() -> None:
    assert Url.parse("https://h").join("x").reveal() == "https://h/x"
    assert Url.parse("https://h?q").join("../x").reveal() == "https://h/x"


@given(url_text | st.text(max_size=40))
def test_no_location_raises_anything_but_a_value_error(location: str) -> None:
    try:
        url = BASE.join(location)
    except ValueError:
        return
    assert url.reveal().isascii()
    assert Url.parse(url.reveal()) == url


@pytest.mark.parametrize(
    ("text", "credentials"),
    [
        ("https://h/a", None),
        ("https://@h/a", None),
        ("https://:@h/a", None),
        ("https://me@h/a", ("me", "")),
        ("https://:pw@h/a", ("", "pw")),
        ("https://me:p%40w:x@h/a", ("me", "p@w:x")),
        ("https://h/a@b:c", None),
        ("https://h?a@b:c", None),
    ],
)
def test_credentials_are_taken_from_the_userinfo_alone(text: str, credentials: tuple[str, str] | None) -> None:
    assert Url.parse(text).credentials == credentials


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://me:pw@h:1/a?x@y", "https://h:1/a?x@y"),
        ("https://h/me@h", "https://h/me@h"),
        ("http://http@http/http@http", "http://http/http@http"),
        ("https://@h/a", "https://h/a"),
    ],
)
def test_only_the_userinfo_is_taken_out(text: str, expected: str) -> None:
    assert Url.parse(text).without_credentials().reveal() == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://h/a/model.safetensors?x/y", "model.safetensors"),
        ("https://h/a%20b%2Fc", "a b/c"),
        ("https://h/%FF", "\ufffd"),
        ("https://h/a/", ""),
        ("https://h", ""),
    ],
)
def test_the_last_segment_is_decoded_once(text: str, name: str) -> None:
    assert Url.parse(text).last_segment == name


@given(st.text(alphabet=string.ascii_letters + string.digits, min_size=10, max_size=40))
def test_no_form_of_printing_shows_query_userinfo_or_fragment(secret: str) -> None:
    url = Url.parse(f"https://user-{secret}:{secret}@h.example/path?token={secret}#{secret}")
    shown = f"{url} {url!r} {url.origin} {url.origin!r} {url.without_secrets} {[url]} {url.host}"
    assert secret not in shown


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("http://ex.com/my model (v1).safetensors", "http://ex.com/my%20model%20(v1).safetensors"),
        ("http://ex.com/a%20b c?d=e f", "http://ex.com/a%20b%20c?d=e%20f"),
        ("http://ex.com/a  ", "http://ex.com/a"),
        ("http://ex.com/ü b", "http://ex.com/%C3%BC%20b"),
    ],
)
def test_a_space_is_escaped_as_browsers_do(typed: str, sent: str) -> None:
    assert Url.parse(typed).reveal() == sent
