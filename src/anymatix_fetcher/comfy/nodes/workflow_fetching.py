"""Implements the node *Fetch workflow's models*, and makes loaders wait for it.

ComfyUI rejects a prompt if the file of a loader is missing. So in a prompt with this node, the name of each missing
file
is replaced by the output of a small node that waits for this one. The loader then runs after the download, and all
models are downloaded at the same time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.folders import child, comfyui_module
from anymatix_fetcher.comfy.nodes.bringing import FileWish, ModelFetchError, bring
from anymatix_fetcher.comfy.nodes.class_names import FETCH_WORKFLOW, MODEL_NAME
from anymatix_fetcher.comfy.nodes.interruption import unless_interrupted
from anymatix_fetcher.comfy.nodes.telling import NodeTelling
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.workflows.reading import requirements_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_logger = logging.getLogger("anymatix_fetcher.comfy")

_FETCHABLE = "missing"


async def fetched(workflow: Mapping[str, Any], node: str | None) -> str:
    """Downloads the missing models of a workflow; returns a line for each model.

    Raises:
        ModelFetchError: Some models can't be downloaded; the others are present.
    """
    answer = await unless_interrupted(child.request("POST", "/workflow", {"workflow": workflow}))
    if not answer.is_good:
        error = answer.error
        raise ModelFetchError(error["kind"], error["message"], error["hint"])
    telling = NodeTelling(node)
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
        raise ModelFetchError(failed[0][1].kind, f"{len(failed)} of {len(missing)} models can't be downloaded:\n{said}")
    report = "\n".join(_lines(models))
    telling.end(f"{len(missing)} downloaded" if missing else "all models are present")
    return report


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
        state = "downloaded" if model["state"] == _FETCHABLE and model["reference"] else model["state"]
        yield f"{model['directory']}/{model['name'] or model['url']}: {state}"


def workflow_of(extra_pnginfo: object) -> dict[str, Any] | None:
    """The workflow attached to a prompt, which has the models' URLs that the prompt lacks."""
    holder = extra_pnginfo[0] if isinstance(extra_pnginfo, list) and extra_pnginfo else extra_pnginfo
    workflow = holder.get("workflow") if isinstance(holder, dict) else None
    return workflow if isinstance(workflow, dict) else None


# Before a run ---------------------------------------------------------------------------------------------


def waiting(message: dict[str, Any]) -> dict[str, Any]:
    """A message posted to ``/prompt``, changed so that loaders wait for *Fetch workflow's models*."""
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
    """The names of the missing files for which the workflow has a URL."""
    try:
        needs = requirements_of(json.dumps(workflow).encode()).needs
    except FetchError as error:
        _logger.info("AnymatixFetcher: the workflow can't be parsed: %s", error)
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
    """The prompt with these names replaced by outputs of nodes that wait for ``fetcher``."""
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
