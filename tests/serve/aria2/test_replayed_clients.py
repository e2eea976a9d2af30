"""Clients that no test installs: what each sends, as its source has it, and what it reads of the answers."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import aria2p
import pytest

from tests.queue.fakes import until
from tests.serve.aria2.serving import TOKEN, Served
from tests.serve.served import SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

BYTES = 3_000_000
ARIANG_KEYS = [
    *("gid", "totalLength", "completedLength", "uploadSpeed", "downloadSpeed", "connections", "numSeeders", "seeder"),
    *("status", "errorCode", "verifiedLength", "verifyIntegrityPending", "files", "bittorrent", "infoHash"),
]


# ComfyUI-Manager ------------------------------------------------------------------------------------------


def manager_downloads(server: Served, url: str, model_dir: str, filename: str) -> str:
    """As its ``aria2_download_url`` does; returns the status at which its loop ends."""
    api = aria2p.API(aria2p.Client(host="http://127.0.0.1", port=server.port, secret=SECRET))
    directory = model_dir if model_dir.startswith("/") else f"/models/{model_dir}"
    matching = [one for one in api.get_downloads() if str(one.files[0].path) == f"{directory}/{filename}"]
    download = matching[0] if matching else api.add(url, {"dir": directory, "out": filename})[0]

    def has_ended() -> bool:
        download.update()
        return not download.is_active

    until(has_ended)
    return str(download.status)


@pytest.mark.parametrize("directory", ["vae", "/models/vae"])
def test_comfyui_manager(server: Served, origin: Origin, directory: str) -> None:
    file = origin.add("/x.safetensors", size=BYTES)
    assert manager_downloads(server, file.url, directory, "x.safetensors") == "complete"
    assert (server.models / "vae" / "x.safetensors").read_bytes() == file.read()
    assert manager_downloads(server, file.url, directory, "x.safetensors") == "complete"
    assert len(server.call("tellStopped", 0, 10)) == 1


def test_comfyui_manager_takes_waiting_for_the_end_unless_it_is_called_active(server: Served, origin: Origin) -> None:
    server.call("changeGlobalOption", {"max-concurrent-downloads": "1", "max-overall-download-limit": "1M"})
    first = server.call("addUri", [origin.add("/first.bin", size=BYTES).url])
    server.until(first, "active")
    file = origin.add("/x.safetensors", size=BYTES)
    gid = server.call("addUri", [file.url], {"dir": "/models/vae", "out": "x.safetensors"})
    assert server.call("tellStatus", gid)["status"] == "waiting"
    server.call("changeGlobalOption", {"rpc-always-active": "true", "max-overall-download-limit": "0"})
    assert manager_downloads(server, file.url, "vae", "x.safetensors") == "complete"
    assert (server.models / "vae" / "x.safetensors").read_bytes() == file.read()


# comfy-cli ------------------------------------------------------------------------------------------------


def comfy_cli_downloads(server: Served, url: str, path: Path, headers: dict[str, str]) -> aria2p.Download:
    """As its ``_download_file_aria2`` does."""
    api = aria2p.API(aria2p.Client(host="http://127.0.0.1", port=server.port, secret=SECRET))
    options: dict[str, Any] = {"dir": str(path.parent), "out": path.name}
    if headers:
        options["header"] = [f"{name}: {value}" for name, value in headers.items()]
    return api.add_uris([url], options=options)


def test_comfy_cli(server: Served, origin: Origin) -> None:
    file = origin.add("/x.safetensors", size=BYTES)
    path = server.models / "loras" / "x.safetensors"
    download = comfy_cli_downloads(server, file.url, path, {"Authorization": "Bearer hushhush"})

    def is_over() -> bool:
        download.update()
        assert not download.has_failed
        assert not download.is_removed
        return bool(download.is_complete)

    until(is_over)
    assert path.read_bytes() == file.read()
    assert {request.headers.get("authorization") for request in origin.seen()} == {"Bearer hushhush"}


def test_comfy_cli_gives_up(server: Served, origin: Origin) -> None:
    server.call("changeGlobalOption", {"max-overall-download-limit": "100K"})
    path = server.models / "loras" / "x.safetensors"
    download = comfy_cli_downloads(server, origin.add("/x.safetensors", size=BYTES).url, path, {})
    server.until(download.gid, "active")
    assert download.remove(force=True, files=True)
    assert not path.exists()
    assert server.call("tellStopped", 0, 10) == []


# Lora-Manager ---------------------------------------------------------------------------------------------


def test_lora_manager(server: Served, origin: Origin) -> None:
    file = origin.add("/x.safetensors", size=BYTES)
    path = server.models / "loras" / "x.safetensors"
    options = {
        "dir": str(path.parent),
        "out": path.name,
        "continue": "true",
        "max-connection-per-server": "4",
        "split": "4",
        "min-split-size": "1M",
        "allow-overwrite": "true",
        "auto-file-renaming": "false",
        "file-allocation": "none",
        "header": ["Authorization: Bearer hushhush"],
    }
    server.call("changeGlobalOption", {"max-overall-download-limit": "500K"})
    gid = server.call("addUri", [file.url], options)
    keys = ["gid", "status", "totalLength", "completedLength", "downloadSpeed", "errorMessage", "files"]
    assert server.call("tellStatus", gid, keys).keys() == set(keys) - {"errorMessage"}
    assert server.call("forcePause", gid) == gid
    assert server.call("tellStatus", gid, keys)["status"] == "paused"
    assert server.call("unpause", gid) == gid
    server.call("changeGlobalOption", {"max-overall-download-limit": "0"})
    server.until(gid, "complete")
    assert path.read_bytes() == file.read()
    missing = {"jsonrpc": "2.0", "id": "1", "method": "aria2.tellStatus", "params": [TOKEN, "0" * 16]}
    status, answer = server.post(missing)
    assert (status, "not found" in answer["error"]["message"]) == (400, True)


# AriaNg ---------------------------------------------------------------------------------------------------


def ariang(server: Served, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
    """A call as AriaNg sends it; a falsy result would be taken for none."""
    message = {"jsonrpc": "2.0", "method": method, "id": base64.b64encode(b"AriaNg_1").decode()}
    status, answer = server.post({**message, "params": [TOKEN, *params]})
    assert status == 200, answer
    assert answer["result"] or isinstance(answer["result"], list)
    return answer["result"]


def test_ariang_shows_adds_and_tries_again(server: Served, origin: Origin) -> None:
    assert ariang(server, "aria2.getVersion")["enabledFeatures"]
    assert ariang(server, "aria2.getSessionInfo")["sessionId"]
    assert "aria2.addUri" in ariang(server, "system.listMethods")
    origin.add("/a.bin", size=BYTES)
    missing = origin.url("/none.bin")
    gid = ariang(server, "aria2.addUri", [missing], {"dir": str(server.files), "out": "x.bin", "header": ["A: 1"]})
    server.until(gid, "error")
    (stopped,) = ariang(server, "aria2.tellStopped", -1, 1000, ARIANG_KEYS)
    assert (stopped["gid"], stopped["errorCode"]) == (gid, "3")
    assert ariang(server, "aria2.tellActive", ARIANG_KEYS) == []
    assert ariang(server, "aria2.tellWaiting", 0, 1000, ARIANG_KEYS) == []
    stat = ariang(server, "aria2.getGlobalStat")
    assert {"downloadSpeed", "uploadSpeed", "numActive", "numWaiting", "numStopped"} <= stat.keys()

    # "Retry": the options and addresses of the failed one are those of a new one.
    options = ariang(server, "aria2.getOption", gid)
    address = ariang(server, "aria2.tellStatus", gid)["files"][0]["uris"][0]["uri"]
    file = origin.add("/none.bin", size=BYTES)
    again = ariang(server, "aria2.addUri", [address], options)
    server.until(again, "complete")
    assert (server.files / "x.bin").read_bytes() == file.read()
    assert ariang(server, "aria2.removeDownloadResult", again) == "OK"
    assert ariang(server, "aria2.purgeDownloadResult") == "OK"
    assert ariang(server, "aria2.saveSession") == "OK"


def test_ariang_shows_one_download_in_a_multicall(server: Served, origin: Origin) -> None:
    server.call("changeGlobalOption", {"max-overall-download-limit": "500K"})
    gid = ariang(server, "aria2.addUri", [origin.add("/a.bin", size=BYTES).url], {"pause": "true"})
    assert ariang(server, "aria2.unpause", gid) == gid
    until(
        lambda: (
            server.call("tellStatus", gid)["bitfield"] != "00"
            if server.call("tellStatus", gid).get("bitfield")
            else False
        )
    )
    entries = [
        {"methodName": "aria2.tellStatus", "params": [TOKEN, gid]},
        {"methodName": "aria2.getServers", "params": [TOKEN, gid]},
        {"methodName": "aria2.getOption", "params": [TOKEN, gid]},
    ]
    _, answer = server.post({"jsonrpc": "2.0", "method": "system.multicall", "id": "1", "params": [entries]})
    (found,), (servers,), (options,) = answer["result"]
    pieces = -(-int(found["totalLength"]) // int(found["pieceLength"]))
    assert (int(found["numPieces"]), len(found["bitfield"])) == (pieces, -(-pieces // 8) * 2)
    assert servers[0]["servers"][0].keys() == {"uri", "currentUri", "downloadSpeed"}
    assert options["dir"] == str(server.files)
    _, by_get = server.get([TOKEN, gid, ["gid"]], method="aria2.tellStatus", id="x")
    assert by_get["result"] == {"gid": gid}
    assert server.get(["token:x"], method="aria2.tellActive", id="x")[1]["error"]["message"] == "Unauthorized"


# webui-aria2 ----------------------------------------------------------------------------------------------


def test_webui_aria2(server: Served, origin: Origin) -> None:
    """All of a second's calls are in one multicall, and its version of JSON-RPC is a number."""
    file = origin.add("/a.bin", size=BYTES)

    def many(*calls: tuple[str, list[object]]) -> list[Any]:
        entries = [{"methodName": f"aria2.{name}", "params": [TOKEN, *params]} for name, params in calls]
        message = {"jsonrpc": 2.0, "id": "webui", "method": "system.multicall", "params": [entries]}
        return list(server.post(message)[1]["result"])

    ((gid,),) = many(("addUri", [[file.url], {"out": "w.bin", "pause": "true"}]))
    active, waiting, stopped, stat, options, version = many(
        ("tellActive", []),
        ("tellWaiting", [0, 1000]),
        ("tellStopped", [0, 1000]),
        ("getGlobalStat", []),
        ("getGlobalOption", []),
        ("getVersion", []),
    )
    assert (active, stopped, waiting[0][0]["gid"], waiting[0][0]["status"]) == ([[]], [[]], gid, "paused")
    assert (stat[0]["numWaiting"], version[0]["version"]) == ("1", "1.37.0")
    assert options[0]["max-concurrent-downloads"] == "5"
    _, position, refused, files, own = many(
        ("changeOption", [gid, {"max-download-limit": "0"}]),
        ("changePosition", [gid, 0, "POS_SET"]),
        ("forcePause", [gid]),
        ("getFiles", [gid]),
        ("getOption", [gid]),
    )
    assert (position, refused) == ([0], {"code": 1, "message": f"GID#{gid} cannot be paused now"})
    assert (files[0][0]["path"], own[0]["out"]) == (str(server.files / "w.bin"), "w.bin")
    assert many(("unpauseAll", []), ("forcePauseAll", []), ("unpauseAll", [])) == [["OK"], ["OK"], ["OK"]]
    server.until(gid, "complete")
    assert many(("purgeDownloadResult", [])) == [["OK"]]
    assert (server.files / "w.bin").read_bytes() == file.read()


