"""``anyfetch sync``: what is downloaded, left alone, or refused."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.wiring.composition import open_index
from tests.cli.commands.lock_files import locked

if TYPE_CHECKING:
    from anymatix_fetcher.testing import Origin


Streams = pytest.CaptureFixture[str]
SIZE = 3_000_000


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path / "models"))


def test_a_source_that_fails_is_followed_by_the_next(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    file = origin.add("/a.bin", size=SIZE)
    dead, alive = origin.url("/dead.bin"), file.url
    assert main(["lock", "-q", alive, "--fetch", "--progress", "none"]) == 0
    (tmp_path / "a.bin").unlink()
    text = Path("anyfetch.lock").read_text()
    Path("anyfetch.lock").write_text(text.replace(f'"{alive}"', f'"{dead}", "hf:nobody/nothing/x", "{alive}"'))
    assert main(["sync", "-q"]) == 0
    assert (tmp_path / "a.bin").read_bytes() == file.read()
    (tmp_path / "a.bin").unlink()
    Path("anyfetch.lock").write_text(text.replace(f'"{alive}"', f'"nonsense:x", "{alive}"'))
    assert main(["sync", "-q"]) == 0, "a reference that isn't one is no mirror, and the next source is asked"
    (tmp_path / "a.bin").unlink()
    Path("anyfetch.lock").write_text(text.replace(f'"{alive}"', f'"{dead}"'))
    capsys.readouterr()
    assert main(["sync", "-q"]) == 3
    assert "404" in capsys.readouterr().err


def test_an_interrupted_comparison_of_local_files_is_reported(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    assert main(["lock", "-q", origin.add("/a.bin", size=SIZE).url]) == 0
    text = Path("anyfetch.lock").read_text()
    Path("anyfetch.lock").write_text(
        text.replace(f"size = {SIZE}", f"size = {64 << 30}").replace(
            "[file.digests]", f'[file.digests]\nsha256 = "{"a" * 64}"'
        )
    )
    with (tmp_path / "a.bin").open("wb") as file:
        file.truncate(64 << 30)  # a hole: takes no space, and a minute to read
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGTERM])
    timer.start()
    assert main(["sync", "-q"]) == 143
    timer.join()
    assert "Interrupted. Files were being compared" in capsys.readouterr().err


def test_a_different_file_is_kept_unless_overwrite_is_given(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    file = origin.add("/a.bin", size=SIZE)
    assert main(["lock", "-q", file.url, "--fetch", "--progress", "none"]) == 0
    place = tmp_path / "a.bin"
    place.write_bytes(b"mine")
    assert main(["sync"]) == 6
    assert place.read_bytes() == b"mine"
    assert "--overwrite" in capsys.readouterr().err
    assert main(["sync", "--dry-run"]) == 6
    assert "different" in capsys.readouterr().out
    assert main(["sync", "-q", "--overwrite"]) == 0
    assert place.read_bytes() == file.read()


def test_a_change_is_detected_by_file_state_and_a_hidden_one_by_check(
    origin: Origin, tmp_path: Path, capsys: Streams
) -> None:
    file = origin.add("/a.bin", size=SIZE)
    assert main(["lock", "-q", file.url, "--fetch", "--progress", "none"]) == 0
    place = tmp_path / "a.bin"
    state = place.stat()
    data = bytearray(file.read())
    data[SIZE // 2] ^= 1
    with place.open("r+b") as opened:
        opened.write(data)
    assert main(["sync", "-q", "--dry-run"]) == 6, "its time of change tells"
    with place.open("r+b") as opened:
        opened.write(file.read())
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert main(["sync", "-q", "--dry-run"]) == 0
    with place.open("r+b") as opened:
        opened.write(data)
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert main(["sync", "-q", "--dry-run"]) == 6, "also where the time of writing is set back"
    with open_index() as index:  # what the disk itself changes leaves no trace
        index.forget([place])
        index.add(place, [Digest("sha256", file.sha256())])
    assert main(["sync", "-q", "--dry-run"]) == 0
    assert main(["sync", "-q", "--dry-run", "--check"]) == 6
    capsys.readouterr()


def test_content_that_has_changed_at_its_source_is_refused(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    file = origin.add("/a.bin", size=SIZE)
    assert main(["lock", "-q", file.url]) == 0
    assert not locked()["a.bin"].strong
    origin.add("/a.bin", size=SIZE + 1)
    assert main(["sync", "-q"]) == 6
    assert not (tmp_path / "a.bin").exists()
    capsys.readouterr()


def test_a_dry_run_reports_without_requests(origin: Origin, capsys: Streams) -> None:
    assert main(["lock", "-q", "-t", "lora", origin.add("/a.safetensors", size=1000).url]) == 0
    before = len(origin.seen())
    assert main(["sync", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "missing  1.00 kB  loras/a.safetensors"
    assert main(["sync", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "missing"
    assert len(origin.seen()) == before


def test_files_can_be_brought_to_another_folder(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/a.bin", size=1000)
    assert main(["lock", "-q", "-d", "sub", file.url]) == 0
    assert main(["sync", "-q", "-d", str(tmp_path / "elsewhere")]) == 0
    assert (tmp_path / "elsewhere" / "sub" / "a.bin").read_bytes() == file.read()


def test_a_link_out_of_the_folder_isnt_followed(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    assert main(["lock", "-q", "-d", "sub", origin.add("/a.bin", size=1000).url]) == 0
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "sub").symlink_to(outside)
    assert main(["sync", "-q"]) == 7
    assert not list(outside.iterdir())
    assert "symbolic link" in capsys.readouterr().err


def test_a_lock_file_with_unsafe_paths_is_refused(tmp_path: Path, capsys: Streams) -> None:
    file = tmp_path / "x.lock"
    file.write_text('version = 1\n[[file]]\nname = "x"\nfolder = "../.."\nsources = ["https://h.example/x"]\n')
    assert main(["sync", "-f", str(file)]) == 2
    assert "leads elsewhere" in capsys.readouterr().err
    file.write_text(
        'version = 1\n[[file]]\nname = "x"\nroot = "models"\nfolder = "custom_nodes"\nsources = ["https://h.example/x"]\n'
    )
    assert main(["sync", "-f", str(file)]) == 2
    assert "custom_nodes" in capsys.readouterr().err
