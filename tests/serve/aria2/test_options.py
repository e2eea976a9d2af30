"""aria2's options: which are read, what they come to, and which are shown."""

from __future__ import annotations

import pytest

from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.serve.aria2.messages import RpcFault
from anymatix_fetcher.serve.aria2.option_table import DOWNLOAD_DEFAULTS, GLOBAL_DEFAULTS, WITHOUT_DEFAULT
from anymatix_fetcher.serve.aria2.options import read_options, shown_options, wanted_of
from tests.mutations import VALUES
from tests.queue.sample import job

URL = "https://h.example/a.bin"
SHA256 = "ab" * 32


def wanted(**options: object) -> JobWanted:
    return wanted_of([URL], read_options({name.replace("_", "-"): value for name, value in options.items()}))


def test_what_a_download_is_to_bring() -> None:
    found = wanted_of(
        [URL, "https://mirror.example/a.bin"],
        read_options(
            {
                "dir": "/models/vae",
                "out": "x.safetensors",
                "checksum": f"sha-256={SHA256.upper()}",
                "max-connection-per-server": "4",
                "split": 8,
                "max-download-limit": "500K",
                "header": ["Cookie: a=b", "X-Y:z:1", "Range: bytes=0-1", "nonsense"],
                "referer": "https://page.example/",
                "user-agent": "Browser/1",
                "all-proxy": "http://proxy.example:3128",
                "allow-overwrite": True,
            }
        ),
    )
    assert found == JobWanted(
        reference=URL,
        mirrors=("https://mirror.example/a.bin",),
        directory="/models/vae",
        output="x.safetensors",
        digests=(f"sha256:{SHA256}",),
        max_connections=4,
        limit_rate=512_000.0,
        headers=(("Cookie", "a=b"), ("X-Y", "z:1"), ("Referer", "https://page.example/"), ("User-Agent", "Browser/1")),
        proxy="http://proxy.example:3128",
        overwrite=True,
    )


def test_the_options_of_a_client_that_says_the_defaults_say_nothing() -> None:
    """AriaNg adds a download once more with all the options that it was shown."""
    assert wanted_of([URL], read_options(DOWNLOAD_DEFAULTS)) == JobWanted(reference=URL)
    assert wanted() == JobWanted(reference=URL)


def test_connections_are_bounded_by_what_was_said() -> None:
    assert wanted(split="3").max_connections == 3
    assert wanted(max_connection_per_server="2").max_connections == 2
    assert wanted(max_connection_per_server="16", split="5").max_connections == 5


def test_a_referer_may_be_the_address_itself_and_a_login_becomes_a_field() -> None:
    found = dict(wanted(referer="*", http_user="me", http_passwd="word").headers)
    assert found == {"Referer": URL, "Authorization": "Basic bWU6d29yZA=="}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"all-proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"all-proxy": "http://p.example", "https-proxy": "http://q.example"}, "http://q.example"),
        ({"http-proxy": "http://p.example"}, ""),
        ({"all-proxy": "http://p.example:1", "all-proxy-user": "u", "all-proxy-passwd": "w"}, "http://u:w@p.example:1"),
        ({"all-proxy": ""}, ""),
    ],
)
def test_proxies(options: dict[str, object], expected: str) -> None:
    assert wanted_of([URL], read_options(options)).proxy == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("checksum", "sha-999=00"),
        ("checksum", "sha-256=00"),
        ("split", "0"),
        ("split", "many"),
        ("max-download-limit", "fast"),
        ("max-download-limit", "-1"),
        ("max-concurrent-downloads", "x"),
        ("allow-overwrite", "maybe"),
        ("pause", "TRUE"),
        ("gid", "zz"),
    ],
)
def test_what_matters_here_and_cant_be_read_is_refused_in_aria2s_words(name: str, value: str) -> None:
    with pytest.raises(RpcFault) as caught:
        read_options({name: value})
    assert caught.value.message == f"We encountered a problem while processing the option '--{name}'."


def test_what_aria2_has_and_we_dont_is_taken_and_the_rest_ignored() -> None:
    given: dict[str, object] = {"bt-tracker": "x", "file-allocation": "none", "nonsense": "1", "out": 3, "dir": None}
    assert read_options(given) == {"bt-tracker": "x", "file-allocation": "none", "out": "3"}


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_no_value_is_a_bug(value: object) -> None:
    for name in sorted({*DOWNLOAD_DEFAULTS, *GLOBAL_DEFAULTS, *WITHOUT_DEFAULT}):
        try:
            options = read_options({name: value})
        except RpcFault:
            continue
        wanted_of([URL], options)


def test_every_option_is_shown_and_no_secret() -> None:
    given = read_options(
        {
            "dir": "vae",
            "out": "x",
            "header": ["Authorization: Bearer hushhush"],
            "http-user": "me",
            "http-passwd": "hushhush",
            "all-proxy": "http://u:hushhush@p.example",
            "referer": "https://page.example/",
            "user-agent": "Browser/1",
            "checksum": f"sha-256={SHA256}",
            "max-download-limit": "1M",
            "file-allocation": "falloc",
            "pause": "true",
        }
    )
    shown = shown_options(job(1, wanted=wanted_of([URL], given)), given, "/data/vae")
    assert "hushhush" not in str(shown)
    assert shown.keys() >= DOWNLOAD_DEFAULTS.keys()
    chosen = {name: value for name, value in shown.items() if DOWNLOAD_DEFAULTS.get(name) != value}
    assert chosen == {
        "dir": "/data/vae",
        "out": "x",
        "http-user": "me",
        "referer": "https://page.example/",
        "user-agent": "Browser/1",
        "checksum": f"sha-256={SHA256}",
        "max-download-limit": "1048576",
        "file-allocation": "falloc",
    }
