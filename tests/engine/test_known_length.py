"""Servers that state a length and then send something else without one, over real connections and by both engines."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher import FetchError, RepresentationChangedError, Result, RetriesExhaustedError, fetch, fetch_many
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.settings import Settings
from tests.servers.scripted import Close, ReadRequest, ScriptedServer, Send, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Script = Callable[[bytes], list[Step]]

BODY = random.Random(3).randbytes(3_000_000)
CUT = BODY[:2_500_000]
ENGINES = pytest.mark.parametrize("engine", [Engine.CURL, Engine.THREADS])


def script(head: str, body: bytes = b"") -> list[Step]:
    return [ReadRequest(), Send(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body), Close()]


def until_close(body: bytes) -> list[Step]:
    return script("HTTP/1.0 200 OK", body)


def chunked(body: bytes) -> list[Step]:
    return script("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


STATED = f"Content-Length: {len(BODY)}"
RANGE = f"HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-{len(BODY) - 1}/{len(BODY)}\n{STATED}"
FIRST = {
    "a range that breaks off": script(RANGE, BODY[:1_200_000]),
    "a range without a byte": script(RANGE),
    "a whole that breaks off": script(f"HTTP/1.1 200 OK\n{STATED}", BODY[:1_200_000]),
}


def run(folder: Path, *scripts: list[Step], **options: Any) -> Result:  # noqa: ANN401 - hands everything on
    with ScriptedServer(*scripts) as server:
        return fetch(server.url("/m.dat"), output=folder / "m.dat", **options)


@ENGINES
@pytest.mark.parametrize("later", [until_close, chunked])
@pytest.mark.parametrize("first", FIRST)
def test_what_is_missing_of_one_that_is_too_short_comes_from_the_next(
    tmp_path: Path,
    first: str,
    later: Script,
    engine: Engine,
) -> None:
    result = run(tmp_path, FIRST[first], later(CUT), later(BODY), engine=engine)
    assert (tmp_path / "m.dat").read_bytes() == BODY
    assert result.verified == "length"


@ENGINES
def test_one_that_is_always_too_short_is_never_published(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(RetriesExhaustedError):
        run(tmp_path, FIRST["a whole that breaks off"], until_close(CUT), engine=engine)
    assert not (tmp_path / "m.dat").exists()


@ENGINES
@pytest.mark.parametrize("later", [until_close, chunked])
@pytest.mark.parametrize("first", FIRST)
def test_one_that_is_too_long_is_of_other_content(tmp_path: Path, first: str, later: Script, engine: Engine) -> None:
    with pytest.raises(RepresentationChangedError, match="more than the 3,000,000 bytes"):
        run(tmp_path, FIRST[first], later(BODY + b"E"), engine=engine)
    assert not (tmp_path / "m.dat").exists()


@ENGINES
@pytest.mark.parametrize(("length", "error"), [(6000, RetriesExhaustedError), (1000, RepresentationChangedError)])
@pytest.mark.parametrize("later", [until_close, chunked])
def test_the_caller_s_length_counts(
    tmp_path: Path, length: int, error: type[FetchError], later: Script, engine: Engine
) -> None:
    with pytest.raises(error):
        run(tmp_path, later(BODY[:3000]), length=length, engine=engine)
    assert not (tmp_path / "m.dat").exists()


@ENGINES
def test_a_length_of_zero_is_one_and_an_empty_answer_to_another_is_none(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(RepresentationChangedError):
        run(tmp_path, chunked(BODY[:3000]), length=0, engine=engine)
    empty = script("HTTP/1.1 416 Range Not Satisfiable\nContent-Range: bytes */0\nContent-Length: 0")
    with pytest.raises(RepresentationChangedError):
        run(tmp_path, empty, length=3000, engine=engine)
    assert not (tmp_path / "m.dat").exists()
    assert run(tmp_path, empty, length=0, engine=engine).size == 0


@ENGINES
def test_a_download_beside_one_that_goes_wrong_is_done(tmp_path: Path, engine: Engine) -> None:
    right = script(f"HTTP/1.1 200 OK\n{STATED}", BODY)
    with ScriptedServer(FIRST["a whole that breaks off"], chunked(BODY + b"E")) as wrong, ScriptedServer(right) as good:
        jobs = [
            Job(server.url("/m.dat"), Settings(output=tmp_path / name, engine=engine))
            for server, name in ((wrong, "wrong"), (good, "good"))
        ]
        results = fetch_many(jobs)
    assert [type(result.error) for result in results] == [RepresentationChangedError, type(None)]
    assert (tmp_path / "good").read_bytes() == BODY
    assert not list(tmp_path.glob("*.lock"))
