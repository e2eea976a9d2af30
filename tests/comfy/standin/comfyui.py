"""ComfyUI's modules in this process, packs loaded as it loads them, and a server that answers."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from tests.comfy.standin import server as server_module
from tests.comfy.standin.execution import Interrupting, Progressing
from tests.comfy.standin.folder_paths import FolderPaths
from tests.comfy.standin.pages import add_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass
class ComfyUI:
    """One stand-in, whose modules are importable within :func:`installed`.

    Args:
        folder_paths: The module of that name.
        model_management: ``comfy.model_management``.
        utils: ``comfy.utils``.
        node_classes: What packs have brought, by name.
        web_directories: Each pack's ``WEB_DIRECTORY``.
    """

    folder_paths: FolderPaths
    model_management: Interrupting = field(default_factory=Interrupting)
    utils: Progressing = field(default_factory=Progressing)
    node_classes: dict[str, Any] = field(default_factory=dict)
    web_directories: dict[str, Path] = field(default_factory=dict)

    def load_pack(self, folder: Path) -> ModuleType:
        """Imports a pack's folder under the name that ComfyUI gives it: its path."""
        name = str(folder).replace(".", "_x_")
        specification = importlib.util.spec_from_file_location(name, folder / "__init__.py")
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module
        specification.loader.exec_module(module)
        if getattr(module, "WEB_DIRECTORY", None):
            self.web_directories[folder.name] = (folder / module.WEB_DIRECTORY).resolve()
        self.node_classes.update(getattr(module, "NODE_CLASS_MAPPINGS", None) or {})
        return module


@contextmanager
def installed(base: Path) -> Iterator[ComfyUI]:
    """ComfyUI's modules, importable within the block.

    Args:
        base: What ``--base-directory`` names; its folders are made.
    """
    comfyui = ComfyUI(FolderPaths(base))
    package, nodes = ModuleType("comfy"), ModuleType("nodes")
    nodes.NODE_CLASS_MAPPINGS = comfyui.node_classes  # type: ignore[attr-defined] # as ComfyUI's module has it
    package.utils, package.model_management = comfyui.utils, comfyui.model_management  # type: ignore[attr-defined] # as above
    modules = {
        "folder_paths": comfyui.folder_paths,
        "server": server_module,
        "comfy": package,
        "comfy.utils": comfyui.utils,
        "comfy.model_management": comfyui.model_management,
        "nodes": nodes,
    }
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(cast("dict[str, ModuleType]", modules))
    try:
        yield comfyui
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


async def run(
    comfyui: ComfyUI,
    prompt_server: server_module.PromptServer,
    *,
    port: int = 0,
    web_root: Path | None = None,
    settings: Mapping[str, object] | None = None,
    ready: asyncio.Future[int] | None = None,
    ended: asyncio.Event,
) -> None:
    """Serves until ``ended`` is set; packs are loaded before.

    Args:
        comfyui: The stand-in.
        prompt_server: Its server.
        port: 0 takes a free one.
        web_root: The frontend wheel's folder ``static``; ``None`` for no page.
        settings: The user's.
        ready: Gets the port.
        ended: Ends it.
    """
    static = {f"/extensions/{name}": folder for name, folder in comfyui.web_directories.items()}
    if web_root is not None:
        add_pages(prompt_server, comfyui.folder_paths, web_root, comfyui.web_directories, settings or {})
        static["/"] = web_root
    prompt_server.add_routes(static)
    runner = web.AppRunner(prompt_server.app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    publishing = asyncio.create_task(prompt_server.publish_loop())
    try:
        if ready is not None:
            ready.set_result(runner.addresses[0][1])
        await ended.wait()
    finally:
        publishing.cancel()
        with suppress(asyncio.CancelledError):
            await publishing
        for socket in list(prompt_server.sockets.values()):
            await socket.close()
        await runner.cleanup()
