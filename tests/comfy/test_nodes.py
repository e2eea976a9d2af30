"""The nodes, with a real child and an origin: what they return, leave on the disk and say when they can't."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.comfy import pack
from anymatix_fetcher.comfy.folders import child
from anymatix_fetcher.comfy.nodes.anymatix_fetcher import AnymatixCheckpointFetcher, AnymatixFetcher
from anymatix_fetcher.comfy.nodes.bringing import ModelFetchError
from anymatix_fetcher.comfy.nodes.fetch_model import FetchModel
from anymatix_fetcher.comfy.nodes.fetch_workflow import FetchWorkflowModels
from anymatix_fetcher.comfy.nodes.first_fetcher import explained
from anymatix_fetcher.comfy.nodes.workflow_fetching import waiting
from anymatix_fetcher.testing import Fault, Match

if TYPE_CHECKING:
    from tests.comfy.conftest import Surroundings


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def fetched(wish: dict[str, str]) -> str:
    (found,) = asyncio.run(AnymatixFetcher().download_model(wish))
    return found


def is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


# The first fetcher's --------------------------------------------------------------------------------------


def test_a_model_comes_to_its_folder_under_its_content_s_name(surroundings: Surroundings) -> None:
    file = surroundings.origin.add("/plain/model.safetensors", size="300KB")
    wish = {"url": file.url, "type": "lora"}
    before = AnymatixFetcher.IS_CHANGED(wish)
    assert is_nan(before)
    assert before is not AnymatixFetcher.IS_CHANGED(wish)
    path = Path(fetched(wish))
    assert path == surroundings.folder("loras") / f"model_{file.sha256()}.safetensors"
    assert path.read_bytes() == file.read()
    (sidecar,) = path.parent.glob("*.json")
    content = json.loads(sidecar.read_bytes())
    assert {name: content[name] for name in ("url", "file_name", "file_size", "name", "data", "sha256")} == {
        "url": file.url,
        "file_name": path.name,
        "file_size": file.size,
        "name": "model.safetensors",
        "data": None,
        "sha256": file.sha256(),
    }
    after = AnymatixFetcher.IS_CHANGED(wish)
    assert after == hash_of(file.url)
    # What ComfyUI has kept with the value from before the run is found with the one from after it: it is cached.
    assert {before: "kept"}.get(after) == "kept"
    path.unlink()
    again = AnymatixFetcher.IS_CHANGED(wish)
    assert is_nan(again)
    assert again not in (after, before)
    assert fetched(wish) == str(path)
    assert path.read_bytes() == file.read()


def test_auth_goes_to_the_origin_and_nowhere_else(surroundings: Surroundings) -> None:
    file = surroundings.origin.add("/secret/model.safetensors", size="100KB")
    wish = {"url": f"{file.url}?type=Model", "type": "vae", "auth": "token=planted-1&harmless=planted-2"}
    path = fetched(wish)
    targets = {seen.target for seen in surroundings.origin.seen() if "/secret/" in seen.target}
    assert targets == {"/secret/model.safetensors?type=Model&token=planted-1&harmless=planted-2"}
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(f"{wish['url']}&{wish['auth']}")
    asked = len(surroundings.origin.seen())
    for auth in ("", "token=planted-4", "harmless=planted-5"):  # with any of them it is the same file
        other = {**wish, "auth": auth}
        assert AnymatixFetcher.IS_CHANGED(other) == hash_of(f"{wish['url']}&{auth}".rstrip("&"))
        assert fetched(other) == path
    assert len(surroundings.origin.seen()) == asked
    for kept in (*surroundings.base.rglob("*"), *surroundings.state.rglob("*")):
        if kept.is_file():
            assert b"planted" not in kept.read_bytes(), kept


def test_what_the_first_fetcher_has_left_is_found_by_either_of_its_names(surroundings: Surroundings) -> None:
    folder = surroundings.folder("upscale_models")
    file = surroundings.origin.add("/legacy/model.safetensors", size="50KB")
    effective = f"{file.url}?token=old"
    for stem, name, more in (
        (
            hash_of(effective),
            f"model_{hash_of(effective)}.safetensors",
            {"file_size": file.size, "name": "model.safetensors"},
        ),
        (hash_of(file.url), f"model_{file.sha256()}.safetensors", {"sha256": file.sha256()}),
    ):
        for old in folder.iterdir():
            old.unlink()
        (folder / name).write_bytes(file.read())
        record = {"url": file.url, "file_name": name, "data": None, **more}
        (folder / f"{stem}.json").write_text(json.dumps(record), encoding="utf-8")
        wish = {"url": file.url, "type": "upscale", "auth": "token=old"}
        assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(effective)
        asked = len(surroundings.origin.seen())
        assert fetched(wish) == str(folder / name)
        assert len(surroundings.origin.seen()) == asked
        assert (folder / name).read_bytes() == file.read()


def test_a_sidecar_of_another_token_spares_a_second_run(surroundings: Surroundings) -> None:
    """Its name is made of a token that isn't known any more; what it says is."""
    content, folder = b"of another token", surroundings.folder("clip_vision")
    url = "https://models.invalid/tokened.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"tokened_{hash_of(url + '?token=old')}.safetensors"
    model.write_bytes(content)
    said = {"url": url, "file_name": model.name, "file_size": len(content), "name": "tokened.safetensors", "data": None}
    (folder / f"{hash_of(url + '?token=old')}.json").write_text(json.dumps(said))
    wish = {"url": url, "type": "clip_vision"}
    before = AnymatixFetcher.IS_CHANGED(wish)
    assert is_nan(before)
    assert fetched(wish) == str(model)
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(url) == before
    model.unlink()
    assert is_nan(AnymatixFetcher.IS_CHANGED(wish))


