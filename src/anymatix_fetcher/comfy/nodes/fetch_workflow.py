"""The node *Fetch workflow's models*, which downloads the models that the workflow's loaders lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.nodes.any_type import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping


class FetchWorkflowModels:
    """Downloads the workflow's missing models."""

    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("report",)
    OUTPUT_NODE = True
    FUNCTION = "fetch"
    CATEGORY = "Anymatix"
    DESCRIPTION = "Downloads every missing model of this workflow before its loaders run."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """No visible inputs; ComfyUI passes the graph."""
        return {
            "required": {},
            "hidden": {"unique_id": "UNIQUE_ID", "prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    @classmethod
    def IS_CHANGED(cls, unique_id: object = None, prompt: object = None, extra_pnginfo: object = None) -> object:  # noqa: N802 - ComfyUI's name
        """A NaN, so that the node runs each time."""
        del unique_id, prompt, extra_pnginfo
        return float("nan")

    async def fetch(
        self, unique_id: str | None = None, prompt: Mapping[str, Any] | None = None, extra_pnginfo: object = None
    ) -> dict[str, Any]:
        """Downloads the missing models; returns a line for each model.

        Raises:
            ModelFetchError: Some models can't be downloaded; the others are present.
        """
        from anymatix_fetcher.comfy.nodes import workflow_fetching  # noqa: PLC0415 - not when ComfyUI starts

        workflow = workflow_fetching.workflow_of(extra_pnginfo) or prompt or {}
        report = await workflow_fetching.fetched(workflow, unique_id)
        return {"ui": {"text": [report]}, "result": (report,)}


class ModelName:
    """Returns a model's name once the model is present; it replaces a loader's input in a prompt."""

    RETURN_TYPES = (ANY,)
    RETURN_NAMES = ("name",)
    FUNCTION = "name"
    CATEGORY = "Anymatix/internal"
    DESCRIPTION = "Waits for Fetch workflow's models, and passes the model's name to a loader."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The name, and the output to wait for."""
        return {"required": {"name": ("STRING", {"default": ""}), "fetched": ("STRING", {"forceInput": True})}}

    def name(self, name: str, fetched: str) -> tuple[str]:
        """Returns the name unchanged."""
        del fetched
        return (name,)
