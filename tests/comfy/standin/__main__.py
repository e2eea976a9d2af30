"""The stand-in as a program: serves packs and the frontend until SIGTERM, and prints its address when it answers."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.comfy.standin.comfyui import installed, run
from tests.comfy.standin.server import PromptServer


async def tell(ready: asyncio.Future[int]) -> None:
    """Prints the address when it answers."""
    sys.stdout.write(f"http://127.0.0.1:{await ready}/\n")
    sys.stdout.flush()


async def serve(arguments: argparse.Namespace) -> None:
    """As ComfyUI's ``main.py``: the server is made, packs are loaded, routes are added, and it listens."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[int] = loop.create_future()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    with installed(arguments.base_directory.resolve()) as comfyui:
        prompt_server = PromptServer(loop, cors=arguments.enable_cors_header)
        for pack in arguments.pack:
            comfyui.load_pack(pack)
        running = asyncio.create_task(
            run(
                comfyui,
                prompt_server,
                port=arguments.port,
                web_root=arguments.front_end_root,
                settings=json.loads(arguments.settings),
                ready=ready,
                ended=ended,
            )
        )
        telling = asyncio.create_task(tell(ready))
        try:
            await running
        finally:
            telling.cancel()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-directory", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--front-end-root", type=Path)
    parser.add_argument("--enable-cors-header", default="", metavar="ORIGIN")
    parser.add_argument("--pack", type=Path, action="append", default=[], help="a folder below custom_nodes")
    parser.add_argument("--settings", default="{}", help="the user's, as JSON")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