@pytest.mark.parametrize("damage", ["no file", "half a file", "no name", "nonsense", "outside"])
def test_a_sidecar_without_its_file_counts_for_nothing(damage: str, surroundings: Surroundings) -> None:
    folder, url = surroundings.folder("gligen"), "https://models.test/m.safetensors"
    folder = surroundings.folder("controlnet")
    record: dict[str, Any] = {"url": url, "file_name": "m.safetensors", "file_size": 4}
    (folder / "m.safetensors").write_bytes(b"1234")
    path = folder / f"{hash_of(url)}.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    wish = {"url": url, "type": "controlnet"}
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(url)
    match damage:
        case "no file":
            (folder / "m.safetensors").unlink()
        case "half a file":
            (folder / "m.safetensors").write_bytes(b"12")
        case "no name":
            path.write_text(json.dumps({"url": url}), encoding="utf-8")
        case "nonsense":
            path.write_text("{", encoding="utf-8")
        case _:
            path.write_text(json.dumps({**record, "file_name": "../m.safetensors"}), encoding="utf-8")
    assert is_nan(AnymatixFetcher.IS_CHANGED(wish))


def test_a_json_file_has_to_be_one(surroundings: Surroundings) -> None:
    folder, url = surroundings.folder("clip_vision"), "https://models.test/config.json"
    (folder / f"{hash_of(url)}.json").write_text(json.dumps({"url": url, "file_name": "config.json"}), encoding="utf-8")
    (folder / "config.json").write_text('{"a": 1}', encoding="utf-8")
    wish = {"url": url, "type": "clip_vision"}
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(url)
    (folder / "config.json").write_text('{"a": ', encoding="utf-8")
    assert is_nan(AnymatixFetcher.IS_CHANGED(wish))


def test_a_hash_stands_for_a_file_that_is_here(surroundings: Surroundings) -> None:
    digits = "0a" * 32
    wish = {"url": f"sha256://{digits}", "type": "diffusion_models/GGUF"}
    assert is_nan(AnymatixFetcher.IS_CHANGED(wish))
    with pytest.raises(
        FileNotFoundError, match=r"No model file found for sha256://.* under folder_paths\[diffusion_models\]"
    ):
        fetched(wish)
    second = surroundings.folder("diffusion_models")
    second.mkdir(exist_ok=True)
    path = second / f"{digits}.gguf"
    path.write_bytes(b"GGUF")
    assert fetched(wish) == str(path)
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(wish["url"])


def test_a_pack_of_voices_has_the_names_that_its_nodes_want(surroundings: Surroundings) -> None:
    origin = surroundings.origin
    names = ("ve.safetensors", "t3_cfg.safetensors", "s3gen.safetensors", "tokenizer.json", "conds.pt")
    files = {name: origin.add(f"/org/voices/resolve/main/{name}", size="20KB") for name in names}
    wish = {"url": origin.url("/org/voices"), "type": "chatterbox_model_pack"}
    assert is_nan(AnymatixFetcher.IS_CHANGED(wish))
    assert fetched(wish) == "resembleai_default_voice"
    folder = surroundings.folder("tts") / "chatterbox" / "resembleai_default_voice"
    assert {name: (folder / name).read_bytes() for name in names} == {name: file.read() for name, file in files.items()}
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(wish["url"])


