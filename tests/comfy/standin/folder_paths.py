"""Where models lie: the part of ComfyUI's module ``folder_paths`` that packs use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

PICKLES_AND_SAFETENSORS = frozenset({".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"})
_PLAIN = (
    *("checkpoints", "loras", "vae", "clip_vision", "style_models", "embeddings", "vae_approx", "gligen"),
    *("upscale_models", "hypernetworks", "photomaker", "model_patches", "audio_encoders", "latent_upscale_models"),
)
_LEGACY = {"unet": "diffusion_models", "clip": "text_encoders"}


class FolderPaths:
    """Stands in ``sys.modules`` as ``folder_paths``.

    Args:
        base: What ``--base-directory`` names.
    """

    def __init__(self, base: Path) -> None:
        self.base_path = str(base)
        self.models_dir = str(base / "models")
        self.supported_pt_extensions = set(PICKLES_AND_SAFETENSORS)
        self.folder_names_and_paths: dict[str, tuple[list[str], Collection[str]]] = {
            name: ([self._below(name)], self.supported_pt_extensions) for name in _PLAIN
        }
        self.folder_names_and_paths |= {
            "text_encoders": ([self._below("text_encoders"), self._below("clip")], self.supported_pt_extensions),
            "diffusion_models": ([self._below("unet"), self._below("diffusion_models")], self.supported_pt_extensions),
            "controlnet": ([self._below("controlnet"), self._below("t2i_adapter")], self.supported_pt_extensions),
            "configs": ([self._below("configs")], {".yaml"}),
            "custom_nodes": ([str(base / "custom_nodes")], set()),
        }
        for paths, _ in self.folder_names_and_paths.values():
            Path(paths[0]).mkdir(parents=True, exist_ok=True)
        self._listed: dict[str, tuple[list[str], dict[str, float]]] = {}

    def _below(self, name: str) -> str:
        return str(Path(self.models_dir) / name)

    # The interface, in ComfyUI's words --------------------------------------------------------------------

    def map_legacy(self, folder_name: str) -> str:
        return _LEGACY.get(folder_name, folder_name)

    def get_user_directory(self) -> str:
        return str(Path(self.base_path) / "user")

    def get_output_directory(self) -> str:
        return str(Path(self.base_path) / "output")

    def get_input_directory(self) -> str:
        return str(Path(self.base_path) / "input")

    def get_temp_directory(self) -> str:
        return str(Path(self.base_path) / "temp")

    def add_model_folder_path(self, folder_name: str, full_folder_path: str, is_default: bool = False) -> None:  # noqa: FBT001, FBT002 - ComfyUI's signature
        paths, _ = self.folder_names_and_paths.setdefault(self.map_legacy(folder_name), ([], set()))
        if is_default and full_folder_path in paths:
            paths.remove(full_folder_path)
        if full_folder_path not in paths:
            paths.insert(0 if is_default else len(paths), full_folder_path)

    def get_folder_paths(self, folder_name: str) -> list[str]:
        return self.folder_names_and_paths[self.map_legacy(folder_name)][0][:]

    def get_full_path(self, folder_name: str, filename: str) -> str | None:
        folder = self.map_legacy(folder_name)
        if folder not in self.folder_names_and_paths:
            return None
        name = os.path.relpath(os.path.join("/", filename), "/")  # noqa: PTH118 - as ComfyUI does it
        found = (os.path.join(path, name) for path in self.folder_names_and_paths[folder][0])  # noqa: PTH118 - as above
        return next((path for path in found if Path(path).is_file()), None)

    def get_full_path_or_raise(self, folder_name: str, filename: str) -> str:
        path = self.get_full_path(folder_name, filename)
        if path is None:
            raise FileNotFoundError(f"Model in folder '{folder_name}' with filename '{filename}' not found.")
        return path

    def get_filename_list(self, folder_name: str) -> list[str]:
        """Listed anew where a folder's time has changed, as there."""
        folder = self.map_legacy(folder_name)
        listed = self._listed.get(folder)
        if listed is None or listed[1] != self._times(folder):
            paths, extensions = self.folder_names_and_paths[folder]
            names = {
                str(file.relative_to(path))
                for path in paths
                for file in Path(path).rglob("*")
                if file.is_file() and (not extensions or file.suffix.lower() in extensions)
            }
            listed = self._listed[folder] = (sorted(names), self._times(folder))
        return list(listed[0])

    def _times(self, folder: str) -> dict[str, float]:
        roots = map(Path, self.folder_names_and_paths[folder][0])
        folders = (one for root in roots if root.is_dir() for one in (root, *root.rglob("*")) if one.is_dir())
        return {str(one): one.stat().st_mtime for one in folders}
