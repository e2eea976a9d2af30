"""The stand-in is as ComfyUI is, in what others rely on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientSession, web

from tests.comfy.standin.comfyui import installed, run
from tests.comfy.standin.server import PromptServer

if TYPE_CHECKING:
    from pathlib import Path

PACK = """
from aiohttp import web
from server import PromptServer
import folder_paths

NODE_CLASS_MAPPINGS = {"Nothing": object}

@PromptServer.instance.routes.get("/pack/names")
async def names(request):
    return web.json_response(folder_paths.get_filename_list("vae"))
"""


def test_a_packs_routes_answer_with_and_without_the_prefix(tmp_path: Path) -> None:
    pack = tmp_path / "custom_nodes" / "a-pack"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text(PACK)

    async def scenario() -> list[object]:
        found: list[object] = []
        with installed(tmp_path) as comfyui:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            ready: asyncio.Future[int] = loop.create_future()
            server = PromptServer(loop)
            comfyui.load_pack(pack)
            assert list(comfyui.node_classes) == ["Nothing"]
            serving = asyncio.create_task(run(comfyui, server, ready=ready, ended=ended))
            url = f"http://127.0.0.1:{await ready}"
            async with ClientSession() as session, session.ws_connect(f"{url}/ws?clientId=me") as socket:
                for path in ("/pack/names", "/api/pack/names"):
                    (tmp_path / "models" / "vae" / f"{len(found)}.safetensors").write_bytes(b"x")
                    async with session.get(url + path) as response:
                        found.append(await response.json())
                async with session.get(url + "/pack/names", headers={"Origin": "http://evil.example"}) as response:
                    found.append(response.status)
                await socket.receive_json()
                server.send_sync("greeting", {"a": 1})
                found.append(await socket.receive_json())
            ended.set()
            await serving
        return found

    names = ["0.safetensors"], ["0.safetensors", "1.safetensors"]
    assert asyncio.run(scenario()) == [*names, 403, {"type": "greeting", "data": {"a": 1}}]


def test_what_cors_allows_is_refused_by_nothing(tmp_path: Path) -> None:
    async def scenario() -> int:
        with installed(tmp_path) as comfyui:
            server, ended = PromptServer(asyncio.get_running_loop(), cors="*"), asyncio.Event()
            server.routes.get("/x")(_nothing)
            ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            serving = asyncio.create_task(run(comfyui, server, ready=ready, ended=ended))
            headers = {"Origin": "http://evil.example"}
            url = f"http://127.0.0.1:{await ready}/api/x"
            async with ClientSession() as session, session.get(url, headers=headers) as response:
                found = response.status
            ended.set()
            await serving
            return found

    assert asyncio.run(scenario()) == 204


async def _nothing(request: web.Request) -> web.Response:
    del request
    return web.Response(status=204)


def test_a_loader_finds_the_first_root_that_holds_the_name(tmp_path: Path) -> None:
    with installed(tmp_path) as comfyui:
        folders = comfyui.folder_paths
        for name in ("unet", "diffusion_models"):
            path = tmp_path / "models" / name / "sub"
            path.mkdir(parents=True)
            (path / "m.safetensors").write_bytes(b"x")
        assert folders.get_full_path("unet", "sub/m.safetensors") == str(
            tmp_path / "models" / "unet" / "sub" / "m.safetensors"
        )
        assert folders.get_filename_list("diffusion_models") == ["sub/m.safetensors"]
        assert folders.get_full_path("nothing", "m") is None
