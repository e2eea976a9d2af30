"""The node *Fetch model*: a reference as text, a type from a list, and out comes the name as loaders want it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy.folders import child, comfyui_module
from anymatix_fetcher.comfy.nodes.any_type import ANY
from anymatix_fetcher.comfy.nodes.bringing import FileWish, bring, path_of
from anymatix_fetcher.comfy.nodes.confidential import vault
from anymatix_fetcher.comfy.nodes.telling import NodeTelling

if TYPE_CHECKING:
    from collections.abc import Iterable

    Key = tuple[str, str, str]

AUTO = "auto"
_brought: dict[Key, tuple[Path, int, int]] = {}
"""What this ComfyUI has been given: the path, its size and its time then."""


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
            "required": {"reference": ("STRING", reference), "type": (_types(), kind)},
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
        del unique_id
        known = _brought.get((str(reference), str(type), str(sha256 or "")))
        return float("nan") if known is not None and _state_of(known[0]) != known else "as it was"

    async def fetch(self, reference: str, type: str, sha256: str = "", unique_id: str | None = None) -> tuple[str, str]:  # noqa: A002 - the input's name
        """Its name and its path.

        Raises:
            ModelFetchError: It can't be had.
            ValueError: Nothing is asked for.
        """
        from anymatix_fetcher.comfy.nodes.places import name_in  # noqa: PLC0415 - not when ComfyUI starts

        asked = vault.revealed(reference).strip()
        if not asked:
            raise ValueError("Fetch model: the reference is empty. It is a URL, or one such as civitai:143906.")
        telling = NodeTelling(unique_id)
        digests = (f"sha256:{sha256.strip().lower().removeprefix('sha256:')}",) if sha256.strip() else ()
        wish = FileWish(reference=asked, type=type, digests=digests, private=asked != reference.strip())
        path = Path(path_of(await bring(child, wish, telling.tell)))
        state = _state_of(path)
        if state is not None:
            _brought[reference, type, sha256] = state
        telling.end(path.name)
        return name_in(path, type) if type != AUTO else _name_anywhere(path), str(path)


def _types() -> list[str]:
    """The folders that ComfyUI has for models, the one that is guessed first."""
    from anymatix_fetcher.library.types import FORBIDDEN_FOLDERS, folded  # noqa: PLC0415 - not when ComfyUI starts

    names = comfyui_module().folder_names_and_paths
    return [AUTO, *sorted(name for name in map(str, names) if folded(name) not in FORBIDDEN_FOLDERS)]


def _name_anywhere(path: Path) -> str:
    """How loaders call a file, by the innermost folder that it lies in."""
    from anymatix_fetcher.comfy.nodes.places import name_in  # noqa: PLC0415 - as above

    names: Iterable[str] = (name_in(path, name) for name in _types()[1:])
    return min(names, key=len, default=path.name)


def _state_of(path: Path) -> tuple[Path, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path, found.st_size, found.st_mtime_ns
