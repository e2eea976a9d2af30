"""The pack's entry points for ComfyUI: its nodes, and the registration of routes and of a prompt handler."""

from __future__ import annotations

import logging
import sys
from typing import Any

from anymatix_fetcher.comfy import requirements
from anymatix_fetcher.comfy.folders import child, comfyui_module
from anymatix_fetcher.comfy.nodes.anymatix_fetcher import AnymatixCheckpointFetcher, AnymatixFetcher
from anymatix_fetcher.comfy.nodes.class_names import FETCH_WORKFLOW, MODEL_NAME
from anymatix_fetcher.comfy.nodes.fetch_model import FetchModel
from anymatix_fetcher.comfy.nodes.fetch_workflow import (
    FetchWorkflowModels,
    ModelName,
)
from anymatix_fetcher.comfy.routes.registering import register

_logger = logging.getLogger("anymatix_fetcher.comfy")

NODE_CLASS_MAPPINGS: dict[str, Any] = {
    "AnymatixFetcher": AnymatixFetcher,
    "AnymatixCheckpointFetcher": AnymatixCheckpointFetcher,
    "AnymatixFetchModel": FetchModel,
    FETCH_WORKFLOW: FetchWorkflowModels,
    MODEL_NAME: ModelName,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "AnymatixFetcher": "Anymatix Fetcher",
    "AnymatixCheckpointFetcher": "Anymatix Checkpoint Fetcher",
    "AnymatixFetchModel": "Fetch model",
    FETCH_WORKFLOW: "Fetch workflow's models",
    MODEL_NAME: "Model name",
}


def begin() -> None:
    """Registers the pack with ComfyUI's server; does nothing without a server."""
    missing = requirements.missing()
    if missing:
        _logger.warning("AnymatixFetcher: %s", requirements.how_to_mend(missing))
    server = sys.modules.get("server")
    if server is None:
        return
    prompt_server: Any = server.PromptServer.instance
    if hasattr(prompt_server, "add_on_prompt_handler"):
        prompt_server.add_on_prompt_handler(prepared)
    register(prompt_server, comfyui_module(), child)


def prepared(message: dict[str, Any]) -> dict[str, Any]:
    """A prompt posted to ``/prompt``, changed so that loaders wait for downloads, and with secrets removed."""
    from anymatix_fetcher.comfy.nodes.confidential import vault  # noqa: PLC0415 - not when ComfyUI starts
    from anymatix_fetcher.comfy.nodes.workflow_fetching import waiting  # noqa: PLC0415 - as above

    return vault.cleaned(waiting(message))
