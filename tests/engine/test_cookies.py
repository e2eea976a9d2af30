"""Cookies of redirects: sent back to their own origin on every hop and for every range, and kept in no file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Engine, fetch
from anymatix_fetcher.testing import Fault, Match, Origin
from anymatix_fetcher.verbs.inspect import inspect
from anymatix_fetcher.verbs.resolve import locate
from tests.formats.files import safetensors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENGINES = [Engine.CURL, Engine.THREADS]
SIZE = 20_000_000
COOKIE = "session=planted-cookie-42"


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    for name, folder in (("HOME", "home"), ("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    with Origin(seed=1) as running:
        running.add("/m.bin", size=SIZE)
        running.add("/model.safetensors", data=safetensors({"w": ("U8", (4,))}))
        yield running


def asks_for_consent(origin: Origin, location: str = "{origin}{path}", cookie: str = COOKIE) -> None:
    """Whoever comes the first time is redirected, with a cookie."""
    origin.script(Fault.redirect(location=location), when=Match(request=1, at="origin"))
    origin.script(Fault.header(name="Set-Cookie", value=f"{cookie}; Path=/; HttpOnly"), when=Match(request=1))


def cookies(origin: Origin, listener: str = "origin") -> list[str | None]:
    return [one.headers.get("cookie") for one in origin.seen() if one.listener == listener]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_redirect_to_itself_with_a_cookie_leads_to_the_file(
    origin: Origin, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asks_for_consent(origin)
    with caplog.at_level(logging.DEBUG, "anymatix_fetcher"):
        result = fetch(origin.url("/m.bin"), directory=tmp_path / "here", engine=engine, connections=4)
    assert result.path is not None
    assert result.path.stat().st_size == SIZE
    first, *others = cookies(origin)
    assert first is None
    assert len(others) > 2
    assert set(others) == {COOKIE}
    assert "planted-cookie" not in caplog.text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"planted-cookie" not in path.read_bytes(), path


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cookie_goes_to_no_other_origin(origin: Origin, engine: Engine, tmp_path: Path) -> None:
    asks_for_consent(origin, "{target}{path}")
    fetch(origin.url("/m.bin"), directory=tmp_path, engine=engine, connections=4)
    assert cookies(origin) == [None]
    assert set(cookies(origin, "target")) == {None}


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_added_to_the_users_own_and_these_stay_at_home(origin: Origin, engine: Engine, tmp_path: Path) -> None:
    asks_for_consent(origin)
    headers = {"Cookie": "mine=1; session=old"}
    fetch(origin.url("/m.bin"), directory=tmp_path, engine=engine, headers=headers)
    first, *others = cookies(origin)
    assert first == "mine=1; session=old"
    assert set(others) == {f"mine=1; {COOKIE}"}


def test_a_walk_without_a_download_keeps_them_too(origin: Origin) -> None:
    asks_for_consent(origin)
    url = origin.url("/model.safetensors")
    assert [one.error for one in locate(url)] == [None]
    assert cookies(origin) == [None, COOKIE]
    inspect(url)
    assert cookies(origin)[2:], "another one begins anew"
    assert cookies(origin)[2] is None
