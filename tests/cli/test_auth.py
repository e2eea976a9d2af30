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
    for variable in (
        "CIVITAI_API_TOKEN",
        "CIVITAI_TOKEN",
        "CIVITAI_API_KEY",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "HF_HOME",
        "NETRC",
    ):
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


@pytest.mark.parametrize(
    ("endpoint", "hosts", "withheld", "told"),
    [
        ("http://127.0.0.1:19100", ["http://127.0.0.1:19100"], [], "goes to http://127.0.0.1:19100 only (HF_ENDPOINT)"),
        ("https://me:pw@hub.example/hf", ["hub.example"], [], "goes to hub.example only (HF_ENDPOINT)"),
        ("http://hub.example", [], ["http://hub.example"], "isn't sent to http://hub.example: that is plain http"),
    ],
)
def test_an_endpoint_is_told_as_the_one_that_gets_the_token(
    endpoint: str,
    hosts: list[str],
    withheld: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    asked = endpoint.rpartition("@")[2].rpartition("/")[2] if "me:pw" not in endpoint else "hub.example"
    assert main(["auth", asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("huggingface.co  ...oken  from HF_TOKEN, ")
    assert told in printed
    assert main(["auth", "--json", "huggingface.co"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert (found["hosts"], found["withheld_from"]) == (hosts, withheld)
    assert "pw@" not in printed


def test_every_host_that_gets_githubs_token_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdef")
    assert main(["auth", "--json", "raw.githubusercontent.com"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["hosts"] == ["github.com", "raw.githubusercontent.com", "api.github.com"]


def test_a_login_of_the_netrc_file_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine models.example login me password hidden\n")
    assert main(["auth", "models.example"]) == 0
    assert capsys.readouterr().out == "models.example  a user and a password from ~/.netrc\n"
