"""Each verb as a call of the library: it returns what the command says with ``--json``, and prints nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine
from dataclasses import replace
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import pytest

import anymatix_fetcher
from anymatix_fetcher import (
    DigestMismatchError,
    Job,
    LockChange,
    ModelState,
    NotFoundError,
    ReferenceSyntaxError,
    Settings,
    Status,
    SyncState,
    adopt,
    bench,
    dedupe,
    fetch,
    fetch_many,
    inspect,
    lock,
    ls,
    prune,
    remove,
    resolve,
    sync,
    verify,
    workflow,
)
from anymatix_fetcher.cli.commands.adopt import as_object as adopted_object
from anymatix_fetcher.cli.commands.dedupe import as_object as group_object
from anymatix_fetcher.cli.commands.prune import as_object as leftover_object
from anymatix_fetcher.cli.commands.rm import as_object as removal_object
from anymatix_fetcher.cli.commands.sync import as_object as item_object
from anymatix_fetcher.cli.commands.workflow import as_object as model_object
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.verbs.reporting import checked_object, error_object, listed_object, located_object
from tests.verbs.models import MEBIBYTE, arrived, begun, civitai_at, content, flip, know, model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

DATA = content(3000)
OTHER = content(4000, seed=2)
URL = "https://example.org/a.safetensors"

VERBS = [
    *("adopt", "afetch", "bench", "dedupe", "doctor", "fetch", "fetch_many", "inspect", "lock", "ls"),
    *("prune", "remove", "resolve", "sync", "verify", "workflow"),
]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """What a command prints with ``--json``; and the calls before it have printed nothing."""

    def run(*words: str | Path) -> list[dict[str, Any]]:
        assert capsys.readouterr() == ("", "")
        main([*map(str, words), "--json"])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def call(name: str, **keywords: object) -> object:
    """The verb, called with these keywords and whatever it needs first."""
    verb = getattr(anymatix_fetcher, name)
    needed = [one for one in signature(verb).parameters.values() if one.default is Parameter.empty]
    return verb(*["m.gguf" for _ in needed], **keywords)


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_is_explained_and_takes_keywords_alone(name: str) -> None:
    verb = getattr(anymatix_fetcher, name)
    first, *others = signature(verb).parameters.values()
    assert {one.kind for one in others} == {Parameter.KEYWORD_ONLY}
    explained = verb.__doc__ or ""
    assert "**options" not in explained
    undocumented = [one.name for one in (first, *others) if f"        {one.name}: " not in explained]
    assert undocumented == []
    assert [one.name for one in others if "<function" in str(one)] == [], "help shows what a default means"


@pytest.mark.parametrize("name", VERBS)
def test_an_unknown_keyword_is_a_type_error(name: str) -> None:
    if name != "afetch":
        with pytest.raises(TypeError):
            call(name, modells="x")


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("resolve", {"probe": "yes"}),
        ("resolve", {"include": 7}),
        ("resolve", {"proxy": 7}),
        ("ls", {"models": 7}),
        ("ls", {"type": 7}),
        ("ls", {"patterns": 7}),
        ("ls", {"type": "lorra"}),
        ("adopt", {"dry_run": 1}),
        ("adopt", {"max_connections": "8"}),
        ("verify", {"repair": "yes"}),
        ("verify", {"paths": 7}),
        ("remove", {"models": b"x"}),
        ("prune", {"older_than_days": "7"}),
        ("prune", {"older_than_days": -1}),
        ("dedupe", {"extra_paths": 7}),
        ("bench", {"seconds": 0}),
        ("bench", {"engine": "fast"}),
        ("lock", {"type": 7}),
        ("lock", {"type": "lora", "directory": "x"}),
        ("lock", {"fetch": "yes"}),
        ("lock", {"file": ""}),
        ("lock", {"mirrors": "here"}),
        ("sync", {"file": 7}),
        ("sync", {"overwrite": 1}),
        ("sync", {"headers": {"X-Api-Key": "k"}}),
        ("workflow", {"dry_run": "yes"}),
        ("workflow", {"headers": {"X-Api-Key": "k"}}),
        ("doctor", {"models": 7}),
        ("doctor", {"server_port": "x"}),
        ("fetch", {"include": {"*.bin": True}}),
        ("ls", {"extra_paths": {"a.yaml": 1}}),
    ],
)
def test_a_value_of_a_wrong_type_is_told_as_fetch_tells_it(name: str, keywords: dict[str, object]) -> None:
    with pytest.raises(ReferenceSyntaxError):
        call(name, **keywords)


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("wrong", [7, 1.5, object(), b"x", [object()], {"a": object()}, 0, False])
def test_no_keyword_takes_what_it_cant_use(name: str, wrong: object) -> None:
    """Each keyword of each verb, and its first argument, by a value that none of them takes."""
    verb = getattr(anymatix_fetcher, name)
    for keyword, parameter in signature(verb).parameters.items():
        if is_meant(parameter, wrong):
            continue
        with pytest.raises(ReferenceSyntaxError) as caught:
            finish(verb(wrong) if parameter.default is Parameter.empty else call(name, **{keyword: wrong}))
        assert caught.value.message, keyword
        assert caught.value.hint, keyword


def is_meant(parameter: Parameter, value: object) -> bool:
    """Whether a value of this type is what the parameter's annotation asks for."""
    if parameter.name in {"headers", "digests"}:
        return False
    words = {int: "int|float", float: "float", bool: "bool"}
    return (word := words.get(type(value))) is not None and re.search(
        rf"\b({word})\b", str(parameter.annotation)
    ) is not None


