from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.wiring.credentials import system_keyring

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@pytest.mark.parametrize("options", [[], ["--forget"]])
def test_login_without_a_keyring_says_what_to_do_and_asks_for_nothing(
    options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = io.StringIO(f"{TOKEN}\n")
    monkeypatch.setattr("sys.stdin", answers)
    assert main(["login", *options, "civitai.com"]) == 7
    printed = capsys.readouterr()
    assert "pip install 'anymatix-fetcher[keyring]'" in printed.err
    assert TOKEN not in printed.out + printed.err
    assert answers.read() == f"{TOKEN}\n"


_KEYRING = """
kept = {}
def get_keyring(): return object()
def get_password(service, name): return kept.get((service, name))
def set_password(service, name, password): kept[service, name] = password
def delete_password(service, name): del kept[service, name]
"""


def _loaded() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == "keyring"]


@pytest.fixture
def _keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package ``keyring`` that keeps everything in memory."""
    backends = tmp_path / "keyring" / "backends"
    backends.mkdir(parents=True)
    (tmp_path / "keyring" / "__init__.py").write_text(_KEYRING)
    (backends / "__init__.py").touch()
    (backends / "fail.py").write_text("class Keyring: pass")
    for name in _loaded():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    system_keyring.cache_clear()
    yield
    system_keyring.cache_clear()
    for name in _loaded():
        del sys.modules[name]


@pytest.mark.usefixtures("_keyring")
def test_a_token_is_kept_and_forgotten(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert main(["login", "models.example.com"]) == 0
    assert [main(["login", "--forget", "models.example.com"]) for _ in range(2)] == [0, 0]
    err = capsys.readouterr().err
    assert "the token was removed" in err
    assert "the keyring holds no token for it" in err
    assert TOKEN not in err


@pytest.mark.usefixtures("_keyring")
@pytest.mark.parametrize("text", ["", "two words\n"])
def test_what_is_no_token_isnt_kept(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["login", "civitai.com"]) == 2
    assert "not a token" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("endpoint", "hosts", "withheld", "told"),
    [
        (
            "http://127.0.0.1:19100",
            ["http://127.0.0.1:19100"],
            [],
            "is sent to http://127.0.0.1:19100 only (HF_ENDPOINT)",
        ),
        ("https://me:pw@hub.example/hf", ["hub.example"], [], "is sent to hub.example only (HF_ENDPOINT)"),
        ("http://hub.example", [], ["http://hub.example"], ("isn't sent to http://hub.example, which uses plain http")),
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
