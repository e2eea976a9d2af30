from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "hf_planted_secret_token"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY", "GITHUB_TOKEN", "GH_TOKEN", "HF_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def test_tokens_are_shown_masked_with_where_they_were_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["auth"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "huggingface.co  ...oken  from HF_TOKEN" in lines
    assert any("no token: set CIVITAI_API_TOKEN, or run anyfetch login civitai.com" in line for line in lines)


def test_programs_get_objects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["auth", "--json", "hf.co"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert (found["host"], found["found_in"]) == ("huggingface.co", "HF_TOKEN")
    assert TOKEN not in printed


def test_login_without_a_keyring_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert main(["login", "civitai.com"]) == 7
    printed = capsys.readouterr()
    assert "pip install 'anymatix-fetcher[keyring]'" in printed.err
    assert TOKEN not in printed.out + printed.err


@pytest.mark.parametrize("text", ["", "two words\n"])
def test_what_is_no_token_isnt_kept(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["login", "civitai.com"]) == 2
    assert "no token" in capsys.readouterr().err
