from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing.hosts import TOKEN, EverythingSettings, Hosts, everything
from tests.verbs.models import arrived, content

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA = content(1000)
URL = "https://example.org/x.pt"


def test_what_goes_is_told_and_goes(tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arrived(tmp_path / "x.pt", DATA, URL)
    sidecar = next(tmp_path.glob("*.json")).name
    assert main(["rm", "--yes", "--models", ".", URL]) == 0
    assert capsys.readouterr() == (f"remove  x.pt\nremove  {sidecar} (sidecar)\n", "1.00 kB freed.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_tells_the_same_and_nothing_goes(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "x.pt", DATA, URL)
    assert main(["rm", "--dry-run", "--models", str(tmp_path), str(path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"remove  {path}\n")
    assert err == ""
    assert path.read_bytes() == DATA


def test_without_anybody_to_ask_nothing_goes(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "x.pt", DATA, URL)
    assert main(["rm", "--models", str(tmp_path), str(path)]) == 2
    assert "confirmation needs a terminal" in capsys.readouterr().err
    assert path.exists()


def test_programs_are_told_whether_it_was_done(tmp_path: Path, capsys: Streams) -> None:
    arrived(tmp_path / "x.pt", DATA, URL)
    arguments = ["rm", "--json", "--models", str(tmp_path), URL]
    assert main([*arguments, "--dry-run"]) == 0
    assert main([*arguments, "--yes"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["models"], first["bytes_freed"], first["removed"]) == (["x.pt"], 1000, False)
    assert second == {**first, "removed": True}


def test_what_another_reference_needs_stays_and_that_is_said(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "x.pt", DATA, URL)
    arrived(path, DATA, "https://example.org/other")
    assert main(["rm", "--yes", "--models", str(tmp_path), URL]) == 0
    assert f"keep    {path}: another reference needs it as well" in capsys.readouterr().out
    assert path.exists()


@pytest.mark.parametrize(
    ("reference", "count"),
    [("hf:anymatix/model", 3), ("github:anymatix/weights@v1.0", 1), ("zenodo:123456", 1), ("hf://anymatix/model", 3)],
)
def test_a_reference_of_several_files_is_known_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Streams, reference: str, count: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path / "models"))
    with Hosts(*everything(EverythingSettings(size=100_000, bytes_per_second=None))) as hosts:
        for name, value in {**hosts.variables, "HF_TOKEN": TOKEN, "GITHUB_TOKEN": TOKEN}.items():
            monkeypatch.setenv(name, value)
        assert main(["-q", "-t", "lora", reference]) == 0
        assert main(["-q", "-t", "vae", "hf:anymatix/model/vae/vae.safetensors"]) == 0
    capsys.readouterr()
    assert main(["rm", "--yes", "--json", reference]) == 0
    told = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert sum(len(one["models"]) for one in told) == count
    left = {path.name for path in (tmp_path / "models").rglob("*") if path.is_file() and path.suffix != ".json"}
    assert left == {"vae.safetensors"}


def test_what_isnt_here_and_no_name_at_all_are_errors(tmp_path: Path, capsys: Streams) -> None:
    assert main(["rm", "--models", str(tmp_path), "https://example.org/z?token=verysecret"]) == 3
    assert main(["rm"]) == 2
    assert main(["rm", "--models", str(tmp_path), "--yes", ""]) == 2
    assert main(["rm", "--models", str(tmp_path), "--yes", "x.pt"]) == 3
    err = capsys.readouterr().err
    assert "no file here was fetched by https://example.org/z\n" in err
    assert "there is no file x.pt\n" in err
    assert "secret" not in err
