from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.cli.options.places import shown
from tests.verbs.models import model


def test_a_path_is_shown_as_people_would_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "b") == str(Path("a") / "b")
    assert shown(Path("a")) == "a"
    assert shown(tmp_path.parent / "x") == str(tmp_path.parent / "x")


@pytest.mark.parametrize("verb", ["ls", "verify", "rm", "adopt", "prune", "dedupe"])
def test_every_verb_of_care_tells_where_it_looks_and_how_it_is_used(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Usage: anyfetch {verb}")
    for word in ("--models", "--extra-paths", "--json", "Examples:"):
        assert word in told


def test_models_are_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model(tmp_path / "loras" / "a.pt", b"a")
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path))
    assert main(["ls"]) == 0
    assert "loras/a.pt" in capsys.readouterr().out


def test_more_folders_are_named_by_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model(tmp_path / "elsewhere" / "a.pt", b"a")
    (tmp_path / "models").mkdir()
    (tmp_path / "extra.yaml").write_text(f"mine:\n  loras: {path.parent}\n")
    arguments = ["ls", "--models", str(tmp_path / "models"), "--extra-paths", str(tmp_path / "extra.yaml")]
    assert main(arguments) == 0
    assert str(path) in capsys.readouterr().out
