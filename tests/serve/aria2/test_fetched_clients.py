"""Clients of aria2 that the test environment doesn't have: npm's by node, and comfy-cli's downloader. Unchanged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serve.served import SECRET

if TYPE_CHECKING:
    from anymatix_fetcher.testing import Origin
    from tests.serve.aria2.serving import Served

PACKAGE = "aria2@4.1.2"
COMFY_CLI = ("comfy-cli==1.23.0", "pathspec>=0.12,<2", "typer>=0.15,<1", "annotated-doc<1", "shellingham<2")
"""Without what the rest of it needs, which is much."""
HERE = Path(__file__).parent
BYTES = 3_000_000


def missing(message: str) -> None:
    """The test is skipped, but fails where CI is set, as without nginx."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it."""
    folder = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        missing("node and npm aren't installed (Debian: apt install nodejs npm)")
    command = [npm or "npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=folder)
    if done.returncode != 0:
        missing(f"npm can't install {PACKAGE}: {done.stderr[-500:]}")
    return folder


def test_npms_aria2_over_socket_and_http(server: Served, origin: Origin, package: Path) -> None:
    file = origin.add("/a.bin", size=BYTES)
    done = subprocess.run(
        ["node", str(HERE / "npm_client.cjs"), str(server.port), SECRET, file.url, "npm.bin"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "NODE_PATH": str(package / "node_modules")},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    gid = told.pop("gid")
    assert told == {
        "told": ["start", "complete"],
        "status": {"status": "complete", "totalLength": str(BYTES), "completedLength": str(BYTES)},
        "version": "1.37.0",
        "stopped": [{"gid": gid}],
        "failure": "GID 0000000000000001 is not found",
        "byHttp": {"status": "complete"},
        "stat": "1",
        "out": "npm.bin",
        "hasMethods": True,
    }
    assert (server.files / "npm.bin").read_bytes() == file.read()


@pytest.fixture(scope="module")
def comfy_cli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with comfy-cli in it."""
    folder = tmp_path_factory.mktemp("comfy-cli")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *COMFY_CLI]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode != 0:
        missing(f"pip can't install comfy-cli: {done.stderr[-500:]}")
    return folder


def test_comfy_clis_downloader(server: Served, origin: Origin, comfy_cli: Path) -> None:
    file, large = origin.add("/a.bin", size=BYTES), origin.add("/large.bin", size=300 * BYTES)
    path = server.files / "models" / "x.bin"
    server.call("changeGlobalOption", {"max-overall-download-limit": "20M"})
    environment = {
        **os.environ,
        "PYTHONPATH": str(comfy_cli),
        "COMFYUI_MANAGER_ARIA2_SERVER": f"http://127.0.0.1:{server.port}",
        "COMFYUI_MANAGER_ARIA2_SECRET": SECRET,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "comfy_cli_client.py"), file.url, origin.url("/none.bin"), large.url, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["told"], told["is_cancelled"]) == ([BYTES, BYTES], True)
    assert "404" in told["failure"]
    assert path.read_bytes() == file.read()
    assert not (path.parent / "large.bin").exists()
    assert server.call("tellActive", ["gid"]) == []
