from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Origin
from tests.verbs.models import civitai_at, content, know, model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA, OTHER = content(1000), content(1000, seed=2)


@pytest.fixture
def civitai(monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    with Origin() as origin, civitai_at(origin, monkeypatch):
        know(origin, DATA, 9)
        yield origin


@pytest.mark.usefixtures("civitai")
def test_what_is_known_is_adopted_and_the_rest_is_said_to_be_unknown(
    tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model(tmp_path / "a.pt", DATA)
    model(tmp_path / "b.pt", OTHER)
    assert main(["adopt", "--models", ".", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert sorted(out.splitlines()) == [  # in the order of the answers
        "known    a.pt: Dream v1.0 (civitai:9?fileId=90)",
        "unknown  b.pt: Civitai doesn't know the file",
    ]
    assert err == "2 models without a sidecar, 1 known to Civitai, no sidecar was written.\n"
    assert main(["adopt", "--models", "."]) == 0
    out, err = capsys.readouterr()
    assert min(out.splitlines()).startswith("adopted  a.pt: Dream v1.0")
    assert err == "2 models without a sidecar, 1 known to Civitai, 1 adopted.\n"
    assert len(list(tmp_path.glob("*.json"))) == 1


@pytest.mark.usefixtures("civitai")
def test_programs_get_an_object_for_each_model(tmp_path: Path, capsys: Streams) -> None:
    path = model(tmp_path / "a.pt", DATA)
    assert main(["adopt", "--json", "--models", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["reference"], told["type"]) == (str(path), "civitai:9?fileId=90", "LORA")
    assert told["url"] == "https://civitai.com/api/download/models/9?fileId=90"
    assert (tmp_path / told["sidecar"]).is_file()


def test_a_service_that_refuses_is_told_of_once(tmp_path: Path, capsys: Streams, civitai: Origin) -> None:
    model(tmp_path / "a.pt", DATA)
    model(tmp_path / "b.pt", OTHER)
    civitai.script("status:code=403")
    assert main(["adopt", "--models", str(tmp_path)]) == 4
    out, err = capsys.readouterr()
    assert out.count("failed") == 2
    assert err.count("error:") == 1


def test_what_is_no_model_is_said_and_nobody_is_asked(tmp_path: Path, capsys: Streams, civitai: Origin) -> None:
    page = model(tmp_path / "a.safetensors", b"<!DOCTYPE html><html><body>Please log in</body></html>")
    for _ in range(2):
        assert main(["adopt", "--models", str(tmp_path)]) == 6
        out, err = capsys.readouterr()
        assert out == f"refused  {page}: the file is no model\n"
        assert "a.safetensors is a web page" in err
    assert civitai.ledger().requests == 0
    assert list(tmp_path.iterdir()) == [page]


@pytest.mark.usefixtures("civitai")
def test_each_model_is_told_as_soon_as_it_is_known(tmp_path: Path) -> None:
    """What a reader of the other end of a pipe sees by the time that a large file is being hashed."""
    model(tmp_path / "a.pt", DATA)
    with model(tmp_path / "b.pt", OTHER).open("r+b") as file:
        file.truncate(64 << 30)  # a hole: takes no space, and a minute to read
    process = subprocess.Popen(
        [sys.executable, "-m", "anymatix_fetcher", "adopt", "--models", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"adopted")
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.usefixtures("civitai")
def test_ctrl_c_is_said_and_nothing_else_claimed(tmp_path: Path, capsys: Streams) -> None:
    with model(tmp_path / "b.pt", DATA).open("r+b") as file:
        file.truncate(64 << 30)  # a hole: takes no space, and a minute to read
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    assert main(["adopt", "--models", str(tmp_path)]) == 130
    timer.join()
    assert capsys.readouterr() == (
        "",
        "Interrupted. The models that were finished are listed; run the same command again to continue.\n",
    )


def test_where_all_have_sidecars_that_is_said(tmp_path: Path, capsys: Streams) -> None:
    assert main(["adopt", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "Every model has a sidecar.\n")
