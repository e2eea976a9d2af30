"""``anyfetch lock``, with stand-ins in the hosts' places."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.lock_file_format import Root
from anymatix_fetcher.testing.hosts import TOKEN, EverythingSettings, Hosts, everything
from tests.cli.commands.lock_files import locked
from tests.servers.by_query import serving_by_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.testing import Origin


Streams = pytest.CaptureFixture[str]
SIZE = 3_000_000


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(*everything(EverythingSettings(size=SIZE, bytes_per_second=None))) as running:
        yield running


@pytest.fixture
def _surroundings(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in hosts.variables.items():
        monkeypatch.setenv(name, value)
    for name in ("CIVITAI_API_TOKEN", "HF_TOKEN", "GITHUB_TOKEN", "MODELSCOPE_API_TOKEN"):
        monkeypatch.setenv(name, TOKEN)


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANYFETCH_MODELS", str(tmp_path / "models"))


@pytest.mark.usefixtures("_surroundings")
def test_every_kind_of_reference_is_locked_pinned_and_brought(hosts: Hosts, tmp_path: Path, capsys: Streams) -> None:
    assert main(["lock", "-q", "-t", "auto", "civitai:143906", "civitai:128713"]) == 0
    assert main(["lock", "-q", "-d", "hub", "hf:anymatix/model", "--exclude", "*.json"]) == 0
    assert main(["lock", "-q", "-t", "vae", "hf:anymatix/gated/model.safetensors"]) == 0
    assert main(["lock", "-q", "github:anymatix/weights@latest/weights.safetensors"]) == 0
    assert main(["lock", "-q", "-d", "scope", "modelscope:anymatix/model/model.safetensors"]) == 0
    files = locked()
    commit = files["hub/model.safetensors"].sources[0].partition("@")[2].partition("/")[0]
    assert len(commit) == 40
    assert {place: file.sources for place, file in files.items()} == {
        "checkpoints/epicrealism_naturalSin.safetensors": ("civitai:143906?fileId=100",),
        "loras/detail.safetensors": ("civitai:128713?fileId=103",),
        "hub/model.safetensors": (f"hf:anymatix/model@{commit}/model.safetensors",),
        "hub/vae/vae.safetensors": (f"hf:anymatix/model@{commit}/vae/vae.safetensors",),
        "vae/model.safetensors": (files["vae/model.safetensors"].sources[0],),
        "weights.safetensors": ("github:anymatix/weights@v1.0/weights.safetensors",),
        "scope/model.safetensors": ("modelscope:anymatix/model@master/model.safetensors",),
    }
    assert len(files["vae/model.safetensors"].sources[0]) == len("hf:anymatix/gated@/model.safetensors") + 40
    assert all(file.strong and file.size for file in files.values())
    assert files["loras/detail.safetensors"].type == "lora"
    assert files["vae/model.safetensors"].root is Root.MODELS
    assert TOKEN not in Path("anyfetch.lock").read_text()
    capsys.readouterr()

    assert main(["sync", "--json", "--progress", "none"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["verified"] for one in results] == ["sha256"] * 7
    assert {one["status"] for one in results} <= {"downloaded", "linked"}, "some of them are one file"
    for place, file in files.items():
        root = tmp_path / "models" if file.root is Root.MODELS else tmp_path
        assert (root / place).stat().st_size == file.size

    before = len(hosts.seen())
    assert main(["sync", "--json", "--progress", "none"]) == 0
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["status"], one["sha256"]) for one in again] == [("present", one["sha256"]) for one in results]
    assert len(hosts.seen()) == before, "nobody was asked for anything"


@pytest.mark.usefixtures("_surroundings")
def test_locking_again_changes_nothing(capsys: Streams) -> None:
    words = ["lock", "-d", "hub", "hf:anymatix/model", "github:anymatix/weights@v1.0"]
    assert main(words) == 0
    first = Path("anyfetch.lock").read_text()
    assert "wrote anyfetch.lock: 4 files" in capsys.readouterr().err
    assert main(words) == 0
    assert Path("anyfetch.lock").read_text() == first
    assert "nothing has changed in anyfetch.lock" in capsys.readouterr().err


@pytest.mark.usefixtures("_surroundings")
def test_a_missing_digest_is_reported_and_computed_on_request(capsys: Streams) -> None:
    assert main(["lock", "hf:anymatix/model/config.json"]) == 0
    assert "no source states a strong digest" in capsys.readouterr().err
    assert not locked()["config.json"].strong
    assert main(["lock", "hf:anymatix/model/config.json", "--fetch", "--progress", "none"]) == 0
    (digest,) = locked()["config.json"].strong
    assert Path("config.json").read_bytes() == b'{"model_type": "test"}\n'
    assert main(["lock", "hf:anymatix/model/config.json"]) == 0
    assert locked()["config.json"].strong == (digest,), "what was computed isn't forgotten"


@pytest.mark.usefixtures("_surroundings")
def test_a_workflow_is_locked_with_the_folders_of_its_nodes(tmp_path: Path, capsys: Streams) -> None:
    models = [
        {
            "name": "vae.safetensors",
            "url": "https://huggingface.co/anymatix/model/resolve/main/vae/vae.safetensors",
            "directory": "vae",
        },
        {
            "name": "gone.safetensors",
            "url": "https://huggingface.co/anymatix/model/resolve/main/no",
            "directory": "vae",
        },
    ]
    nodes = [
        {
            "id": 1,
            "type": "VAELoader",
            "mode": 0,
            "widgets_values": ["vae.safetensors"],
            "properties": {"models": models},
        },
        {"id": 2, "type": "CheckpointLoaderSimple", "mode": 0, "widgets_values": ["mine.safetensors"]},
    ]
    workflow = tmp_path / "flow.json"
    workflow.write_text(json.dumps({"nodes": nodes, "links": [], "version": 0.4}))
    assert main(["lock", "--json", str(workflow)]) == 3
    told = {one["name"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told["vae.safetensors"]["change"] == "added"
    assert told["vae.safetensors"]["folder"] == "vae"
    assert len([one for one in [*told.values()] if one["error"]]) >= 1
    assert list(locked()) == ["vae/vae.safetensors"]


@pytest.mark.usefixtures("_surroundings")
def test_an_unportable_name_is_replaced_in_the_lock_file(tmp_path: Path, capsys: Streams) -> None:
    address = "https://huggingface.co/anymatix/model/resolve/main/vae/vae.safetensors"
    models = [{"name": "-my: vae.safetensors", "url": address, "directory": "vae"}]
    node = {"id": 1, "type": "VAELoader", "widgets_values": ["-my: vae.safetensors"], "properties": {"models": models}}
    (tmp_path / "flow.json").write_text(json.dumps({"nodes": [node]}))
    assert main(["lock", "flow.json"]) == 0
    assert list(locked()) == ["vae/_my_ vae.safetensors"]
    assert (
        "the node asks for '-my: vae.safetensors'; the lock file has '_my_ vae.safetensors'" in capsys.readouterr().err
    )


@pytest.mark.parametrize("size", [SIZE, SIZE + 1])
def test_an_unidentified_local_file_is_kept_and_the_source_is_fetched(
    origin: Origin, tmp_path: Path, capsys: Streams, size: int
) -> None:
    file = origin.add("/a.bin", size=SIZE)
    mine = bytes(size)
    (tmp_path / "a.bin").write_bytes(mine)
    assert main(["lock", file.url, "--fetch", "--progress", "none"]) == 0
    assert locked()["a.bin"].strong == (Digest("sha256", file.sha256()),)
    assert locked()["a.bin"].size == SIZE
    assert (tmp_path / "a.bin").read_bytes() == mine
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"a.bin", "anyfetch.lock"}
    assert "which was here" not in capsys.readouterr().err


def test_a_file_from_the_same_reference_is_not_fetched_again(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    file = origin.add("/a.bin", size=SIZE)
    assert main(["-q", file.url]) == 0
    sent = origin.ledger().bytes_sent
    assert main(["lock", file.url, "--fetch", "--progress", "none"]) == 0
    assert locked()["a.bin"].strong == (Digest("sha256", file.sha256()),)
    assert origin.ledger().bytes_sent < sent + SIZE // 2
    assert (
        "note: its digest was computed from a.bin, which was already here: it was fetched from this source before"
        in capsys.readouterr().err
    )
    (tmp_path / "a.bin").write_bytes(bytes(SIZE))
    Path("anyfetch.lock").unlink()
    assert main(["lock", "-q", file.url, "--fetch", "--progress", "none"]) == 0
    assert locked()["a.bin"].strong == (Digest("sha256", file.sha256()),)


def test_a_weak_digest_decides_whether_a_local_file_is_hashed(origin: Origin, tmp_path: Path, capsys: Streams) -> None:
    content = bytes(range(256)) * 100
    md5 = hashlib.md5(content, usedforsecurity=False)
    stated = base64.b64encode(md5.digest()).decode()
    url = origin.add("/a.bin", data=content, headers={"x-goog-hash": f"md5={stated}"}).url
    right = Digest("sha256", hashlib.sha256(content).hexdigest())
    for mine in (content, bytes(len(content))):
        (tmp_path / "a.bin").write_bytes(mine)
        assert main(["lock", "--json", url, "--fetch", "--progress", "none"]) == 0
        assert set(locked()["a.bin"].digests) == {right, Digest("md5", md5.hexdigest())}
        told = json.loads(capsys.readouterr().out)
        assert told["computed_from"] == (str(tmp_path / "a.bin") if mine == content else None)
        assert (tmp_path / "a.bin").read_bytes() == mine
        Path("anyfetch.lock").unlink()


def test_a_failed_lock_writes_nothing(origin: Origin, capsys: Streams) -> None:
    for word in ("nosuch:thing", origin.url("/missing.bin")):
        assert main(["lock", word]) in {2, 3}
        assert not Path("anyfetch.lock").exists()
        assert "nothing was locked" in capsys.readouterr().err
    assert main(["lock", "-q", origin.add("/a.bin", size=1000).url]) == 0
    commented = "# mine\n" + Path("anyfetch.lock").read_text()
    Path("anyfetch.lock").write_text(commented)
    assert main(["lock", origin.url("/missing.bin")]) == 3
    assert Path("anyfetch.lock").read_text() == commented


def test_a_signed_query_is_never_written(origin: Origin) -> None:
    url = origin.add("/a.bin", size=1000).url
    assert main(["lock", "-q", f"{url}?X-Amz-Signature=hunter2&file=x"]) == 0
    assert locked()["a.bin"].sources == (url,)


def test_a_query_that_chooses_the_file_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving_by_query("file", {"a.bin": b"the right one", "b.bin": b"the other one"}) as url:
        assert main(["lock", "-q", "--fetch", "--progress", "none", f"{url}?file=a.bin&v=2"]) == 0
        assert [file.sources for file in locked().values()] == [(f"{url}?file=a.bin&v=2",)]
        for path in tmp_path.glob("get*"):
            path.unlink()
        assert main(["sync", "-q", "--progress", "none"]) == 0
    assert [path.read_bytes() for path in tmp_path.glob("get*")] == [b"the right one"]


def test_a_secret_removed_from_a_url_is_reported(origin: Origin, capsys: Streams) -> None:
    url = origin.add("/a.bin", size=1000).url
    assert main(["lock", f"{url}?file=x&token=hunter2"]) == 0
    assert locked()["a.bin"].sources == (f"{url}?file=x",)
    assert "a part of its address is secret" in capsys.readouterr().err


def test_two_files_with_one_destination_are_refused(origin: Origin, capsys: Streams) -> None:
    first, second = origin.add("/one/a.bin", size=1000), origin.add("/two/a.bin", size=1001)
    assert main(["lock", "-q", first.url, second.url]) == 2
    assert locked()["a.bin"].size == 1000
    assert "requested twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sync"], 3, "there is no lock file anyfetch.lock"),
        (["lock"], 2, "REFERENCE"),
        (["lock", "-d", "/elsewhere", "https://h.example/x"], 2, "isn't below"),
        (["lock", "-t", "lora", "-d", "x", "https://h.example/x"], 2, "two destinations"),
        (["lock", "--mirror", "https://h.example/y", "https://h.example/x", "https://h.example/z"], 2, "--mirror"),
        (["lock", "nonsense:x"], 2, "not a reference"),
        (["lock", "flwo.json"], 2, "'flwo.json' is neither a file nor a reference"),
    ],
)
def test_wrong_usage_is_said(
    arguments: list[str], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Streams
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("_surroundings")
@pytest.mark.parametrize(
    "reference",
    [
        "civitai:143906",
        "hf:anymatix/model/model.safetensors",
        "github:anymatix/weights@latest/weights.safetensors",
    ],
)
def test_rm_finds_synced_files_by_the_locked_reference(reference: str, capsys: Streams) -> None:
    assert main(["lock", "-q", "-t", "checkpoint", reference]) == 0
    assert main(["sync", "-q"]) == 0
    capsys.readouterr()
    assert main(["ls", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == locked().popitem()[1].sources[0]
    assert main(["rm", "--yes", "-q", reference]) == 0
    assert list((Path("models") / "checkpoints").iterdir()) == []
