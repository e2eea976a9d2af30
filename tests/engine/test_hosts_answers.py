"""What the library says of the answers of model hosts, as their stand-ins give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    AccessDeniedError,
    FetchError,
    Job,
    NotFoundError,
    Progress,
    Settings,
    fetch,
    fetch_many,
)
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiVersion,
    GitHubAsset,
    GitHubRelease,
    GitHubSettings,
    Host,
    Hosts,
    HubFile,
    HubRepo,
    HubSettings,
    ZenodoRecord,
    civitai,
    github,
    hosted,
    huggingface,
    zenodo,
)
from anymatix_fetcher.verbs.resolve import locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MODEL = hosted("model.safetensors", 300_000)
FILES = {"model.safetensors": HubFile(MODEL)}
REPOS = (
    HubRepo("org/model", FILES),
    HubRepo("org/private", FILES, access="private", readers=frozenset({"good"})),
)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Host], Hosts]]:
    """Starts a stand-in, and leads the library there."""
    running: list[AbstractContextManager[Hosts]] = []

    def start(host: Host) -> Hosts:
        hosts = Hosts(host)
        hosts.start()
        running.append(hosts)
        for variable, url in hosts.variables.items():
            monkeypatch.setenv(variable, url)
        return hosts

    yield start
    for hosts in running:
        hosts.__exit__(None, None, None)


def refusal(reference: str, tmp_path: Path) -> FetchError:
    """Why it can't be fetched; whole repositories are resolved to many files, or to one error."""
    (result,) = fetch_many([Job(reference, Settings(directory=tmp_path))])
    assert result.error is not None
    assert list(tmp_path.iterdir()) == []
    return result.error


# Hugging Face ---------------------------------------------------------------------------------------------


def words(error: FetchError) -> tuple[str, str]:
    """What is said of whatever repository, without the address."""
    return error.message.partition(" (")[0].rpartition(" org/")[0], error.hint


@pytest.mark.parametrize("name", ["nothing", "private", "modle"])
@pytest.mark.parametrize("token", ["", "wrong"])
def test_what_the_hub_doesnt_show_has_the_same_words_as_a_file_and_as_a_whole(
    started: Callable[[Host], Hosts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, token: str
) -> None:
    hosts = started(huggingface(REPOS, HubSettings(frozenset({"good", "other"}))))
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    file = refusal(f"hf:org/{name}/model.safetensors", tmp_path)
    assert hosts.ledger().requests("huggingface") == 1
    whole, pasted = (
        refusal(reference, tmp_path)
        for reference in (f"hf:org/{name}", f"{hosts.urls['huggingface']}/org/{name}/resolve/main/model.safetensors")
    )
    assert words(file) == words(whole) == words(pasted)
    assert "Check the name" in file.hint
    assert "HF_TOKEN" in file.hint
    if token:
        assert isinstance(file, AccessDeniedError)
        assert f"doesn't accept the token, or the repository org/{name} doesn't exist" in file.message
    else:
        assert isinstance(file, NotFoundError)
        assert f"the repository org/{name} doesn't exist at 127.0.0.1, or is private" in file.message


@pytest.mark.parametrize("path", ["nothing.bin", "vae/nothing.json"])
def test_a_file_that_the_hub_says_is_missing_is_asked_for_once(
    started: Callable[[Host], Hosts], tmp_path: Path, path: str
) -> None:
    hosts = started(huggingface(REPOS))
    assert "has no such file" in refusal(f"hf:org/model/{path}", tmp_path).message
    assert hosts.ledger().requests("huggingface") == 1


# Civitai --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["civitai:7", "civitai:5@7", "SITE/models/5?modelVersionId=7", "SITE/models/5"])
def test_an_archived_version_is_said_to_be_one(
    started: Callable[[Host], Hosts], tmp_path: Path, reference: str
) -> None:
    version = CivitaiVersion(7, "v1", (CivitaiFile(70, MODEL),), access="archived")
    hosts = started(civitai([CivitaiModel(5, "Model", (version,))]))
    error = refusal(reference.replace("SITE", hosts.urls["civitai"]), tmp_path)
    assert isinstance(error, NotFoundError)
    assert "archived" in error.hint


def test_files_of_one_name_are_told_apart_by_their_numbers(started: Callable[[Host], Hosts], tmp_path: Path) -> None:
    other = hosted("model.safetensors", 200_000, seed=1)
    files = (CivitaiFile(70, MODEL), CivitaiFile(71, other, size="full"))
    started(civitai([CivitaiModel(5, "Model", (CivitaiVersion(7, "v1", files),))]))
    result = fetch("civitai:7?fileId=71", directory=tmp_path)
    assert (result.sha256, result.verified) == (other.sha256, "sha256")


# GitHub, and whoever else keeps a digest in an API -------------------------------------------------------


def note_of(reference: str, tmp_path: Path, **settings: object) -> str:
    """What remains to be said of a file that came."""
    seen: list[Progress] = []
    job = Job(reference, Settings(directory=tmp_path, **settings))  # type: ignore[arg-type]  # handed on as they are
    (result,) = fetch_many([job], on_progress=seen.extend)
    assert result.error is None
    assert result.path is not None
    assert result.path.read_bytes() == MODEL.content.read(0, MODEL.size)
    return seen[-1].note


def test_a_digest_that_a_used_up_api_keeps_is_missed_aloud(started: Callable[[Host], Hosts], tmp_path: Path) -> None:
    release = GitHubRelease("org/repo", "v1", (GitHubAsset(1, MODEL),))
    started(github([release], GitHubSettings(api_limit=1)))
    reference = "github:org/repo@v1/model.safetensors"
    assert note_of(reference, tmp_path / "first") == ""
    note = note_of(reference, tmp_path / "second")
    assert "without a digest from GitHub" in note
    assert "allows no more requests without a token" in note
    assert note_of(reference, tmp_path / "third", digests=(Digest("sha256", MODEL.sha256),)) == ""


def test_what_resolves_without_its_digest_says_so(started: Callable[[Host], Hosts]) -> None:
    started(github([GitHubRelease("org/repo", "v1", (GitHubAsset(1, MODEL),))], GitHubSettings(api_limit=1)))
    known, unknown = (locate("github:org/repo@v1/model.safetensors") for _ in range(2))
    assert (known[0].digests, known[0].remark) == ((Digest("sha256", MODEL.sha256),), "")
    assert (unknown[0].digests, unknown[0].error) == ((), None)
    assert "without a digest from GitHub" in unknown[0].remark


def test_so_is_one_of_a_record_that_cant_be_read(started: Callable[[Host], Hosts], tmp_path: Path) -> None:
    hosts = started(zenodo([ZenodoRecord(5, "Weights", (MODEL,))]))
    hosts.script("page:of=html,code=200,path=/api/records/5")
    assert "without a digest from Zenodo" in note_of("zenodo:5/model.safetensors", tmp_path)