# A browser's extension and a library of Node.js ----------------------------------------------------------


def test_aria2_explorer(server: Served, origin: Origin) -> None:
    file = origin.add("/a.bin", size=BYTES)
    options = {
        "header": ["Cookie: a=b", "User-Agent: Browser/1"],
        "referer": "https://page.example/",
        "out": "e.bin",
        "dir": str(server.files),
    }

    async def run() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{server.port}/jsonrpc") as socket,
        ):

            async def call(method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
                await socket.send_json({"jsonrpc": "2.0", "method": method, "id": "1", "params": [TOKEN, *params]})
                while "method" in (message := await socket.receive_json()):
                    told.append(message["method"])
                return message["result"]

            told: list[str] = []
            gid = await call("aria2.addUri", [file.url], options)
            while "aria2.onDownloadComplete" not in told:
                found = await call("aria2.tellStatus", gid, ["dir", "files", "bittorrent"])
            assert found["files"][0]["path"] == str(server.files / "e.bin")
            stat = await call("aria2.getGlobalStat")
            assert stat["numStopped"] == "1"
            assert (await call("aria2.getFiles", gid))[0]["length"] == str(BYTES)
            assert await call("aria2.changeGlobalOption", {"max-overall-download-limit": "0"}) == "OK"

    asyncio.run(asyncio.wait_for(run(), 60))
    assert (server.files / "e.bin").read_bytes() == file.read()
    seen = origin.seen()[0].headers
    assert (seen["cookie"], seen["user-agent"], seen["referer"]) == ("a=b", "Browser/1", "https://page.example/")


def test_node_library_over_a_socket_then_http(server: Served, origin: Origin) -> None:
    """The npm package ``aria2``: numbers as ids, batches as lists, notifications without an id."""
    file = origin.add("/a.bin", size=BYTES)

    async def run() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{server.port}/jsonrpc") as socket,
        ):
            batch = [
                {"method": "aria2.getVersion", "json-rpc": "2.0", "id": 0, "params": [TOKEN]},
                {"method": "aria2.addUri", "json-rpc": "2.0", "id": 1, "params": [TOKEN, [file.url], {"out": "n.bin"}]},
            ]
            await socket.send_str(json.dumps(batch))
            answers = await socket.receive_json()
            assert [answer["id"] for answer in answers] == [0, 1]
            told = [(await socket.receive_json())["method"] for _ in range(2)]
            assert told == ["aria2.onDownloadStart", "aria2.onDownloadComplete"]

    asyncio.run(asyncio.wait_for(run(), 60))
    assert (server.files / "n.bin").read_bytes() == file.read()