def finish(started: object) -> None:
    """Runs what has to be awaited."""
    if isinstance(started, Coroutine):
        asyncio.run(started)


def test_jobs_are_a_list_of_references_and_jobs() -> None:
    for wrong in (7, None, "civitai:1", b"x", {"civitai:1": 1}, Job("civitai:1"), [7]):
        with pytest.raises(ReferenceSyntaxError):
            fetch_many(wrong)  # type: ignore[arg-type] # what is refused
    for arguments in ({"settings": 7}, {"author": "user"}, {"part_of": 7}, {"auth": 7}):
        with pytest.raises(ReferenceSyntaxError) as caught:
            Job("civitai:1", **arguments)
        assert caught.value.hint


@pytest.mark.parametrize("directory", ["b", "b/c"])
def test_an_output_lies_in_the_directory_as_on_the_command_line(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: str
) -> None:
    monkeypatch.chdir(tmp_path)
    served = origin.add("/a.bin", data=DATA)
    assert fetch(served.url, output="z", directory=directory).path == tmp_path / directory / "z"
    job = Job(served.url, Settings(output="y", directory=directory, links=False))
    assert fetch_many([job])[0].path == tmp_path / directory / "y"
    assert fetch(served.url, output=tmp_path / "x", directory=directory).path == tmp_path / "x"
    assert main(["-q", "-o", "w", "-d", directory, served.url]) == 0
    assert sorted(path.name for path in (tmp_path / directory).iterdir()) == ["w", "y", "z"]
    assert [path.read_bytes() for path in (tmp_path / directory).iterdir()] == [DATA, DATA, DATA]


@pytest.mark.parametrize("probe", [False, True])
def test_resolve(origin: Origin, said: Callable[..., list[dict[str, Any]]], *, probe: bool) -> None:
    served = origin.add("/a.safetensors", data=DATA)
    (found,) = resolve(served.url, probe=probe)
    assert (found.name, found.length, found.ranged) == ("a.safetensors", len(DATA), True)
    assert said("resolve", served.url, *(["--probe"] if probe else [])) == [located_object(found, None)]
    (lacking,) = resolve(origin.url("/missing"))
    assert isinstance(lacking.error, NotFoundError)


