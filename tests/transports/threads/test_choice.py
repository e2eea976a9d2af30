"""Which transport carries a download: by pycurl where it can be imported, else by threads, and it is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.nginx import Nginx

CONTENT = os.urandom(300_000)

TWO_SESSIONS = """
import logging, sys
from anymatix_fetcher import fetch
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
for index, engine in enumerate(("auto", "single")):
    result = fetch(sys.argv[1], engine=engine, output=f"{index}.bin", proxy="")
    print(result.engine, result.http_version, result.size)
"""


@pytest.fixture
def url(nginx: Nginx) -> str:
    (nginx.root / "choice.bin").write_bytes(CONTENT)
    return f"{nginx.plain}/choice.bin"


@pytest.fixture
def without_pycurl(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing pycurl fails as it does where its libcurl is missing."""
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "pycurl.py").write_text("raise ImportError('libcurl.so.4: no such file')\n", encoding="ascii")
    return {**os.environ, "PYTHONPATH": str(stub)}


def test_without_pycurl_threads_carry_it_and_it_is_said_once(
    url: str, tmp_path: Path, without_pycurl: dict[str, str]
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", TWO_SESSIONS, url],
        check=True, capture_output=True, text=True, cwd=tmp_path, env=without_pycurl,
    )  # fmt: skip
    assert run.stdout.splitlines() == [f"threads 1.1 {len(CONTENT)}"] * 2
    assert [(tmp_path / name).read_bytes() for name in ("0.bin", "1.bin")] == [CONTENT] * 2
    assert [line.split()[0] for line in run.stderr.splitlines() if "pycurl" in line] == ["WARNING"]


def test_without_pycurl_the_engine_curl_is_a_wrong_option_with_a_hint(
    url: str, tmp_path: Path, without_pycurl: dict[str, str]
) -> None:
    run = _anyfetch(url, "curl", tmp_path, without_pycurl)
    assert run.returncode == 2
    assert "pip install pycurl" in run.stderr
    assert not (tmp_path / "out.bin").exists()


@pytest.mark.parametrize(
    ("asked_for", "engine"), [("auto", "curl"), ("single", "curl"), ("curl", "curl"), ("threads", "threads")]
)
def test_with_pycurl_curl_carries_it_unless_threads_are_asked_for(
    url: str, tmp_path: Path, asked_for: str, engine: str
) -> None:
    run = _anyfetch(url, asked_for, tmp_path, dict(os.environ))
    assert run.returncode == 0
    assert json.loads(run.stdout)["engine"] == engine
    assert (tmp_path / "out.bin").read_bytes() == CONTENT


def _anyfetch(url: str, engine: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anymatix_fetcher", "--json", "--engine", engine, "--proxy", "", "-o", "out.bin", url],
        check=False, capture_output=True, text=True, cwd=folder, env=environment,
    )  # fmt: skip
