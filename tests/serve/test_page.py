"""The page: what it loads is its own, and the names that people and screen readers find it by are there."""

from __future__ import annotations

import re

import pytest

from anymatix_fetcher.serve.page_files import page_files

FILES = page_files()
SCRIPTS = {name: file.content.decode() for name, file in FILES.items() if name.endswith(".js")}
INDEX = FILES["index.html"].content.decode()


def test_all_that_the_page_names_is_served_with_it() -> None:
    named = re.findall(r'(?:href|src)="([^"]+)"', INDEX)
    assert named
    for path in named:
        assert path.removeprefix("/page/") in FILES
    for text in SCRIPTS.values():
        for path in re.findall(r'from "\./([^"]+)"', text):
            assert path in SCRIPTS


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_asked_for_elsewhere_and_nothing_is_inline(name: str) -> None:
    text = FILES[name].content.decode()
    assert not re.search(r"https?://(?!www\.w3\.org/)", text.replace("http://www.w3.org/2000/svg", ""))
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=|innerHTML|eval\(", text)


@pytest.mark.parametrize("button", ["Pause", "Resume", "Cancel", "Retry"])
def test_the_buttons_of_a_job_have_their_names(button: str) -> None:
    assert f'["{button}",' in SCRIPTS["rows.js"]


def test_a_job_is_a_row_with_a_progress_bar_and_a_button_fetches() -> None:
    assert '"role", "progressbar"' in SCRIPTS["rows.js"]
    assert "<button>Fetch</button>" in INDEX
    assert 'aria-live="polite"' in INDEX
