from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import FindingState, doctor
from anymatix_fetcher.cli.commands.doctor import report
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.sources.accounts import WITH_TOKENS
from anymatix_fetcher.verbs.checkup.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "planted_Secret_0123456789"
NO_PORT = 1


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    for name in ("NETRC", "HF_HOME", *(name for one in WITH_TOKENS.values() for name in one.token_variables)):
        monkeypatch.delenv(name, raising=False)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_it_looks_and_leaves_everything_as_it_was(tmp_path: Path, cache_folder: Path, data_folder: Path) -> None:
    before = tree(tmp_path)
    found = doctor(server_port=NO_PORT)
    assert tree(tmp_path) == before
    assert tree(cache_folder) == tree(data_folder) == {}
    names = [one.name for one in found]
    assert {"version", "engines", "tls", "http/2", "http/3", "certificates", "here", "models", "index", "hosts"} <= set(
        names
    )
    assert FindingState.PROBLEM not in {one.state for one in found}


def test_no_secret_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setenv("CIVITAI_API_TOKEN", f"{SECRET} in two words")
    monkeypatch.setenv("https_proxy", f"http://user:{SECRET}@proxy.example:3128")
    monkeypatch.setenv("GITHUB_ENDPOINT", f"https://user:{SECRET}@github.example/?key={SECRET}")
    (tmp_path / "home" / ".netrc").write_text(f"machine models.example login me password {SECRET} nonsense {SECRET}\n")
    assert main(["doctor"]) == 7
    assert main(["doctor", "--json"]) == 7
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert "...6789 from HF_TOKEN, is sent to huggingface.co only" in out
    assert "CIVITAI_API_TOKEN: the token has characters in it that no token has" in out


def test_a_token_that_would_go_in_plain_http_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example")
    (found,) = [one for one in doctor(server_port=NO_PORT) if one.name == "token huggingface.co"]
    assert found.state is FindingState.NOTE
    assert "isn't sent to http://mirror.example" in found.text


def test_programs_get_a_list_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {tuple(one) for one in told} == {("name", "state", "text", "hint")}
    assert {one["state"] for one in told} <= {"ok", "note", "problem"}


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("HF_ENDPOINT", "no address", "tokens"),
        ("SSL_CERT_FILE", "/none/roots.pem", "certificates"),
        ("http_proxy", "gopher://proxy", "proxy http"),
        ("ANYFETCH_MODELS", "/proc/none", "models"),
    ],
)
def test_what_will_stop_a_download_is_a_problem_and_the_rest_is_looked_at_all_the_same(
    variable: str, value: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert main(["doctor", "--json"]) == 7
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told if one["state"] == "problem"] == [name]
    assert {"version", "server"} <= {one["name"] for one in told}


def test_a_current_folder_that_is_gone_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    problems = [one for one in doctor(server_port=NO_PORT) if one.state is FindingState.PROBLEM]
    assert [(one.name, one.text) for one in problems] == [("models", "the current folder no longer exists")]


def test_extra_paths_that_cant_be_read_are_a_problem(tmp_path: Path) -> None:
    config = tmp_path / "extra.yaml"
    config.write_text("- [")
    problems = [one for one in doctor(extra_paths=[config], server_port=NO_PORT) if one.state is FindingState.PROBLEM]
    assert [one.name for one in problems] == ["models"]
    assert str(config) in problems[0].text


def test_lines_fit_the_terminal_and_hints_stand_below() -> None:
    found = [
        Finding("models", FindingState.PROBLEM, "it can't be written to for a long reason", "Name another one."),
        Finding("tls", FindingState.OK, "spoken"),
    ]
    assert list(report(found, 40)) == [
        "problem  models  it can't be written to",
        "                 for a long reason",
        "                 hint: Name another one.",
        "ok       tls     spoken",
        "",
        "1 problem, 0 notes",
    ]
    assert all(len(line) <= 40 for line in report(found, 40))


def test_the_folder_that_is_named_is_the_one_that_is_looked_at(tmp_path: Path) -> None:
    found = {one.name: one for one in doctor(directory=tmp_path, models=tmp_path / "m", server_port=NO_PORT)}
    assert found["here"].text.startswith(f"{tmp_path} ")
    assert found["models"].text.startswith(f"{tmp_path / 'm'} ")
    assert list((tmp_path / "here").iterdir()) == []


def test_in_a_narrow_terminal_the_text_stands_below_the_name() -> None:
    found = [
        Finding("token huggingface.co", FindingState.NOTE, "none: downloads that need one are refused", "Set HF_TOKEN.")
    ]
    assert list(report(found, 39)) == [
        "note  token huggingface.co",
        "      none: downloads that need one are",
        "      refused",
        "      hint: Set HF_TOKEN.",
        "",
        "0 problems, 1 note",
    ]
