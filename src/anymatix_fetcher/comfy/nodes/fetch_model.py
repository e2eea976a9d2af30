"""The node *Fetch model*, which downloads one model and returns its name for a loader."""

from __future__ import annotations

from typing import Any

from anymatix_fetcher.comfy.folders import model_types
from anymatix_fetcher.comfy.nodes.any_type import ANY


class FetchModel:
    """Downloads one model."""

    RETURN_TYPES = (ANY, "STRING")
    RETURN_NAMES = ("name", "path")
    OUTPUT_TOOLTIPS = ("The model's name: connect it to a loader's input", "The absolute path")
    FUNCTION = "fetch"
    CATEGORY = "Anymatix"
    DESCRIPTION = (
        "Downloads a model to its folder, and passes its name to a loader. Tokens come from the server's environment."
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The inputs."""
        reference = {
            "default": "",
            "tooltip": "A URL, civitai:143906, hf:ORG/REPO/FILE, github:OWNER/REPO@TAG/ASSET, urn:air:...",
        }
        digest = {"default": "", "tooltip": "The expected SHA-256, 64 hexadecimal digits; may be empty"}
        kind = {"default": "checkpoints", "tooltip": "The model folder; auto uses the type that the source states"}
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
        """A constant while the downloaded file is unchanged; a NaN after it was changed or removed."""
        from anymatix_fetcher.comfy.nodes import model_fetching  # noqa: PLC0415 - not when ComfyUI starts

        del unique_id
        changed = model_fetching.has_changed(str(reference), str(type), str(sha256 or ""))
        return float("nan") if changed else "as it was"

    async def fetch(self, reference: str, type: str, sha256: str = "", unique_id: str | None = None) -> tuple[str, str]:  # noqa: A002 - the input's name
        """See :func:`model_fetching.fetched`."""
        from anymatix_fetcher.comfy.nodes import model_fetching  # noqa: PLC0415 - as above

        return await model_fetching.fetched(reference, type, sha256, unique_id)
