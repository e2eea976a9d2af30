"""What a call says holds from the call on, and what can't be meant is refused before anything begins."""

from __future__ import annotations

import inspect as introspection
import os
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import anymatix_fetcher
from anymatix_fetcher import (
    DestinationExistsError,
    Digest,
    DigestMismatchError,
    DownloadCancelled,
    Engine,
    Job,
    Progress,
    RateLimiter,
    ReferenceSyntaxError,
    Result,
    Settings,
    Status,
    StorageError,
    afetch,
    fetch,
    fetch_many,
    inspect,
    verify,
)
from anymatix_fetcher.engine.settings import DEFAULTS, GettingThere, Options
from tests.servers.by_query import serving_by_query
from tests.threads import no_more_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.testing import Origin

CONTENT = bytes(range(256)) * 400
URL = "http://127.0.0.1:9/never-asked"


@pytest.fixture
def url(origin: Origin) -> str:
    return origin.add("/model.bin", data=CONTENT).url


@pytest.fixture
def sha256(origin: Origin) -> str:
    return origin.add("/same.bin", data=CONTENT).sha256()


# Keywords --------------------------------------------------------------------------------------------------


def test_every_setting_is_a_keyword_with_its_default_and_its_sentence() -> None:
    internal = {"bounds"}
    assert {one.name for one in fields(Settings)} - internal == set(Options.__annotations__) - {"sha256"}
    for call in (fetch, afetch, fetch_many):
        parameters = introspection.signature(call).parameters
        for name in Options.__annotations__:
            assert parameters[name].kind is introspection.Parameter.KEYWORD_ONLY
            assert parameters[name].default == DEFAULTS.get(name)
            assert re.search(rf"^ {{8}}{name}: [A-Z0-9`]", call.__doc__ or "", re.MULTILINE), f"{call}: {name}"
        assert not any(one.kind is introspection.Parameter.VAR_KEYWORD for one in parameters.values())


def test_calls_that_only_get_there_have_the_keywords_for_that() -> None:
    parameters = introspection.signature(verify).parameters
    assert set(GettingThere.__annotations__) <= set(parameters)
    assert "output" not in parameters
    with pytest.raises(TypeError, match="no setting 'output'"):
        verify(output="x")  # type: ignore[call-arg] # what callers do without a type checker


def test_help_shows_the_keywords(capsys: pytest.CaptureFixture[str]) -> None:
    help(fetch)
    shown = capsys.readouterr().out
    assert "sha256: Digest | str | None = None" in shown
    assert "limit_rate: The rate limit in bytes per second for all files together" in shown


def test_results_are_documented_field_by_field() -> None:
    for value in (Result, Progress, Job):
        for one in fields(value):
            assert re.search(rf"^ {{8}}{one.name}: [A-Z]", value.__doc__ or "", re.MULTILINE), one.name


@pytest.mark.parametrize("call", [fetch, fetch_many, inspect, lambda _url, **options: verify(**options)])
def test_an_unknown_keyword_is_a_type_error_that_knows_the_right_one(call: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="'conections'; did you mean 'connections'"):
        call(URL, conections=4)
    with pytest.raises(TypeError, match="no setting 'verify'"):
        call(URL, verify=False)


def test_settings_take_what_people_have(tmp_path: Path) -> None:
    made = Settings(
        output=str(tmp_path / "x"),
        digests=["sha256:" + "0" * 64, Digest("md5", "1" * 32)],
        headers={"X-Key": "k"},
        engine="curl",
        naming="anymatix",
        include="*.gguf",
        mirrors="https://other.test/x",
        extra_paths=tmp_path / "extra.yaml",
        ca_file=str(tmp_path / "ca.pem"),
    )
    assert made.output == tmp_path / "x"
    assert made.digests == (Digest("sha256", "0" * 64), Digest("md5", "1" * 32))
    assert made.headers == (("X-Key", "k"),)
    assert (made.engine, made.naming.value) == (Engine.CURL, "anymatix")
    assert (made.include, made.mirrors) == (("*.gguf",), ("https://other.test/x",))
    assert (made.extra_paths, made.ca_file) == ((tmp_path / "extra.yaml",), tmp_path / "ca.pem")
    same: dict[str, Any] = {name: getattr(made, name) for name in DEFAULTS}
    assert replace(made, overwrite=True) == Settings(**{**same, "overwrite": True})
    assert Settings(sha256="A" * 64) == Settings(digests="sha256:" + "a" * 64) == Settings(sha256="sha256:" + "a" * 64)


