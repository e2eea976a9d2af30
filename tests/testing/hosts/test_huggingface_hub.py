"""Hugging Face's own client takes the stand-in for the Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.testing.content import GivenContent
from anymatix_fetcher.testing.hosts import HostedFile, Hosts, HubFile, HubRepo, HubSettings, hosted, huggingface

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "config.json": HubFile(HostedFile("config.json", GivenContent(b'{"model_type": "test"}\n')), lfs=False),
    "model.safetensors": HubFile(hosted("model.safetensors", 1_500_000)),
    "vae/vae.safetensors": HubFile(hosted("vae.safetensors", 700_000)),
}
GATED = HubRepo("org/gated", FILES, access="gated", readers=frozenset({"approved"}))
REPOS = (HubRepo("org/model", FILES, former_ids=("org/old",), branches=frozenset({"v1"})), GATED)

_PREPARED = """
import json, sys
from pathlib import Path
from huggingface_hub import HfApi, errors, hf_hub_download, snapshot_download
folder, endpoint = Path(sys.argv[1]), sys.argv[2]
"""


def run(program: str, folder: Path, hosts: Hosts) -> Any:  # noqa: ANN401 - JSON has no better type
    """What a program that uses the client prints as JSON."""
    environment = {
        "PATH": os.environ["PATH"],
        "HF_HOME": str(folder / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_ENDPOINT": hosts.variables["HF_ENDPOINT"],
    }
    command = [sys.executable, "-c", _PREPARED + program, str(folder), hosts.variables["HF_ENDPOINT"]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def site(settings: HubSettings | None = None) -> Hosts:
    return Hosts(huggingface(REPOS, settings or HubSettings(frozenset({"approved", "other"}))))


def test_it_downloads_a_file(tmp_path: Path) -> None:
    program = """
path = hf_hub_download("org/old", "model.safetensors", revision="v1", endpoint=endpoint, local_dir=folder / "here")
small = hf_hub_download("org/model", "config.json", endpoint=endpoint)
print(json.dumps([str(path), str(small)]))
"""
    with site() as hosts:
        large, small = run(program, tmp_path, hosts)
        seen = hosts.seen("huggingface-cdn")
    for path, name in ((large, "model.safetensors"), (small, "config.json")):
        file = FILES[name].file
        with open(path, "rb") as opened:  # noqa: PTH123 - a path of the client's own
            assert opened.read() == file.content.read(0, file.size)
    assert {one.method for one in seen} == {"GET"}


def test_it_downloads_a_whole_repository(tmp_path: Path) -> None:
    program = 'print(json.dumps(snapshot_download("org/model", endpoint=endpoint, local_dir=folder / "here")))'
    with site(HubSettings(page_entries=2)) as hosts:
        run(program, tmp_path, hosts)
    for name, hub_file in FILES.items():
        file = hub_file.file
        assert (tmp_path / "here" / name).read_bytes() == file.content.read(0, file.size)


def test_it_lists_the_tree_and_reads_the_description(tmp_path: Path) -> None:
    program = """
api = HfApi(endpoint=endpoint)
entries = list(api.list_repo_tree("org/model", recursive=True, expand=True))
info = api.model_info("org/model", files_metadata=True)
(vae,) = api.get_paths_info("org/model", ["vae/vae.safetensors", "nothing"])
print(json.dumps({
    "vae": [vae.path, vae.size],
    "files": {one.path: [one.size, one.lfs.sha256 if one.lfs else None] for one in entries if hasattr(one, "size")},
    "sha": info.sha,
    "siblings": {one.rfilename: one.size for one in info.siblings},
}))
"""
    with site(HubSettings(page_entries=2)) as hosts:
        said = run(program, tmp_path, hosts)
    assert said["vae"] == ["vae/vae.safetensors", 700_000]
    assert said["sha"] == REPOS[0].commit
    assert said["siblings"] == {name: one.file.size for name, one in FILES.items()}
    expected = {name: [one.file.size, one.file.sha256 if one.lfs else None] for name, one in FILES.items()}
    assert said["files"] == expected


def test_it_understands_the_refusals(tmp_path: Path) -> None:
    program = """
said = []
for repo, file, token in [
    ("org/gated", "model.safetensors", False), ("org/gated", "model.safetensors", "other"),
    ("org/nothing", "model.safetensors", False), ("org/nothing", "model.safetensors", "other"),
    ("org/model", "nothing.bin", False),
]:
    try:
        hf_hub_download(repo, file, endpoint=endpoint, token=token)
    except (errors.GatedRepoError, errors.RepositoryNotFoundError, errors.RemoteEntryNotFoundError) as error:
        said.append(type(error).__name__)
    except errors.HfHubHTTPError as error:
        said.append(error.response.status_code)
said.append(Path(hf_hub_download("org/gated", "model.safetensors", endpoint=endpoint, token="approved")).name)
print(json.dumps(said))
"""
    with site() as hosts:
        said = run(program, tmp_path, hosts)
    # A bare 401 is taken for a missing repository at https addresses only.
    refusals = ["GatedRepoError", "GatedRepoError", 401, "RepositoryNotFoundError", "RemoteEntryNotFoundError"]
    assert said == [*refusals, "model.safetensors"]
