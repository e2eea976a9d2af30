"""What the pack tells ComfyUI: its nodes, and what it hangs into the server when it is loaded."""

from __future__ import annotations

import logging
import sys
from typing import Any

from anymatix_fetcher.comfy import requirements
from anymatix_fetcher.comfy.folders import child, comfyui_module
from anymatix_fetcher.comfy.nodes.anymatix_fetcher import AnymatixCheckpointFetcher, AnymatixFetcher
from anymatix_fetcher.comfy.nodes.fetch_model import FetchModel
from anymatix_fetcher.comfy.nodes.fetch_workflow import (
    FETCH_WORKFLOW,
    MODEL_NAME,
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
    """Hangs the pack into the server that loads it; nothing where there is none."""
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
    """What a page has posted to ``/prompt``: loaders wait for what is brought, and secrets are taken out."""
    from anymatix_fetcher.comfy.nodes.confidential import vault  # noqa: PLC0415 - not when ComfyUI starts
    from anymatix_fetcher.comfy.nodes.workflow_fetching import waiting  # noqa: PLC0415 - as above

    return vault.cleaned(waiting(message))