WRONG: list[dict[str, object]] = [
    {"limit_rate": float("inf")},
    {"limit_rate": float("nan")},
    {"limit_rate": 0},
    {"limit_rate": -1.5},
    {"limit_rate": "1M"},
    {"limit_rate": True},
    {"connections": 0},
    {"connections": -1},
    {"connections": "4"},
    {"connections": 2.5},
    {"connections": True},
    {"max_connections": None},
    {"max_connections": 0},
    {"max_connections": -3},
    {"length": "3000"},
    {"length": -1},
    {"length": 1.0},
    {"output": "a\0b"},
    {"output": "/"},
    {"output": ""},
    {"output": "folder/"},
    {"output": b"x"},
    {"output": 7},
    {"directory": "a\0b"},
    {"directory": 7},
    {"adopt_partial": "a\0b"},
    {"ca_file": "a\0b"},
    {"models": 7},
    {"digests": "nonsense"},
    {"digests": ["sha256:12"]},
    {"digests": 7},
    {"digests": [7]},
    {"digests": ["sha256:" + "0" * 64, "sha256:" + "1" * 64]},
    {"sha256": "12"},
    {"sha256": 7},
    {"sha256": "md5:" + "0" * 32},
    {"sha256": "0" * 64, "digests": ["sha256:" + "1" * 64]},
    {"engine": "warp"},
    {"engine": None},
    {"naming": "odd"},
    {"overwrite": "yes"},
    {"verify_tls": None},
    {"proxy": 7},
    {"proxy": "http://proxy\r\n"},
    {"proxy": "ftp://proxy:1"},
    {"proxy": "http://me:SECRET@proxy:99999"},
    {"mirrors": ["ftp://x"]},
    {"mirrors": 7},
    {"include": 7},
    {"include": [7]},
    {"type": None},
    {"headers": {"X-Key": 7}},
    {"headers": 7},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: " ".join(f"{key}={value!r}" for key, value in wrong.items()))