def test_an_annotator_s_file_has_to_be_a_repository_s(surroundings: Surroundings) -> None:
    wish = {"url": "https://models.test/a.onnx", "type": "dwpose_aux"}
    assert is_nan(AnymatixFetcher.IS_CHANGED(wish))
    with pytest.raises(ValueError, match="huggingface"):
        fetched(wish)
    wish["url"] = "https://huggingface.co/org/repo/resolve/main/a.onnx"
    folder = surroundings.folder("annotator_ckpts") / "org" / "repo"
    folder.mkdir(parents=True)
    (folder / "a.onnx").write_bytes(b"there")
    assert fetched(wish) == "a.onnx"
    assert AnymatixFetcher.IS_CHANGED(wish) == hash_of(wish["url"])
    with pytest.raises(ValueError, match="huggingface"):
        fetched({**wish, "url": "https://huggingface.co/org/repo/resolve/main/../../../custom_nodes/a.py"})


def test_why_it_can_not_be_had_is_said_in_the_first_fetcher_s_words(surroundings: Surroundings) -> None:
    url = surroundings.origin.url("/none.safetensors")
    with pytest.raises(
        ModelFetchError, match=r"(?s)Failed to download checkpoint model: .*404 Not Found.*\nURL: "
    ) as said:
        fetched({"url": url, "type": "checkpoint"})
    assert str(said.value).endswith(f"\nURL: {url}")
    full = explained(ModelFetchError("DiskFullError", "no room"), "lora", Path("/models/loras"), url)
    marker = f"[ANYMATIX_STORAGE_FULL:{Path('/models/loras')}]"
    assert str(full) == f"Failed to download lora model: No space left on device.\n{marker}\nURL: {url}"
    for wrong in ({"url": url, "type": "nonsense"}, {"url": "", "type": "lora"}, {"type": "lora"}):
        assert is_nan(AnymatixFetcher.IS_CHANGED(wrong))
        with pytest.raises(ValueError, match=r"type|url"):
            fetched(wrong)
    assert is_nan(AnymatixFetcher.IS_CHANGED(None))


def test_the_older_node_takes_a_token_out_of_its_url(surroundings: Surroundings) -> None:
    file = surroundings.origin.add("/older/model.safetensors", size="30KB")
    url = f"{file.url}?token=planted-old"
    (path,) = asyncio.run(AnymatixCheckpointFetcher().download_model(url))
    assert Path(path).read_bytes() == file.read()
    assert Path(path).parent == surroundings.folder("checkpoints")
    assert AnymatixCheckpointFetcher.IS_CHANGED(url, unique_id="7") == hash_of(url)
    assert AnymatixCheckpointFetcher.IS_CHANGED(file.url, auth="token=planted-old") == hash_of(url)
    assert is_nan(AnymatixCheckpointFetcher.IS_CHANGED(None))
    assert AnymatixCheckpointFetcher.DEPRECATED


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("auth", ["", "token=planted"])
def test_a_child_that_is_killed_costs_the_node_nothing(auth: str, surroundings: Surroundings) -> None:
    origin = surroundings.origin
    file = origin.add(f"/killed{bool(auth)}/model.safetensors", size="3MB")
    origin.script(Fault.throttle(rate=1e6), when=Match(path=file.path))

    async def run() -> str:
        node = asyncio.create_task(AnymatixFetcher().download_model({"url": file.url, "type": "vae", "auth": auth}))
        killed = False
        while not node.done():
            await asyncio.sleep(0.05)
            pid = child.pid
            stored = [part.stat().st_size for part in surroundings.folder("vae").glob("*.part")]
            if not killed and pid is not None and any(stored):
                os.kill(pid, signal.SIGKILL)
                killed = True
        assert killed
        return node.result()[0]

    assert Path(asyncio.run(run())).read_bytes() == file.read()


# Those for people -----------------------------------------------------------------------------------------


