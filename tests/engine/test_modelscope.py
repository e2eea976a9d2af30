"""The library against the stand-in for ModelScope: parts that come as 200, errors that come as successes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import NotFoundError, fetch
from anymatix_fetcher.testing.content import GivenContent
from anymatix_fetcher.testing.hosts import HostedFile, Hosts, ModelScopeRepo, hosted, modelscope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = hosted("small.safetensors", 145_000)
MIDDLE = hosted("middle.safetensors", 6_000_000)
LABELLED = hosted("labelled.safetensors", 20_000_000)
LARGE = hosted("large.safetensors", 24_000_000)
TINY = HostedFile("tiny.json", GivenContent(b"{}"))
FILES = {"small.safetensors": SMALL, "sub/middle.safetensors": MIDDLE, "large.safetensors": LARGE}
FILES["labelled.safetensors"] = LABELLED
OWN = frozenset({"small.safetensors", "sub/middle.safetensors", "labelled.safetensors"})
MANY = {f"a/{number}.json": TINY for number in range(3000)} | {"z/small.safetensors": SMALL}
REPOS = (ModelScopeRepo("org/model", FILES, small=OWN), ModelScopeRepo("org/many", MANY, small=frozenset(MANY)))


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    with Hosts(modelscope(REPOS)) as running:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", running.variables["MODELSCOPE_ENDPOINT"])
        yield running


@pytest.mark.parametrize("engine", ["curl", "threads"])
@pytest.mark.parametrize(
    ("path", "file"),
    [("small.safetensors", SMALL), ("sub/middle.safetensors", MIDDLE), ("large.safetensors", LARGE)],
)
def test_each_byte_comes_once(hosts: Hosts, tmp_path: Path, path: str, file: HostedFile, engine: str) -> None:
    result = fetch(f"modelscope:org/model/{path}", directory=tmp_path, engine=engine, connections=1)
    assert result.path is not None
    assert result.path.read_bytes() == file.content.read(0, file.size)
    assert result.verified == "sha256"
    assert hosts.ledger().file(f"modelscope:org/model/{path}").bytes_sent == file.size


@pytest.mark.parametrize("engine", ["curl", "threads"])
def test_parts_that_come_as_200_are_parts(hosts: Hosts, tmp_path: Path, engine: str) -> None:
    result = fetch("modelscope:org/model/labelled.safetensors", directory=tmp_path, engine=engine, connections=3)
    assert result.path is not None
    assert result.path.read_bytes() == LABELLED.content.read(0, LABELLED.size)
    assert result.verified == "sha256"
    assert sum("range" in one.headers and one.status == 200 for one in hosts.seen("modelscope")) >= 2


def test_a_small_file_is_one_request_beside_the_list(hosts: Hosts, tmp_path: Path) -> None:
    fetch("modelscope:org/model/small.safetensors", directory=tmp_path)
    assert hosts.ledger().requests("modelscope") == 2


@pytest.mark.parametrize("name", ["nothing.safetensors", "nothing.json", "LICENSE"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_file_that_isnt_there_is_said_to_be_missing(
    hosts: Hosts,
    tmp_path: Path,
    name: str,
    listed: bool,  # noqa: FBT001 - whether the list can be had
) -> None:
    if not listed:
        hosts.script("page:of=html,code=200,path=/api/v1/models/org/model/repo/files")
    with pytest.raises(NotFoundError):
        fetch(f"modelscope:org/model/{name}", directory=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_revision_is_said_to_be_one(hosts: Hosts, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such revision"):
        fetch("modelscope:org/model@v9/small.safetensors", directory=tmp_path)
    assert hosts.ledger().requests("modelscope") == 1


def test_a_file_beyond_the_end_of_a_cut_list_has_its_digest_too(hosts: Hosts, tmp_path: Path) -> None:
    result = fetch("modelscope:org/many/z/small.safetensors", directory=tmp_path)
    assert (result.verified, result.sha256) == ("sha256", SMALL.sha256)
    with pytest.raises(NotFoundError, match="has no file z/other"):
        fetch("modelscope:org/many/z/other.json", directory=tmp_path)
    assert hosts.ledger().requests("modelscope") == 5