def test_inspect(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    path = model(tmp_path / "a.safetensors", DATA)
    facts = inspect(path)
    (told,) = said("inspect", path)
    assert told["format"] == "safetensors"
    assert {name: told[name] for name in facts.as_json() if name in told} == json.loads(json.dumps(facts.as_json()))


def test_ls(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    first = arrived(tmp_path / "loras" / "a.safetensors", DATA, URL)
    second = arrived(tmp_path / "vae" / "b.safetensors", DATA, URL)
    model(tmp_path / "vae" / "c.safetensors", OTHER)
    every = ls(models=tmp_path)
    assert [one.path.name for one in every.models] == ["a.safetensors", "b.safetensors", "c.safetensors"]
    assert said("ls", "--models", tmp_path) == [listed_object(one) for one in every.models]
    assert [one.path for one in ls(models=str(tmp_path), duplicates=True).models] == [first, second]
    assert [one.path for one in ls("*.safetensors", models=tmp_path, type="lora").models] == [first]


def test_verify(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    arrived(tmp_path / "loras" / "a.safetensors", DATA, URL)
    flip(arrived(tmp_path / "vae" / "b.safetensors", OTHER, URL), 2000)
    good, bad = verify(models=tmp_path)
    assert good.error is None
    assert isinstance(bad.error, DigestMismatchError)
    told = said("verify", "--models", tmp_path)
    late = {"verified_at": None, "error": None}
    expected = [checked_object(one, None) | late for one in (good, bad)]
    assert [one | late for one in sorted(told, key=lambda one: str(one["path"]))] == expected
    assert [one["error"]["message"] for one in told if one["error"]] == [bad.error.message]


def test_adopt(
    tmp_path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch, said: Callable[..., list[dict[str, Any]]]
) -> None:
    model(tmp_path / "loras" / "a.safetensors", DATA)
    know(origin, DATA, 143906)
    with civitai_at(origin, monkeypatch):
        (planned,) = adopt(models=tmp_path, dry_run=True)
        assert said("adopt", "--models", tmp_path, "--dry-run") == [adopted_object(planned)]
        (done,) = adopt(models=str(tmp_path))
    assert planned.identified == done.identified is not None
    assert done.sidecar is not None
    assert done.sidecar.exists()


def test_remove(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    kept = arrived(tmp_path / "vae" / "b.safetensors", OTHER, "https://example.org/b.safetensors")
    gone = arrived(tmp_path / "loras" / "a.safetensors", DATA, URL)
    (planned,) = remove(URL, models=tmp_path, dry_run=True)
    assert (planned.models, planned.bytes_freed) == ((gone.name,), len(DATA))
    assert said("rm", URL, "--models", tmp_path, "--dry-run") == [removal_object(planned, done=False)]
    with pytest.raises(NotFoundError):
        remove([URL, "https://example.org/none"], models=tmp_path)
    assert gone.exists(), "nothing is removed where one target isn't found"
    assert remove([URL, gone.relative_to(tmp_path)], models=tmp_path) == [planned, replace(planned, sidecars=())][:1]
    assert not gone.exists()
    assert kept.read_bytes() == OTHER


@pytest.mark.parametrize("targets", ["", [], [" "]])
def test_removing_nothing_is_a_mistake(targets: list[str] | str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="nothing to remove"):
        remove(targets)


def test_prune(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    part = begun(tmp_path / "loras" / "a.safetensors.part", DATA)
    assert prune(models=tmp_path).found == ()
    planned = prune(models=tmp_path, older_than_days=0, dry_run=True)
    (found,) = planned.found
    expected = [leftover_object(found, found.bytes_used, None)]
    assert said("prune", "--models", tmp_path, "--older-than", "0", "--dry-run") == expected
    done = prune(models=tmp_path, older_than_days=0)
    assert done.removed == (part.with_suffix(""),)
    assert done.bytes_freed > 0
    assert not part.exists()


def test_dedupe(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    data = content(2 * MEBIBYTE)
    paths = [model(tmp_path / folder / "a.safetensors", data) for folder in ("loras", "vae")]
    (group,) = dedupe(models=tmp_path, dry_run=True).groups
    assert said("dedupe", "--models", tmp_path, "--dry-run") == [group_object(group, None)]
    done = dedupe(models=tmp_path, hard_links=True)
    assert (done.linked, done.bytes_freed) == (group.names, len(data))
    assert [path.read_bytes() for path in paths] == [data, data]


def test_lock_and_sync(origin: Origin, tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    served = origin.add("/a.safetensors", data=DATA)
    missing = origin.url("/missing.safetensors")
    file, there = tmp_path / "anyfetch.lock", tmp_path / "other" / "anyfetch.lock"
    locked = lock([served.url, missing], file=file, directory="models", fetch=True)
    (first, change), (second, failed) = locked.entries
    assert (change, failed, locked.is_written) == (LockChange.ADDED, LockChange.FAILED, True)
    assert first.file is not None
    assert isinstance(second.error, NotFoundError)
    with pytest.MonkeyPatch.context() as patched:
        there.parent.mkdir()
        patched.chdir(there.parent)
        told = said("lock", served.url, missing, "-f", there, "-d", "models", "--fetch")
    assert there.read_bytes() == file.read_bytes()
    assert [(one["change"], one["name"]) for one in told] == [("added", first.file.name), ("failed", None)]
    assert told[1]["error"] == error_object(second.error)
    assert lock(served.url, file=file, directory="models").is_written is False

    brought = tmp_path / "models" / "a.safetensors"
    brought.unlink()
    (there.parent / "models" / "a.safetensors").unlink()
    (item,) = sync(file, dry_run=True).items
    assert (item.state, item.path) == (SyncState.MISSING, brought)
    assert said("sync", "-f", file, "--dry-run") == [item_object(item)]
    (result,) = sync(str(file), proxy="").results
    assert (result.status, result.path, brought.read_bytes()) == (Status.DOWNLOADED, brought, DATA)
    (result,) = sync(file).results
    (told_of,) = said("sync", "-f", file)
    assert result.status is Status.PRESENT
    assert (told_of["status"], told_of["path"], told_of["sha256"]) == ("present", str(brought), result.sha256)
    with pytest.raises(NotFoundError, match="no lock file"):
        sync(tmp_path / "none.lock")


def test_workflow(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Callable[..., list[dict[str, Any]]]
) -> None:
    origin.add("/org/repo/resolve/main/ae.safetensors", data=DATA)
    monkeypatch.setenv("HF_ENDPOINT", origin.url("").rstrip("/"))
    models = [
        {"name": name, "directory": "vae", "url": f"https://huggingface.co/org/repo/resolve/main/{name}"}
        for name in ("ae.safetensors", "missing.safetensors")
    ]
    nodes = [
        {"id": 1, "type": "VAELoader", "mode": 0, "widgets_values": [one["name"]], "properties": {"models": [one]}}
        for one in models
    ]
    file = model(tmp_path / "flux.json", json.dumps({"nodes": nodes, "links": [], "version": 0.4}).encode())
    planned = workflow(file, models=tmp_path / "models", dry_run=True)
    assert [one.state for one in planned.models] == [ModelState.MISSING, ModelState.MISSING]
    assert [one.size for one in planned.models] == [len(DATA), None]
    assert planned.results == ()
    told = said("workflow", file, "--models", tmp_path / "models", "--dry-run")
    assert told == [model_object(one) for one in planned.models]
    brought = workflow(str(file), models=tmp_path / "models")
    assert [one.state for one in brought.models] == [ModelState.HERE, ModelState.MISSING]
    assert (brought.results[0].status, brought.results[1].status) == (Status.DOWNLOADED, Status.FAILED)
    assert isinstance(brought.models[1].error, NotFoundError)
    assert (tmp_path / "models" / "vae" / "ae.safetensors").read_bytes() == DATA
    told = said("workflow", file, "--models", tmp_path / "models")
    assert [(one["state"], one["path"]) for one in told] == [(one.state.value, str(one.path)) for one in brought.models]
    with pytest.raises(NotFoundError):
        workflow(tmp_path / "none.json")


def test_bench(origin: Origin, tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    served = origin.add("/m.bin", size=300_000)
    measured = bench(served.url, seconds=0.05, max_connections=1, directory=tmp_path, proxy="")
    (told,) = said("bench", served.url, "--seconds", "0.05", "--max-connections", "1", "-d", tmp_path)
    assert (told["url"], told["length"], told["ranged"]) == (measured.url, measured.length, measured.ranged)
    assert [one["connections"] for one in told["steps"]] == [one.connections for one in measured.steps] == [1]
    assert measured.diagnosis is not None
    assert list(tmp_path.iterdir()) == []


def test_errors_are_the_same_on_the_command_line(tmp_path: Path, said: Callable[..., list[dict[str, Any]]]) -> None:
    flip(arrived(tmp_path / "vae" / "b.safetensors", OTHER, URL), 2000)
    (bad,) = verify(models=tmp_path)
    assert bad.error is not None
    (told,) = said("verify", "--models", tmp_path)
    assert told["error"] == error_object(bad.error)
