"""What the frontend asks a server for before its page stands; ``/scripts`` and all other files come from its wheel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.comfy.standin.folder_paths import FolderPaths
    from tests.comfy.standin.server import PromptServer


def add_pages(
    prompt_server: PromptServer,
    folders: FolderPaths,
    web_root: Path,
    web_directories: Mapping[str, Path],
    settings: Mapping[str, object],
) -> None:
    """Adds the routes.

    Args:
        prompt_server: Gets them.
        folders: Where models are.
        web_root: The wheel's folder ``static``.
        web_directories: Each pack's ``WEB_DIRECTORY``.
        settings: Of the user, changed by the page.
    """
    routes, kept = prompt_server.routes, dict(settings)
    answers: dict[str, Callable[[], object]] = {
        "/users": lambda: {"storage": "server", "migrated": True},
        "/settings": lambda: kept,
        "/i18n": lambda: translations(folders),
        "/features": lambda: prompt_server.features,
        "/system_stats": lambda: {"system": {"os": "posix", "comfyui_version": "0.3.64", "argv": []}, "devices": []},
        "/object_info": lambda: object_info(folders),
        "/extensions": lambda: extensions(web_root, web_directories),
        "/models": lambda: list(folders.folder_names_and_paths),
        "/experiment/models": lambda: [
            {"name": name, "folders": paths} for name, (paths, _) in folders.folder_names_and_paths.items()
        ],
        "/internal/folder_paths": lambda: {name: paths for name, (paths, _) in folders.folder_names_and_paths.items()},
        "/queue": lambda: {"queue_running": [], "queue_pending": []},
        "/history": dict,
        "/prompt": lambda: {"exec_info": {"queue_remaining": 0}},
    }
    for path, make in answers.items():
        routes.get(path)(_answering(make))

    @routes.post("/settings/{id}")
    async def change_setting(request: web.Request) -> web.Response:
        kept[request.match_info["id"]] = await request.json()
        return web.Response(status=200)

    @routes.get("/models/{folder}")
    async def get_models(request: web.Request) -> web.Response:
        folder = request.match_info["folder"]
        if folder not in folders.folder_names_and_paths:
            return web.Response(status=404)
        return web.json_response(folders.get_filename_list(folder))

    @routes.get("/")
    async def get_root(request: web.Request) -> web.FileResponse:
        del request
        return web.FileResponse(web_root / "index.html", headers={"Cache-Control": "no-cache"})


def _answering(make: Callable[[], object]) -> Any:  # noqa: ANN401 - aiohttp's handlers have no type of their own
    async def handle(request: web.Request) -> web.Response:
        del request
        return web.json_response(make())

    return handle


def extensions(web_root: Path, web_directories: Mapping[str, Path]) -> list[str]:
    """Every script that the page loads."""
    own = ["/" + file.relative_to(web_root).as_posix() for file in sorted((web_root / "extensions").rglob("*.js"))]
    packs = [
        f"/extensions/{name}/{file.relative_to(folder).as_posix()}"
        for name, folder in web_directories.items()
        for file in sorted(folder.rglob("*.js"))
    ]
    return [*own, *packs]


def translations(folders: FolderPaths) -> dict[str, Any]:
    """The packs' folders ``locales/LANGUAGE``, as the page gets them."""
    found: dict[str, Any] = {}
    for custom_nodes in folders.get_folder_paths("custom_nodes"):
        for language in sorted(Path(custom_nodes).glob("*/locales/*")):
            texts = found.setdefault(language.name, {})
            main = language / "main.json"
            if main.exists():
                texts.update(json.loads(main.read_text(encoding="utf-8")))
            for name in ("nodeDefs", "commands", "settings"):
                file = language / f"{name}.json"
                if file.exists():
                    texts.setdefault(name, {}).update(json.loads(file.read_text(encoding="utf-8")))
    return found


def object_info(folders: FolderPaths) -> dict[str, Any]:
    """Some of ComfyUI's loaders, whose lists are what is there."""

    def loader(name: str, inputs: dict[str, str], outputs: list[str]) -> dict[str, Any]:
        return {
            "input": {"required": {field: [folders.get_filename_list(kind)] for field, kind in inputs.items()}},
            "input_order": {"required": list(inputs)},
            "output": outputs,
            "output_is_list": [False] * len(outputs),
            "output_name": outputs,
            "name": name,
            "display_name": name,
            "description": "",
            "python_module": "nodes",
            "category": "loaders",
            "output_node": False,
        }

    return {
        "CheckpointLoaderSimple": loader(
            "CheckpointLoaderSimple", {"ckpt_name": "checkpoints"}, ["MODEL", "CLIP", "VAE"]
        ),
        "VAELoader": loader("VAELoader", {"vae_name": "vae"}, ["VAE"]),
        "UNETLoader": loader("UNETLoader", {"unet_name": "diffusion_models"}, ["MODEL"]),
        "LoraLoaderModelOnly": loader("LoraLoaderModelOnly", {"lora_name": "loras"}, ["MODEL"]),
    }
