from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.commands.resolve import as_object, report
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.resource import About
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.testing.hosts import TOKEN, EverythingSettings, Hosts, everything
from anymatix_fetcher.verbs.resolve import Located

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCATED = Located(
    reference="civitai:143906",
    source="civitai",
    name="epic.safetensors",
    url="https://civitai.com/api/download/models/143906?...",
    target="https://b2.civitai.com/file/x?...",
    length=2_132_625_894,
    digests=(Digest("sha256", "a" * 64),),
    ranged=True,
    expires_at=1_795_608_000.0,
    about=About(title="epiCRealism", type="Checkpoint", trigger_words=("a", "b")),
)


def test_people_read_lines_and_nothing_that_isnt_known() -> None:
    lines = report(LOCATED).splitlines()
    assert lines[0].split(None, 1) == ["name:", "epic.safetensors"]
    assert "expires:     2026-11-25 12:00:00 UTC" in lines
    assert "size:        2.13 GB (2,132,625,894 bytes)" in lines
    assert not any(line.startswith(("licence", "mirror")) for line in lines)


def test_programs_read_an_object_with_every_key() -> None:
    found = as_object(LOCATED)
    assert found["digests"] == {"sha256": "a" * 64}
    assert found["licence"] is None
    assert found["trigger_words"] == ["a", "b"]
    assert json.loads(json.dumps(found)) == found


def test_a_url_is_resolved_with_one_byte(capsys: pytest.CaptureFixture[str]) -> None:
    with Origin(seed=1) as origin:
        file = origin.add("/m.safetensors", size=1_000_000)
        assert main(["resolve", "--json", file.url]) == 0
        (request,) = origin.seen()
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["size"], found["ranged"]) == ("m.safetensors", 1_000_000, True)
    assert request.headers["range"] == "bytes=0-0"


def test_what_isnt_there_is_told_with_what_is_known_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Origin(seed=1) as origin:
        assert main(["resolve", origin.url("/none.bin") + "?token=SECRET"]) == 3
    printed = capsys.readouterr()
    assert "none.bin" in printed.out
    assert printed.err.startswith("error: ")
    assert "SECRET" not in printed.out + printed.err


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(*everything(EverythingSettings(size=1 << 20, bytes_per_second=None))) as running:
        yield running


@pytest.mark.parametrize(
    ("reference", "asked", "algorithm"),
    [
        ("civitai:143906", "/api/v1/model-versions/143906", "sha256"),
        ("hf:anymatix/model/model.safetensors", "/anymatix/model/resolve/main/model.safetensors", "sha256"),
        ("github:anymatix/weights@v1.0/weights.safetensors", "/repos/anymatix/weights/releases/tags/v1.0", "sha256"),
        ("modelscope:anymatix/model/model.safetensors", "/api/v1/models/anymatix/model/repo/files", "sha256"),
        ("zenodo:123456/zenodo.safetensors", "/api/records/123456", "md5"),
    ],
)
def test_where_a_catalogue_states_the_digest_no_download_is_asked_for(
    hosts: Hosts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reference: str,
    asked: str,
    algorithm: str,
) -> None:
    for name, value in hosts.variables.items():
        monkeypatch.setenv(name, value)
    before = len(hosts.seen())
    assert main(["resolve", "--json", reference]) == 0
    assert [one.target.partition("?")[0] for one in hosts.seen()[before:]] == [asked]
    found = json.loads(capsys.readouterr().out)
    assert algorithm in found["digests"]
    # The hub's own answer leads on to the store, which nobody has asked.
    assert (found["target"] is not None) == reference.startswith("hf:")
    assert found["ranged"] is None

    assert main(["resolve", "--json", "--probe", reference]) == 0
    followed = json.loads(capsys.readouterr().out)
    assert (followed["ranged"], followed["size"]) == (True, 1 << 20)
    assert followed["target"] is not None


def test_a_token_is_needed_for_the_download_and_not_for_the_catalogue(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in hosts.variables.items():
        monkeypatch.setenv(name, value)
    assert main(["resolve", "civitai:128713"]) == 0
    assert main(["resolve", "--probe", "civitai:128713"]) == 4
    monkeypatch.setenv("CIVITAI_API_TOKEN", TOKEN)
    assert main(["resolve", "--probe", "civitai:128713"]) == 0
    assert TOKEN not in capsys.readouterr().out


@pytest.mark.parametrize(("ranged", "told"), [(True, "yes: several"), (False, "no: only"), (None, None)])
def test_whether_several_connections_help_is_said_where_the_server_was_asked(
    *, ranged: bool | None, told: str | None
) -> None:
    lines = [line for line in report(replace(LOCATED, ranged=ranged)).splitlines() if line.startswith("in parts:")]
    assert [told in line for line in lines if told is not None] == ([True] if told is not None else [])
    assert bool(lines) is (told is not None)
