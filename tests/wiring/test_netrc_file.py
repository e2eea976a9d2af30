"""The netrc file, and what of it goes to whom."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.base import Environment, Secret, Wish
from anymatix_fetcher.wiring.netrc_file import NetrcFile

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# mine
machine h.example login me password "pass word"
machine N.example
  login you
default login all password everybody
"""


def read(folder: Path, text: str) -> NetrcFile:
    (folder / ".netrc").write_text(text, encoding="utf-8")
    return NetrcFile({}, folder)


def user_of(headers: Headers) -> str | None:
    sent = headers.get("Authorization")
    return base64.b64decode(sent.removeprefix("Basic ")).decode().partition(":")[0] if sent else None


def test_entries_are_found_by_host_and_the_default_is_asked_for_by_its_own_name(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT)
    assert found.of("h.example") == ("me", "pass word")
    assert found.of("n.example") == ("you", "")
    assert found.of("other.example") is None
    assert found.of("default") is None, "which a host may be called"
    assert found.default() == ("all", "everybody")


def test_the_variable_names_another_file_and_there_may_be_none(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("machine h.example login a password b\n")
    assert NetrcFile({"NETRC": str(other)}, tmp_path).of("h.example") == ("a", "b")
    nothing = NetrcFile({}, tmp_path)
    assert (nothing.of("h.example"), nothing.default(), nothing.lack("h.example")) == (None, None, "")


@pytest.mark.parametrize("text", ["machine h.example login a password SECRET what\n", "machine"])
def test_a_file_that_cant_be_read_is_told_without_its_text(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert found.of("h.example") is None
    assert "can't be parsed: see line" in found.lack("h.example")
    assert "SECRET" not in found.lack("h.example")


@pytest.mark.parametrize(
    "text",
    [
        'machine h.example login "SECRET\n',
        'machine h.example login "SECRET',
        'machine h.example login me password "SECRET\nmachine other.example login "you" password b\n',
    ],
)
def test_a_quotation_mark_that_isnt_closed_takes_nothing_for_a_password(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert (found.of("h.example"), found.of("other.example"), found.default()) == (None, None, None)
    assert found.lack("h.example") == "~/.netrc can't be parsed: the quotation mark in line 1 isn't closed."


@pytest.mark.parametrize(
    ("word", "password"),
    [
        ('"a b"', "a b"),
        ('"a # b"', "a # b"),
        ('"a\\"b"', 'a"b'),
        ('a"b', 'a"b'),
        ('b # it is "quoted', "b"),
    ],
)
def test_quotation_marks_that_are_right_are_left_alone(tmp_path: Path, word: str, password: str) -> None:
    text = f'# the "old one\nmachine h.example login me password {word}\n'
    assert read(tmp_path, text).of("h.example") == ("me", password)


def test_what_isnt_text_is_no_netrc_file(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_bytes(b"machine h login \xff\xfe password x")
    assert "can't be read" in NetrcFile({}, tmp_path).lack("h")


@pytest.mark.parametrize(
    ("url", "author", "user"),
    [
        ("https://h.example/m", Author.USER, "me"),
        ("https://h.example/m", Author.FILE, "me"),
        ("https://other.example/m", Author.USER, "all"),
        ("https://other.example/m", Author.FILE, None),
        ("http://h.example/m", Author.USER, None),
        ("http://other.example/m", Author.USER, None),
        ("http://localhost:8000/m", Author.USER, "all"),
        ("http://127.8.0.1/m", Author.USER, "all"),
        ("http://[::1]:80/m", Author.USER, "all"),
        ("http://127.0.0.1.example/m", Author.USER, None),
        ("http://localhost.example/m", Author.USER, None),
        ("https://you:pw@h.example/m", Author.USER, None),
    ],
)
def test_a_login_goes_where_none_can_read_it_and_the_default_where_the_user_has_typed_the_address(
    tmp_path: Path, url: str, author: Author, user: str | None
) -> None:
    environment = Environment(logins=read(tmp_path, TEXT))
    assert user_of(environment.headers_for(Url.parse(url), Wish(url, author=author))) == user


def test_the_users_own_authorization_and_a_kept_token_go_before_a_login(tmp_path: Path) -> None:
    environment = Environment(tokens={"https://h.example": Secret("kept")}, logins=read(tmp_path, TEXT))
    url = Url.parse("https://h.example/m")
    assert environment.headers_for(url, Wish(str(url))) == Headers.of(Authorization="Bearer kept")
    own = Headers.of(authorization="Bearer own")
    assert environment.headers_for(url, Wish(str(url), headers=own)) == own
    other = Headers.of(X_Own="1")
    assert environment.headers_for(url, Wish(str(url), headers=other)).get("X-Own") == "1"
    assert environment.headers_for(url, Wish(str(url), headers=other)).get("Authorization") == "Bearer kept"


def test_a_host_that_asks_over_plain_http_is_told_of_with_the_reason(tmp_path: Path) -> None:
    environment = Environment(logins=read(tmp_path, TEXT))
    assert "isn't sent over plain http" in environment.login_note(Url.parse("http://h.example/m"), "direct")
    endpoint = Url.parse("http://hub.example")
    environment = Environment(endpoints={"huggingface": endpoint}, tokens={"huggingface": Secret("hf")})
    assert "not sent to hub.example" in environment.login_note(endpoint, "huggingface")