def test_what_cant_be_meant_is_refused_before_anything_begins(
    wrong: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (lambda: fetch(URL, **wrong), lambda: Settings(**wrong), lambda: fetch_many([URL], **wrong)):
        with pytest.raises(ReferenceSyntaxError) as refused:
            call()
        assert str(refused.value)
        assert "SECRET" not in f"{refused.value!r} {refused.value.hint}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("reference", [None, 7, b"http://x", Path("x")])
def test_a_reference_is_text(reference: Any) -> None:  # noqa: ANN401 - what callers do without a type checker
    for call in (lambda: fetch(reference), lambda: Job(reference), lambda: fetch_many([reference])):
        with pytest.raises(ReferenceSyntaxError, match="text is expected"):
            call()


def test_one_reference_isnt_a_list_of_them() -> None:
    with pytest.raises(ReferenceSyntaxError, match="list"):
        fetch_many(URL)
    with pytest.raises(ReferenceSyntaxError, match="Settings"):
        Job(URL, {"output": "x"})  # type: ignore[arg-type] # as above


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan"), "1M", True])
def test_a_limiter_refuses_what_is_no_rate(rate: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(ValueError, match="not a rate"):
        RateLimiter(rate)
    limiter = RateLimiter(5)
    with pytest.raises(ValueError, match="not a rate"):
        limiter.bytes_per_second = rate
    assert limiter.bytes_per_second == 5


# What they do ----------------------------------------------------------------------------------------------


def test_a_digest_given_by_its_own_keyword_is_checked(url: str, sha256: str, tmp_path: Path) -> None:
    result = fetch(url, output=tmp_path / "a.bin", sha256=sha256)
    assert (result.verified, result.sha256) == ("sha256", sha256)
    with pytest.raises(DigestMismatchError):
        fetch(url, output=tmp_path / "b.bin", sha256="0" * 64)
    assert not (tmp_path / "b.bin").exists()


def test_references_and_jobs_may_be_mixed(url: str, origin: Origin, tmp_path: Path) -> None:
    own = Job(url, Settings(output=tmp_path / "own.bin"))
    results = fetch_many([origin.url("/same.bin"), own, url], directory=str(tmp_path / "folder"))
    assert isinstance(results[0].error, anymatix_fetcher.NotFoundError)
    assert [result.path for result in results[1:]] == [tmp_path / "own.bin", tmp_path / "folder" / "model.bin"]


def test_every_job_has_a_result_whatever_happens_to_the_others(url: str, origin: Origin, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a-file"
    in_the_way.write_bytes(b"x")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    jobs = [
        Job(url, Settings(output=tmp_path / "one.bin")),
        Job(url, Settings(directory=in_the_way)),
        Job(url, Settings(directory=in_the_way / "below")),
        Job(url, Settings(directory=loop)),
        Job("no reference at all", Settings(directory=tmp_path)),
        Job(origin.url("/gone"), Settings(directory=tmp_path)),
        Job(url, Settings(output=tmp_path / "two.bin")),
    ]
    results = fetch_many(jobs)
    assert [type(result.error) for result in results[1:4]] == [StorageError] * 3
    for result in results[1:4]:
        assert result.error is not None
        assert result.error.hint
        assert "bug" not in result.error.message
    assert isinstance(results[4].error, ReferenceSyntaxError)
    assert isinstance(results[5].error, anymatix_fetcher.NotFoundError)
    for result in (results[0], results[6]):
        assert result.path is not None
        assert result.path.read_bytes() == CONTENT


def test_paths_mean_what_they_meant_when_the_call_was_made(
    url: str, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.chdir(first)
    origin.script("delay:seconds=1")

    def go_elsewhere(_: object) -> None:
        os.chdir(second)

    jobs = [
        Job(url, Settings(output="exact.bin")),
        Job(url, Settings(directory="folder")),
        Job(url),
        Job(url, Settings(directory="../first/up")),
    ]
    results = fetch_many(jobs, on_progress=go_elsewhere)
    wanted = [first / "exact.bin", first / "folder/model.bin", first / "model.bin", first / "up/model.bin"]
    assert [result.error for result in results] == [None] * 4
    for result, path in zip(results, wanted, strict=True):
        assert result.path is not None
        assert result.path.samefile(path)
        assert result.path.is_absolute()
    assert not list(second.iterdir())


def test_a_current_folder_that_is_gone_is_told_of(url: str, tmp_path: Path) -> None:
    program = """
import os, sys
from anymatix_fetcher import fetch, StorageError
folder, url, whole = sys.argv[1:]
os.mkdir(folder); os.chdir(folder); os.rmdir(folder)
try:
    fetch(url, output="x.bin")
except StorageError as error:
    print(error.message, "|", error.hint)
print(fetch(url, output=whole).status.value)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "gone"), url, str(tmp_path / "x.bin")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines()[0].startswith("the current folder no longer exists | ")
    assert done.stdout.splitlines()[1] == "downloaded"


def test_where_no_thread_can_start_every_job_has_that_result(url: str, tmp_path: Path) -> None:
    fetch(url, output=tmp_path / "first.bin")  # what is opened once stays open
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - no folder that pathlib could walk
    for _ in range(5):
        with no_more_threads():
            results = fetch_many([url, url], output=tmp_path / "a.bin")
        assert [type(result.error) for result in results] == [StorageError] * 2
        with no_more_threads(), pytest.raises(StorageError, match="no more threads"):
            fetch(url, output=tmp_path / "a.bin")
    assert len(os.listdir("/dev/fd")) <= before  # noqa: PTH208 - as above
    assert fetch(url, output=tmp_path / "a.bin").status is Status.DOWNLOADED


def test_a_cancelled_job_is_a_result_too(url: str, tmp_path: Path) -> None:
    token = anymatix_fetcher.CancelToken()
    token.cancel()
    for _ in range(10):  # no loop is quicker than a token that is cancelled already
        results = fetch_many([url, url], directory=tmp_path, cancel=token)
        assert [type(result.error) for result in results] == [DownloadCancelled] * 2
    assert not list(tmp_path.iterdir())


# One call, one destination ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"overwrite": True}])
@pytest.mark.parametrize("names", [("dup.bin", "dup.bin"), ("cafe\u0301.bin", "caf\u00e9.bin")])
def test_no_download_replaces_what_another_one_of_the_call_has_brought(
    origin: Origin, tmp_path: Path, options: dict[str, Any], names: tuple[str, str]
) -> None:
    urls = [origin.add(f"/{folder}/{name}", data=folder.encode() * 1000).url for folder, name in zip("ab", names)]  # noqa: B905 - two each
    folder = tmp_path / "before"
    folder.mkdir()
    if options:
        (folder / names[1]).write_bytes(b"what was there before is what overwrite is about")
    results = fetch_many(urls, directory=folder, **options)
    first = results[0]
    assert first.path is not None
    assert first.path.read_bytes() == b"a" * 1000
    brought = [result for result in results if result.error is None]
    assert len(brought) == len(list(folder.iterdir()))
    for result in results[1:]:
        if result.error is not None:
            assert isinstance(result.error, DestinationExistsError)
            assert "same run" in result.error.message
            assert "-o" in result.error.hint
            assert "--overwrite" not in result.error.hint


def test_it_is_said_where_two_references_to_one_destination_differ_in_their_query_only(tmp_path: Path) -> None:
    with serving_by_query("v", {"1": b"first", "2": b"second"}) as url:
        _, second = fetch_many([f"{url}?v=1", f"{url}?v=2"], output=tmp_path / "a.bin")
    assert second.error is not None
    assert "differs in its query only" in second.error.message
    assert (tmp_path / "a.bin").read_bytes() == b"first"


def test_sessions_of_one_call_know_of_each_others_files(origin: Origin, tmp_path: Path) -> None:
    urls = [origin.add(f"/{folder}/dup.bin", data=folder.encode() * 1000).url for folder in "ab"]
    jobs = [
        Job(url, Settings(output=tmp_path / "dup.bin", overwrite=True, verify_tls=verify_tls))
        for url, verify_tls in zip(urls, (True, False), strict=True)
    ]
    results = fetch_many(jobs)
    errors = [result.error for result in results if result.error is not None]
    assert [type(error) for error in errors] == [DestinationExistsError]
    (whole,) = (result for result in results if result.error is None)
    assert (tmp_path / "dup.bin").read_bytes() == (b"a" if whole is results[0] else b"b") * 1000


def test_a_destination_that_a_failed_download_wanted_is_free(url: str, origin: Origin, tmp_path: Path) -> None:
    results = fetch_many([origin.url("/gone/model.bin"), url], directory=tmp_path, overwrite=True)
    assert isinstance(results[0].error, anymatix_fetcher.NotFoundError)
    assert results[1].error is None


def test_the_same_reference_twice_is_one_file(url: str, tmp_path: Path) -> None:
    results = fetch_many([Job(url, Settings(output=tmp_path / "a.bin"))] * 2)
    assert [result.status for result in results] == [Status.DOWNLOADED, Status.PRESENT]


def test_another_call_may_replace_what_this_one_has_brought(url: str, origin: Origin, tmp_path: Path) -> None:
    fetch(url, output=tmp_path / "a.bin")
    other = origin.add("/other.bin", data=b"other" * 100).url
    assert fetch(other, output=tmp_path / "a.bin", overwrite=True).error is None
    assert (tmp_path / "a.bin").read_bytes() == b"other" * 100
