from __future__ import annotations

import pytest

from anymatix_fetcher.cli.options.parameters import (
    parse_connection_count,
    parse_connections,
    parse_header,
    parse_proxy,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1", 1),
        ("500K", 500 * 1024),
        ("20M", 20 * 1024**2),
        ("20m", 20 * 1024**2),
        ("20MB", 20 * 1024**2),
        ("20MiB", 20 * 1024**2),
        ("20M/s", 20 * 1024**2),
        ("1.5G", 1536 * 1024**2),
        ("2 T", 2 * 1024**4),
        ("512B", 512),
    ],
)
def test_amounts_are_in_powers_of_1024_as_in_other_tools(text: str, count: int) -> None:
    assert parse_quantity(text) == count


@pytest.mark.parametrize("text", ["", "M", "-1", "0", "0.1", "20Q", "1e9", "20 M B", "iB", "5iB", "٣M", "9" * 40])
def test_what_isnt_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a number of bytes|less than one byte"):
        parse_quantity(text)


def test_connections_are_a_number_or_auto() -> None:
    assert parse_connections("AUTO") == "auto"
    assert parse_connections(" 8 ") == 8
    assert parse_connection_count("256") == 256


@pytest.mark.parametrize("text", ["0", "-1", "257", "many", "1.5", "", "٣", "99999999999999"])
def test_what_isnt_a_number_of_connections_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 256"):
        parse_connections(text)


def test_a_header_is_a_name_and_a_trimmed_value() -> None:
    assert parse_header("Authorization:  Bearer abc ") == ("Authorization", "Bearer abc")
    assert parse_header("X-Empty:") == ("X-Empty", "")
    assert parse_header("X-Time: 12:30\t") == ("X-Time", "12:30")


@pytest.mark.parametrize(
    "text",
    [
        "no colon",
        ": no name",
        "two words: x",
        "Name : x",
        "Näme: x",
        "X: secret\r\nEvil: y",
        "X: secret\nEvil: y",
        "X: secret\x00",
        "X: secret\x7f",
        "X: secret模",
        "Range: bytes=0-secret",
        "accept-encoding: secret",
        "HOST: secret",
    ],
)
def test_a_header_that_cant_be_sent_is_refused_without_repeating_its_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"header|line break|no header field can carry|can't be set") as caught:
        parse_header(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "http://proxy:3128", "socks5h://user:word@[::1]:1080", "HTTPS://proxy"])
def test_proxies_are_urls_or_nothing(text: str) -> None:
    assert parse_proxy(text) == text


@pytest.mark.parametrize(
    "text", ["proxy:3128", "ftp://proxy", "http://", "http://u:secret@p:x", "http://p:0", "http://a b"]
)
def test_what_isnt_a_proxy_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="not a proxy") as caught:
        parse_proxy(text)
    assert "secret" not in str(caught.value)
