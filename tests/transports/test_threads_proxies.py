"""Which proxy is used, and for whom there is none."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.failures import FailureKind
from anymatix_fetcher.core.urls import Origin
from anymatix_fetcher.transports.threads_failures import BrokenExchangeError
from anymatix_fetcher.transports.threads_proxies import Proxy, is_excepted, proxy_for


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy:3128", Proxy("http", "proxy", 3128)),
        ("proxy:3128/", Proxy("http", "proxy", 3128)),
        ("HTTPS://proxy", Proxy("https", "proxy", 443)),
        ("http://proxy", Proxy("http", "proxy", 1080)),
        ("socks5://us%40er:p%3Ass@[::1]:9", Proxy("socks5", "::1", 9, "us@er", "p:ss")),
        ("socks5h://user@proxy", Proxy("socks5h", "proxy", 1080, "user", "")),
    ],
)
def test_a_proxys_url_is_read(text: str, proxy: Proxy) -> None:
    assert Proxy.parse(text) == proxy


@pytest.mark.parametrize(
    "text",
    ["ftp://canary@proxy", "socks4://canary@proxy", "http://", "http://canary@a:b:c", "http://proxy:0", "proxy:99999"],
)
def test_what_is_no_proxy_makes_the_request_unusable(text: str) -> None:
    with pytest.raises(BrokenExchangeError) as raised:
        Proxy.parse(text)
    assert raised.value.failure.kind is FailureKind.UNUSABLE
    assert "canary" not in str(raised.value)


def test_a_proxys_credentials_are_not_printed() -> None:
    assert "canary" not in repr(Proxy.parse("http://canary:canary@proxy"))


@pytest.mark.parametrize(
    ("exceptions", "host", "expected"),
    [
        ("*", "example.com", True),
        ("", "example.com", False),
        ("example.com", "example.com", True),
        ("other.org, example.com", "example.com", True),
        ("other.org example.com", "example.com", True),
        ("EXAMPLE.com.", "example.com", True),
        (".example.com", "cdn.example.com", True),
        (".example.com", "example.com", True),
        ("example.com", "cdn.example.com", True),
        ("example.com", "notexample.com", False),
        ("cdn.example.com", "example.com", False),
        ("example.com:8080", "example.com", True),
        ("example.com:80", "example.com", False),
        (".", "example.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:8080", "10.1.2.3", True),
        ("10.1.2.3:80", "10.1.2.3", False),
        ("0.0.3", "10.0.0.3", False),
        ("fd00::/8", "fd00::1", True),
        ("[fd00::1]", "fd00::1", True),
        ("[fd00::1]:8080", "fd00::1", True),
        ("10.0.0.0/8", "fd00::1", False),
        ("not-an-address", "10.1.2.3", False),
    ],
)
def test_no_proxy_names_domains_addresses_and_networks(exceptions: str, host: str, *, expected: bool) -> None:
    assert is_excepted(Origin("http", host, 8080), exceptions) is expected


def test_the_lower_case_variable_and_the_schemes_own_one_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "NO_PROXY", "no_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    origin = Origin("https", "example.com", 443)
    monkeypatch.setenv("all_proxy", "all:1")
    assert proxy_for(origin, None) == Proxy("http", "all", 1)
    monkeypatch.setenv("https_proxy", "own:2")
    assert proxy_for(origin, None) == Proxy("http", "own", 2)
    monkeypatch.setenv("no_proxy", "example.com")
    assert proxy_for(origin, None) is None
