"""Few open files: an error with a hint for each download, and nothing stays open."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from pathlib import Path

WITH_FEW_FILES = """
import json, os, resource, sys
import anymatix_fetcher
from anymatix_fetcher import FetchError, Settings, fetch_many, resolve
url, engine = sys.argv[1:]
fetch_many([url], engine=engine, directory="warm")  # whatever is imported late is here now
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
open_files = lambda: len(os.listdir("/proc/self/fd"))
before, told = open_files(), []
for more in range(0, 14, 2 if engine == "threads" else 1):
    resource.setrlimit(resource.RLIMIT_NOFILE, (before - 1 + more, most))
    try:
        results = fetch_many([url, url.replace("a.bin", "b.bin")], engine=engine, directory=str(more), connections=1)
        errors = [result.error for result in results]
        try:
            resolve(url, engine=engine)
        except FetchError as error:
            errors.append(error)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    told += [[more, type(error).__name__, error.message, error.hint] for error in errors if error is not None]
print(json.dumps({"told": told, "left": open_files() - before}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files by /proc")
@pytest.mark.parametrize("engine", ["curl", "threads"])
def test_with_few_open_files_each_download_ends_with_an_error_and_a_hint(tmp_path: Path, engine: str) -> None:
    with Origin(seed=3) as origin:
        origin.add("/b.bin", size=40_000)
        url = origin.add("/a.bin", size=30_000).url
        run = subprocess.run(
            [sys.executable, "-c", WITH_FEW_FILES, url, engine],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["told"], "the first limit allows nothing to be opened"
    assert {(name, bool(hint)) for _, name, _, hint in found["told"]} <= {("StorageError", True)}
    assert all("Too many open files" in message for _, _, message, _ in found["told"]), found["told"]
    assert found["left"] == 0
