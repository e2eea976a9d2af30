"""The nodes of the first AnymatixFetcher, implemented by ``first_fetcher``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class AnymatixFetcher:
    """Downloads the model that a dictionary describes: ``{"url": ..., "type": ..., "auth": ...}``."""

    RETURN_TYPES = ("STRING",)
    FUNCTION = "download_model"
    CATEGORY = "Anymatix"
    DESCRIPTION = "Downloads a model to its folder, and returns its path."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The first fetcher's inputs and the node's id."""
        fields = {"url": "STRING", "type": "STRING", "auth": "STRING"}
        return {"required": {"url": (fields, {})}, "hidden": {"unique_id": "UNIQUE_ID"}}

    async def download_model(self, url: Mapping[str, Any], unique_id: str | None = None) -> tuple[str]:
        """See :func:`first_fetcher.fetched`."""
        from anymatix_fetcher.comfy.nodes import first_fetcher  # noqa: PLC0415 - not when ComfyUI starts

        return (await first_fetcher.fetched(url, unique_id),)

    @classmethod
    def IS_CHANGED(cls, url: object = None, unique_id: str | None = None) -> object:  # noqa: N802 - ComfyUI's name
        """The hash of the effective URL while its file exists; otherwise a new NaN."""
        from anymatix_fetcher.comfy.nodes import first_fetcher  # noqa: PLC0415 - as above

        del unique_id
        return first_fetcher.mark_of(url)


class AnymatixCheckpointFetcher:
    """Downloads a checkpoint; the older of the two nodes."""

    RETURN_TYPES = ("STRING",)
    FUNCTION = "download_model"
    CATEGORY = "Anymatix"
    DEPRECATED = True
    DESCRIPTION = "Downloads a checkpoint, and returns its path. Fetch model is its successor."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The first fetcher's inputs and the node's id."""
        return {
            "required": {"url": ("STRING", {"default": ""})},
            "optional": {"auth": ("STRING", {})},
            "hidden": {"unique_id": "UNIQUE_ID"},
        }

    async def download_model(self, url: str, auth: str | None = None, unique_id: str | None = None) -> tuple[str]:
        """See :func:`first_fetcher.fetched_checkpoint`."""
        from anymatix_fetcher.comfy.nodes import first_fetcher  # noqa: PLC0415 - as above

        return (await first_fetcher.fetched_checkpoint(url, auth or "", unique_id),)

    @classmethod
    def IS_CHANGED(cls, url: object = None, auth: object = None, unique_id: str | None = None) -> object:  # noqa: N802 - ComfyUI's name
        """Like :meth:`AnymatixFetcher.IS_CHANGED`."""
        from anymatix_fetcher.comfy.nodes import first_fetcher  # noqa: PLC0415 - as above

        del unique_id
        return first_fetcher.mark_of_checkpoint(url, str(auth or "")) if isinstance(url, str) else float("nan")