def test_fetch_model_gives_the_name_as_loaders_want_it(surroundings: Surroundings) -> None:
    file = surroundings.origin.add("/people/lora.safetensors", size="40KB")
    node = FetchModel()
    inputs = {"reference": file.url, "type": "loras", "sha256": file.sha256().upper()}
    before = FetchModel.IS_CHANGED(**inputs, unique_id="3")
    name, path = asyncio.run(node.fetch(**inputs))
    assert (name, path) == ("lora.safetensors", str(surroundings.folder("loras") / "lora.safetensors"))
    assert surroundings.comfyui.folder_paths.get_full_path("loras", name) == path
    assert "lora.safetensors" in surroundings.comfyui.folder_paths.get_filename_list("loras")
    assert FetchModel.IS_CHANGED(**inputs, unique_id="3") == before
    Path(path).unlink()
    assert is_nan(FetchModel.IS_CHANGED(**inputs))
    assert asyncio.run(node.fetch(**inputs)) == (name, path)
    assert Path(path).read_bytes() == file.read()


def test_fetch_model_says_what_is_wrong(surroundings: Surroundings) -> None:
    file = surroundings.origin.add("/people/wrong.safetensors", size="40KB")
    with pytest.raises(ModelFetchError, match="digest"):
        asyncio.run(FetchModel().fetch(file.url, "loras", "00" * 32))
    with pytest.raises(ValueError, match="reference is empty"):
        asyncio.run(FetchModel().fetch("  ", "loras"))
    types = FetchModel.INPUT_TYPES()["required"]["type"][0]
    assert types[0] == "auto"
    assert "loras" in types
    assert not {"custom_nodes", "configs"} & set(types)


def workflow_of(surroundings: Surroundings, *names: str) -> dict[str, Any]:
    entry = {"directory": "loras"}
    models = [{**entry, "name": name, "url": surroundings.origin.url(f"/graph/{name}")} for name in names]
    nodes = [
        {
            "id": number,
            "type": "LoraLoaderModelOnly",
            "mode": 0,
            "widgets_values": [one["name"], 1.0],
            "properties": {"models": [one]},
        }
        for number, one in enumerate(models, 1)
    ]
    return {"nodes": nodes, "links": [], "version": 0.4}


def test_the_graph_s_missing_models_come_before_its_loaders(surroundings: Surroundings) -> None:
    origin, folder = surroundings.origin, surroundings.folder("loras")
    files = {name: origin.add(f"/graph/{name}", size="30KB") for name in ("one.safetensors", "two.safetensors")}
    (folder / "here.safetensors").write_bytes(b"here")
    workflow = workflow_of(surroundings, *files, "here.safetensors")
    prompt = {
        "1": {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "one.safetensors", "model": ["9", 0]}},
        "2": {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "two.safetensors", "model": ["1", 0]}},
        "3": {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "here.safetensors", "model": ["2", 0]}},
        "8": {"class_type": "AnymatixFetchWorkflowModels", "inputs": {}},
    }
    message = {"prompt": prompt, "extra_data": {"extra_pnginfo": {"workflow": workflow}}}
    linked = waiting(message)["prompt"]
    names = {key: linked[key]["inputs"]["lora_name"] for key in ("1", "2", "3")}
    assert names["3"] == "here.safetensors"
    for key, name in (("1", "one.safetensors"), ("2", "two.safetensors")):
        source, output = names[key]
        assert output == 0
        assert linked[source] == {"class_type": "AnymatixModelName", "inputs": {"name": name, "fetched": ["8", 0]}}
    answer = asyncio.run(FetchWorkflowModels().fetch(prompt=linked, extra_pnginfo={"workflow": workflow}))
    assert answer["result"] == (
        "loras/one.safetensors: downloaded\nloras/two.safetensors: downloaded\nloras/here.safetensors: here",
    )
    assert {name: (folder / name).read_bytes() for name in files} == {name: file.read() for name, file in files.items()}
    assert waiting(message) == message


def test_models_that_can_not_be_had_are_named(surroundings: Surroundings) -> None:
    workflow = workflow_of(surroundings, "none.safetensors")
    with pytest.raises(ModelFetchError, match=r"(?s)1 of 1 models.*none\.safetensors: .*404"):
        asyncio.run(FetchWorkflowModels().fetch(extra_pnginfo={"workflow": workflow}))
    without_node = {"prompt": {"1": {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "none.safetensors"}}}}
    assert waiting(without_node) is without_node


def test_every_node_says_what_comfyui_asks_of_it() -> None:
    assert set(pack.NODE_CLASS_MAPPINGS) == set(pack.NODE_DISPLAY_NAME_MAPPINGS)
    for node in pack.NODE_CLASS_MAPPINGS.values():
        assert callable(getattr(node, node.FUNCTION))
        assert node.RETURN_TYPES
        assert node.CATEGORY.startswith("Anymatix")
        assert {"required"} <= set(node.INPUT_TYPES()) <= {"required", "optional", "hidden"}
