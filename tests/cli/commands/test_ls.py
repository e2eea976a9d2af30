from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import verify
from anymatix_fetcher.cli.main import main
from tests.verbs.models import arrived, begun, content, flip, model

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA = content(1000)


def test_models_are_rows_and_their_sum_stands_below(tmp_path: Path, capsys: Streams) -> None:
    arrived(tmp_path / "loras" / "a.safetensors", DATA, "https://civitai.com/api/download/models/1?token=secret")
    model(tmp_path / "vae" / "b.safetensors", b"b" * 2000)
    begun(tmp_path / "vae" / "c.safetensors.part", b"half")
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
    assert out[-1].split("; ") == [
        "4 models, 4.00 kB",
        "duplicates take 1.00 kB of it (anyfetch dedupe --dry-run)",
        "1 damaged (anyfetch verify --repair)",
    ]


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
    assert out == f"There are no models in {tmp_path} (it was named).\nNo model matches.\n"
    assert "does not exist" in err


def test_an_unknown_type_is_wrong_usage(tmp_path: Path, capsys: Streams) -> None:
    assert main(["ls", "--models", str(tmp_path), "--type", "lroa"]) == 2
    assert "Did you mean lora" in capsys.readouterr().err


def test_what_is_the_same_is_told_by_its_name_among_the_models_whatever_was_asked_for(
    tmp_path: Path, capsys: Streams
) -> None:
    for name in ("loras/deep/a.pt", "loras/b.pt", "vae/c.pt"):
        model(tmp_path / name, DATA)
    model(tmp_path / "vae" / "v.pt", b"v")
    (tmp_path / "loras" / "linked.pt").hardlink_to(tmp_path / "vae" / "v.pt")
    verify([tmp_path])
    assert main(["ls", "c.pt", "linked", "--models", str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].endswith("  linked: vae/v.pt")
    assert out[2].endswith("  = loras/b.pt and 1 more")
    assert "read 20" in out[1]


def test_a_long_name_in_a_pipe_moves_its_own_row_only(tmp_path: Path, capsys: Streams) -> None:
    model(tmp_path / "vae" / f"{'x' * 230}.pt", b"1")
    model(tmp_path / "vae" / "y.pt", b"22")
    assert main(["ls", "--models", str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1] == f"vae/{'x' * 230}.pt  vae      1 B"
    assert out[2] == f"{'vae/y.pt':64}  vae      2 B"


def test_what_is_unfinished_is_told_where_nothing_else_is_here(tmp_path: Path, capsys: Streams) -> None:
    begun(tmp_path / "c.pt.part", b"half")
    assert main(["ls", "--models", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out == f"There are no models in {tmp_path} (it was named); 1 unfinished download besides (anyfetch prune)\n"


def test_what_a_repair_has_set_aside_is_listed_as_that(tmp_path: Path, capsys: Streams) -> None:
    model(tmp_path / "loras" / "a.safetensors", DATA)
    kept = model(tmp_path / "loras" / "a.safetensors.changed", DATA)
    assert main(["ls", "--models", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["loras/a.safetensors.changed", "loras", "1.00", "kB", "set", "aside"]
    assert lines[-1] == "1 model, 1.00 kB; 1 changed and set aside by a repair, 1.00 kB (anyfetch prune --changed)"
    assert main(["ls", "--json", "--models", str(tmp_path)]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["path"], one["set_aside"]) for one in told[1:]] == [(str(kept), True)]
