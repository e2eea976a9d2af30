"""The node *Fetch model*: a reference as text, a type from a list, and out comes the name as loaders want it."""

from __future__ import annotations

from typing import Any

from anymatix_fetcher.comfy.folders import model_types
from anymatix_fetcher.comfy.nodes.any_type import ANY


class FetchModel:
    """Brings one model."""

    RETURN_TYPES = (ANY, "STRING")
    RETURN_NAMES = ("name", "path")
    OUTPUT_TOOLTIPS = ("The name as loaders want it: connect it to a loader's input", "The absolute path")
    FUNCTION = "fetch"
    CATEGORY = "Anymatix"
    DESCRIPTION = "Brings a model to its folder, and gives its name to a loader. Tokens come from the server alone."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """What is asked for."""
        reference = {
            "default": "",
            "tooltip": "A URL, civitai:143906, hf:ORG/REPO/FILE, github:OWNER/REPO@TAG/ASSET, urn:air:...",
        }
        digest = {"default": "", "tooltip": "64 hexadecimal digits that the file must have; may be empty"}
        kind = {"default": "checkpoints", "tooltip": "The folder of models that gets it; auto takes the source's word"}
        return {
            "required": {"reference": ("STRING", reference), "type": (["auto", *model_types()], kind)},
            "optional": {"sha256": ("STRING", digest)},
            "hidden": {"unique_id": "UNIQUE_ID"},
        }

    @classmethod
    def IS_CHANGED(  # noqa: N802 - ComfyUI's name
        cls,
        reference: object = None,
        type: object = None,  # noqa: A002 - the input's name
        sha256: object = "",
        unique_id: object = None,
    ) -> object:
        """The same while what was brought is there as it was then; a NaN made anew where it has changed or gone."""
        from anymatix_fetcher.comfy.nodes import model_fetching  # noqa: PLC0415 - not when ComfyUI starts

        del unique_id
        changed = model_fetching.has_changed(str(reference), str(type), str(sha256 or ""))
        return float("nan") if changed else "as it was"

    async def fetch(self, reference: str, type: str, sha256: str = "", unique_id: str | None = None) -> tuple[str, str]:  # noqa: A002 - the input's name
        """See :func:`model_fetching.fetched`."""
        from anymatix_fetcher.comfy.nodes import model_fetching  # noqa: PLC0415 - as above

        return await model_fetching.fetched(reference, type, sha256, unique_id)
