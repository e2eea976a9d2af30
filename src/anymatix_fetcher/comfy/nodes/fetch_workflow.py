"""The node *Fetch workflow's models*: whatever the graph's loaders miss is brought when the run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.nodes.any_type import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping

FETCH_WORKFLOW, MODEL_NAME = "AnymatixFetchWorkflowModels", "AnymatixModelName"


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
        from anymatix_fetcher.comfy.nodes import workflow_fetching  # noqa: PLC0415 - not when ComfyUI starts

        workflow = workflow_fetching.workflow_of(extra_pnginfo) or prompt or {}
        report = await workflow_fetching.fetched(workflow, unique_id)
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
