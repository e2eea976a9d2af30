"""The child process: started when needed, found, started again when it dies, and ended with us."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.comfy.child import Child, ComfyFolders
from anymatix_fetcher.comfy.process import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ANYFETCH_SECRET", raising=False)


def folders_in(base: Path) -> ComfyFolders:
    by_name = {"checkpoints": [str(base / "first"), str(base / "second")], "custom_nodes": [str(base / "run")]}
    return ComfyFolders(str(base / "models"), by_name)


@contextmanager
def child_of(base: Path, state: Path) -> Iterator[Child]:
    child = Child(lambda: folders_in(base), state)
    try:
        yield child
    finally:
        child.stop()


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_starts_when_it_is_asked_and_ends_within_two_seconds(tmp_path: Path) -> None:
    with child_of(tmp_path, tmp_path / "state") as child:
        assert child.url is None
        answer = asyncio.run(child.request("GET", "/status"))
        roots = {space["root"] for space in answer.body["space"]}
        assert (answer.status, roots) == (200, {str(tmp_path / name) for name in ("models", "first", "second")})
        pid = child.pid
        assert pid is not None
        began = time.monotonic()
        child.stop()
        assert time.monotonic() - began < 2.0
        assert has_ended(pid)


def test_a_type_goes_to_the_first_folder_that_comfyui_names_and_nothing_to_where_programs_are(tmp_path: Path) -> None:
    async def ask(child: Child) -> list[Any]:
        wish = {"references": ["https://models.test/a.safetensors"], "paused": True}
        places = (
            {"type": "checkpoints"},
            {"directory": str(tmp_path / "second")},
            {"directory": str(tmp_path / "run")},
        )
        return [await child.request("POST", "/jobs", {**wish, **place, "output": "a.safetensors"}) for place in places]

    with child_of(tmp_path, tmp_path / "state") as child:
        by_type, by_folder, refused = asyncio.run(ask(child))
    assert by_type.body["jobs"][0]["path"] == str(tmp_path / "first" / "a.safetensors")
    assert by_folder.body["jobs"][0]["path"] == str(tmp_path / "second" / "a.safetensors")
    assert refused.status == 403


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_one_is_started_again_and_its_jobs_are_there(tmp_path: Path) -> None:
    async def ask(child: Child) -> tuple[list[str], int | None, int | None]:
        wish = {"references": ["https://models.test/a.safetensors"], "type": "checkpoints", "paused": True}
        await child.request("POST", "/jobs", wish)
        seen: list[str] = []
        first = child.pid
        async for event in child.events():
            seen.append(event["event"])
            if len(seen) == 2:
                break
            assert first is not None
            os.kill(first, signal.SIGKILL)
        return seen, first, child.pid

    with child_of(tmp_path, tmp_path / "state") as child:
        seen, first, second = asyncio.run(ask(child))
    assert seen == ["present", "present"]
    assert None not in (first, second)
    assert first != second


def test_two_programs_share_one_where_they_have_the_same_folders(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with child_of(tmp_path, state) as one, child_of(tmp_path, state) as other:
        assert asyncio.run(one.start()) == asyncio.run(other.start())
        assert other.pid is None
        one.stop()
        assert asyncio.run(other.request("GET", "/status")).status == 200
        assert other.pid is not None


def test_a_server_of_other_folders_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with child_of(tmp_path / "a", state) as one, child_of(tmp_path / "b", state) as other:
        assert asyncio.run(one.start()) != asyncio.run(other.start())
        assert other.pid is not None


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_it_ends_with_the_program_that_started_it_however_that_ends(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal, sys
sys.path.insert(0, {str(PACKAGES)!r})
from pathlib import Path
from anymatix_fetcher.comfy.child import Child, ComfyFolders
child = Child(lambda: ComfyFolders({str(tmp_path / "models")!r}, {{}}), Path({str(tmp_path / "state")!r}))
asyncio.run(child.start())
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=60, check=False)
    pid = int(ended.stdout)
    deadline = time.monotonic() + 10
    while not has_ended(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert has_ended(pid)
    assert ended.returncode == -signal.SIGKILL


def test_why_it_does_not_start_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder", encoding="utf-8")
    with child_of(tmp_path, tmp_path / "state") as child, pytest.raises(Exception, match="state"):
        asyncio.run(child.start())


def test_the_file_of_folders_says_what_comfyui_knows(tmp_path: Path) -> None:
    with child_of(tmp_path, tmp_path / "state") as child:
        asyncio.run(child.start())
    (file,) = (tmp_path / "state").glob("folders-*.json")
    assert json.loads(file.read_text(encoding="utf-8"))["folders"]["checkpoints"][0] == str(tmp_path / "first")
