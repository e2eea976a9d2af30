"""Which proxy is used, and for whom there is none."""

from __future__ import annotations

import os

import pytest

from anymatix_fetcher.core.values.urls import Origin
from anymatix_fetcher.transports.proxies import PROXY_VARIABLES, Proxy, UnusableProxyError, is_excepted, proxy_for


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy:3128", Proxy("http", "proxy", 3128)),
        ("proxy:3128/", Proxy("http", "proxy", 3128)),
        ("HTTPS://proxy", Proxy("https", "proxy", 443)),
        ("http://proxy", Proxy("http", "proxy", 1080)),
        ("socks5://us%40er:p%3Ass@[::1]:9", Proxy("socks5", "::1", 9, "us@er", "p:ss")),
        ("socks5h://user@proxy", Proxy("socks5h", "proxy", 1080, "user", "")),
        ("http://u:p@ss@proxy:1", Proxy("http", "proxy", 1, "u", "p@ss")),
    ],
)
def test_a_proxys_url_is_read(text: str, proxy: Proxy) -> None:
    assert Proxy.parse(text) == proxy


@pytest.mark.parametrize(
    "text",
    ["ftp://canary@proxy", "socks4://canary@proxy", "http://", "http://canary@a:b:c", "http://proxy:0", "proxy:99999"],
)
def test_what_is_no_proxy_makes_the_request_unusable(text: str) -> None:
    with pytest.raises(UnusableProxyError) as raised:
        Proxy.parse(text)
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
        ("0.0.0.0/0", "10.1.2.3", True),
        ("::/0", "fd00::1", True),
        ("0.0.0.0/0", "example.com", False),
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


HTTP, HTTPS = Origin("http", "example.com", 80), Origin("https", "example.com", 443)


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXY_VARIABLES, "no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "origin", "host"),
    [
        ({}, HTTP, None),
        ({"all_proxy": "all:1"}, HTTPS, "all"),
        ({"all_proxy": "all:1", "https_proxy": "own:2"}, HTTPS, "own"),
        ({"all_proxy": "all:1", "http_proxy": "own:2"}, HTTPS, "all"),
        ({"ALL_PROXY": "ALL:1", "HTTPS_PROXY": "OWN:2"}, HTTPS, "OWN"),
        ({"HTTPS_PROXY": "OWN:2", "https_proxy": "own:2"}, HTTPS, "own"),
        ({"HTTP_PROXY": "OWN:2"}, HTTP, "OWN"),
        ({"HTTP_PROXY": "OWN:2", "http_proxy": "own:2"}, HTTP, "own"),
        ({"HTTP_PROXY": "OWN:2", "REQUEST_METHOD": "GET"}, HTTP, None),
        ({"HTTP_PROXY": "OWN:2", "all_proxy": "all:1", "REQUEST_METHOD": "GET"}, HTTP, "all"),
        ({"http_proxy": "own:2", "REQUEST_METHOD": "GET"}, HTTP, "own"),
        ({"HTTPS_PROXY": "OWN:2", "REQUEST_METHOD": "GET"}, HTTPS, "OWN"),
        ({"http_proxy": "", "HTTP_PROXY": "OWN:2", "all_proxy": "all:1"}, HTTP, None),
        ({"http_proxy": "own:2", "no_proxy": "example.com"}, HTTP, None),
        ({"http_proxy": "own:2", "NO_PROXY": "example.com:80"}, HTTP, None),
        ({"http_proxy": "own:2", "NO_PROXY": "example.com:8080"}, HTTP, "own"),
        ({"http_proxy": "own:2", "no_proxy": "", "NO_PROXY": "example.com"}, HTTP, "own"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows knows no case in the names of variables")
def test_the_environment_is_read_in_this_order(
    variables: dict[str, str], origin: Origin, host: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(origin, None)
    assert (found.host if found else None) == host
