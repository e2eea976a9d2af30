"""The page: what it loads is its own, and the names that people and screen readers find it by are there."""

from __future__ import annotations

import re

import pytest

from anymatix_fetcher.serve.page_files import page_files
from tests.serve.served import Client

FILES = page_files()
SCRIPTS = {name: file.content.decode() for name, file in FILES.items() if name.endswith(".js")}
INDEX = FILES["index.html"].content.decode()
TABLES = SCRIPTS["strings.js"] + SCRIPTS["strings_fr.js"]
WORDS = dict(re.findall(r"^(?:export )?const (en|de|fr) = \{\n(.*?)\n\};", TABLES, re.DOTALL | re.MULTILINE))


def test_all_that_the_page_names_is_served_with_it() -> None:
    named = re.findall(r'(?:href|src)="([^"]+)"', INDEX)
    assert named
    for path in named:
        assert path.removeprefix("/page/") in FILES
    for text in SCRIPTS.values():
        for path in re.findall(r'(?:from|URL\() ?"\./([^"]+)"', text):
            assert path in FILES


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_asked_for_elsewhere_and_nothing_is_inline(name: str) -> None:
    text = FILES[name].content.decode()
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=|innerHTML|eval\(", text)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_only_the_entry_knows_of_the_document_around_it(name: str) -> None:
    found = re.search(r"document\.(getElementById|querySelector|body|title)|sessionStorage|localStorage", SCRIPTS[name])
    assert (found is not None) == (name == "main.js")


def test_the_secret_is_said_to_be_needed_where_it_is(client: Client) -> None:
    assert Client(client.port, None).get("/healthz").json == {"status": "ok", "needs_secret": True}


# Languages ------------------------------------------------------------------------------------------------


def said(language: str) -> dict[str, str]:
    return {key.strip('"'): text for key, text in re.findall(r'("[^"]+"|\w+): "((?:[^"\\]|\\.)*)"', WORDS[language])}


@pytest.mark.parametrize("language", ["de", "fr"])
def test_every_language_says_the_same_things_with_the_same_values(language: str) -> None:
    english, other = said("en"), said(language)
    assert english.keys() == other.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", other[key])), key


def test_every_string_that_is_asked_for_is_there() -> None:
    asked = {name for text in SCRIPTS.values() for name in re.findall(r'\bt\("([^"]+)"', text)}
    assert asked
    assert asked <= said("en").keys()


@pytest.mark.parametrize(
    ("name", "text"), [(word.lower(), word) for word in ("Fetch", "Pause", "Resume", "Cancel", "Retry")]
)
def test_the_buttons_have_their_names(name: str, text: str) -> None:
    assert said("en")[name] == text
