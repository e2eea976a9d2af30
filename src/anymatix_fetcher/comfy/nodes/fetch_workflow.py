"""The node *Fetch workflow's models*: whatever the graph's loaders miss is brought when the run begins.

ComfyUI refuses a loader whose file isn't there before anything runs. So when a prompt comes in that has this node, the
name of each missing file gives way to the output of a small node that waits for this one: the loader runs when its file
is here, and all of them arrive at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.folders import child, comfyui_module
from anymatix_fetcher.comfy.nodes.any_type import ANY
from anymatix_fetcher.comfy.nodes.bringing import FileWish, ModelFetchError, bring
from anymatix_fetcher.comfy.nodes.telling import NodeTelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_logger = logging.getLogger("anymatix_fetcher.comfy")

FETCH_WORKFLOW, MODEL_NAME = "AnymatixFetchWorkflowModels", "AnymatixModelName"
_FETCHABLE = "missing"
_HERE = "here"


class FetchWorkflowModels:
    """Brings all models that the workflow misses."""

    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("report",)
    OUTPUT_NODE = True
    FUNCTION = "fetch"
    CATEGORY = "Anymatix"
    DESCRIPTION = "Brings every model that this workflow names and that isn't here, before its loaders run."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The graph itself."""
        return {
            "required": {},
            "hidden": {"unique_id": "UNIQUE_ID", "prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    @classmethod
    def IS_CHANGED(cls, unique_id: object = None, prompt: object = None, extra_pnginfo: object = None) -> object:  # noqa: N802 - ComfyUI's name
        """Each run looks anew."""
        del unique_id, prompt, extra_pnginfo
        return float("nan")

    async def fetch(
        self, unique_id: str | None = None, prompt: Mapping[str, Any] | None = None, extra_pnginfo: object = None
    ) -> dict[str, Any]:
        """A line for each model.

        Raises:
            ModelFetchError: Some can't be had; the others are here.
        """
        workflow = workflow_of(extra_pnginfo) or prompt or {}
        answer = await child.request("POST", "/workflow", {"workflow": workflow})
        if not answer.is_good:
            error = answer.error
            raise ModelFetchError(error["kind"], error["message"], error["hint"])
        telling = NodeTelling(unique_id)
        models = answer.body["models"]
        missing = [model for model in models if model["state"] == _FETCHABLE and model["reference"]]
        found = await asyncio.gather(*(_one(model, telling) for model in missing), return_exceptions=True)
        ended = next(
            (one for one in found if isinstance(one, BaseException) and not isinstance(one, ModelFetchError)), None
        )
        if ended is not None:
            raise ended
        failed = [(model, one) for model, one in zip(missing, found, strict=True) if isinstance(one, ModelFetchError)]
        if failed:
            said = "\n".join(f"{model['name'] or model['url']}: {one}" for model, one in failed)
            raise ModelFetchError(failed[0][1].kind, f"{len(failed)} of {len(missing)} models can't be had:\n{said}")
        report = "\n".join(_lines(models))
        telling.end(f"{len(missing)} brought" if missing else "nothing is missing")
        return {"ui": {"text": [report]}, "result": (report,)}


class ModelName:
    """The name of a model, when it is here; it stands in a prompt in the place of what a loader was told."""

    RETURN_TYPES = (ANY,)
    RETURN_NAMES = ("name",)
    FUNCTION = "name"
    CATEGORY = "Anymatix/internal"
    DESCRIPTION = "Waits for Fetch workflow's models, and gives a loader the name that it was told."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The name, and what it waits for."""
        return {"required": {"name": ("STRING", {"default": ""}), "fetched": ("STRING", {"forceInput": True})}}

    def name(self, name: str, fetched: str) -> tuple[str]:
        """The same name."""
        del fetched
        return (name,)


async def _one(model: Mapping[str, Any], telling: NodeTelling) -> object:
    path = Path(model["path"]) if model["path"] else None
    return await bring(
        child,
        FileWish(
            reference=model["reference"],
            directory=str(path.parent) if path is not None else "",
            output=path.name if path is not None else "",
            type=model["directory"] if path is None else "",
            digests=(model["digest"],) if model["digest"] else (),
        ),
        telling.tell,
    )


def _lines(models: list[dict[str, Any]]) -> Iterator[str]:
    for model in models:
        state = "brought" if model["state"] == _FETCHABLE and model["reference"] else model["state"]
        yield f"{model['directory']}/{model['name'] or model['url']}: {state}"


def workflow_of(extra_pnginfo: object) -> dict[str, Any] | None:
    """The workflow that came along with a prompt; it says where models are, which the prompt doesn't."""
    holder = extra_pnginfo[0] if isinstance(extra_pnginfo, list) and extra_pnginfo else extra_pnginfo
    workflow = holder.get("workflow") if isinstance(holder, dict) else None
    return workflow if isinstance(workflow, dict) else None


# Before it runs -------------------------------------------------------------------------------------------


def waiting(message: dict[str, Any]) -> dict[str, Any]:
    """What a page has posted to ``/prompt``, with loaders that wait for what *Fetch workflow's models* brings."""
    prompt = message.get("prompt")
    if not isinstance(prompt, dict):
        return message
    fetchers = [
        key for key, node in prompt.items() if isinstance(node, dict) and node.get("class_type") == FETCH_WORKFLOW
    ]
    extra = message.get("extra_data")
    workflow = workflow_of(extra.get("extra_pnginfo")) if isinstance(extra, dict) else None
    if not fetchers:
        return message
    names = _missing_names(workflow or prompt)
    if not names:
        return message
    return {**message, "prompt": _linked(prompt, fetchers[0], names)}


def _missing_names(workflow: Mapping[str, Any]) -> frozenset[str]:
    """The names of files that loaders ask for, that aren't here, and that the workflow says where to find."""
    from anymatix_fetcher.errors import FetchError  # noqa: PLC0415 - not when ComfyUI starts
    from anymatix_fetcher.workflows.reading import requirements_of  # noqa: PLC0415 - as above

    try:
        needs = requirements_of(json.dumps(workflow).encode()).needs
    except FetchError as error:
        _logger.info("AnymatixFetcher: the workflow can't be read: %s", error)
        return frozenset()
    folder_paths = comfyui_module()
    return frozenset(
        need.name
        for need in needs
        if need.name and need.url is not None and not _is_here(folder_paths, need.directory, need.name)
    )


def _is_here(folder_paths: Any, directory: str, name: str) -> bool:  # noqa: ANN401 - it has no types
    first, _, below = directory.partition("/")
    return folder_paths.get_full_path(first, f"{below}/{name}" if below else name) is not None


def _linked(prompt: dict[str, Any], fetcher: str, names: frozenset[str]) -> dict[str, Any]:
    """The prompt in which these names come from nodes that wait for ``fetcher``."""
    linked: dict[str, Any] = {}
    added: dict[str, Any] = {}
    for key, node in prompt.items():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if not isinstance(inputs, dict) or node.get("class_type") == MODEL_NAME:
            linked[key] = node
            continue
        changed = dict(inputs)
        for field, value in inputs.items():
            if isinstance(value, str) and value.replace("\\", "/") in names:
                name = f"{key}:{field}:name"
                added[name] = {"class_type": MODEL_NAME, "inputs": {"name": value, "fetched": [fetcher, 0]}}
                changed[field] = [name, 0]
        linked[key] = {**node, "inputs": changed}
    return {**linked, **added}
