from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import verify
from anymatix_fetcher.cli.main import main
from tests.care.models import arrived, content, flip, model

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA = content(1000)


def test_models_are_rows_and_their_sum_stands_below(tmp_path: Path, capsys: Streams) -> None:
    arrived(tmp_path / "loras" / "a.safetensors", DATA, "https://civitai.com/api/download/models/1?token=secret")
    model(tmp_path / "vae" / "b.safetensors", b"b" * 2000)
    model(tmp_path / "vae" / "c.safetensors.part", b"half")
    assert main(["ls", "--models", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["NAME", "FOLDER", "SIZE", "FROM", "VERIFIED"]
    assert lines[1].startswith("loras/a.safetensors  loras   1.00 kB  civitai.com  sha256 20")
    assert lines[2] == "vae/b.safetensors    vae     2.00 kB"
    assert lines[4] == "2 models, 3.00 kB; 1 unfinished download besides (anyfetch prune)"
    assert (err, "secret" in out) == ("", False)


def test_duplicates_damage_and_changes_are_marked(tmp_path: Path, capsys: Streams) -> None:
    for name in ("a", "b", "c", "d"):
        model(tmp_path / f"{name}.pt", DATA if name in "ab" else name.encode() * 999)
    verify([tmp_path])
    flip(tmp_path / "c.pt", 5)
    verify([tmp_path])
    flip(tmp_path / "d.pt", 5, quietly=False)
    assert main(["ls", "--models", str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].endswith("= b.pt")
    assert out[3].endswith("DAMAGED")
    assert out[4].endswith("changed since")
    assert out[-1] == (
        "4 models, 4.00 kB; duplicates take 1.00 kB of it (anyfetch dedupe); 1 damaged (anyfetch verify --repair)"
    )


def test_programs_get_an_object_for_each_model(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "loras" / "a.safetensors", DATA, "https://example.org/a")
    assert main(["ls", "a", "--json", "--models", str(tmp_path), "--type", "LoRA"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["name"], told["folder"], told["size"]) == (
        str(path),
        "loras/a.safetensors",
        "loras",
        1000,
    )
    assert (told["origin"], told["source"], told["verified"]) == ("example.org", "https://example.org/a", "sha256")
    assert (told["damaged"], told["changed"], told["duplicates"], told["same_file"]) == (False, False, [], [])


def test_where_nothing_is_that_is_said_with_the_reason(tmp_path: Path, capsys: Streams) -> None:
    assert main(["ls", "--models", str(tmp_path)]) == 0
    assert main(["ls", "x", "--models", str(tmp_path)]) == 0
    assert main(["ls", "--models", str(tmp_path / "missing")]) == 2
    out, err = capsys.readouterr()
    assert out == f"No models are in {tmp_path} (it was named).\nNo model here is like that.\n"
    assert "does not exist" in err


def test_an_unknown_type_is_wrong_usage(tmp_path: Path, capsys: Streams) -> None:
    assert main(["ls", "--models", str(tmp_path), "--type", "lroa"]) == 2
    assert "Did you mean lora" in capsys.readouterr().err
