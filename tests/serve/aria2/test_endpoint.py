"""The wires: POST, GET and WebSocket, with their statuses, their order and what they cost."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from anymatix_fetcher.serve.aria2.desk import Desk
from anymatix_fetcher.serve.aria2.endpoint import Aria2Endpoint
from anymatix_fetcher.serve.aria2.interface import Aria2Interface
from tests.serve.aria2.serving import TOKEN, Served
from tests.serve.served import SECRET, served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anymatix_fetcher.testing import Origin
    from tests.queue.fakes import Bench

    Talk = Callable[[aiohttp.ClientWebSocketResponse], Awaitable[None]]

VERSION = {"jsonrpc": "2.0", "id": 1, "method": "aria2.getVersion", "params": [TOKEN]}


def talk(port: int, conversation: Talk) -> None:
    """Has a conversation over a socket."""

    async def run() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{port}/jsonrpc") as socket,
        ):
            await conversation(socket)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_post_has_the_statuses_of_aria2(server: Served) -> None:
    assert server.post(VERSION)[0] == 200
    wrong = {**VERSION, "params": ["token:wrong"]}
    assert server.post(wrong) == (
        400,
        {"id": 1, "jsonrpc": "2.0", "error": {"code": 1, "message": "Unauthorized"}},
    )
    status, answers = server.post([VERSION, wrong])
    assert (status, ["result" in answer for answer in answers]) == (200, [True, False])
    assert server.post([]) == (200, [])
    for body, status in ((b"{nonsense", 500), (b"", 500), (b"\xff\xfe", 500), (b"{}", 400)):
        found, headers, content = server.request("POST", "/jsonrpc", body)
        assert (found, json.loads(content)["id"]) == (status, None)
        assert headers["Content-Type"].startswith("application/json-rpc")


def test_a_get_has_its_parameters_in_base64_and_no_callback(server: Served) -> None:
    status, answer = server.get([TOKEN], method="aria2.getVersion", id="foo")
    assert (status, answer["id"], answer["result"]["version"]) == (200, "foo", "1.37.0")
    status, answers = server.get([VERSION, VERSION])
    assert (status, len(answers)) == (200, 2)
    assert server.get(["token:x"], method="aria2.getVersion", id="foo")[0] == 400
    _, _, content = server.request("GET", "/jsonrpc?method=system.listMethods&id=1&jsoncallback=steal")
    assert "steal" not in content.decode()
    assert server.request("GET", "/jsonrpc")[0] == 400


def test_each_wrong_secret_costs_and_too_many_are_turned_away(bench: Bench) -> None:
    paid: list[None] = []

    async def penalty() -> bool:
        paid.append(None)
        return len(paid) < 50

    desk = Desk(bench.queue, {}, stop=lambda: None)
    endpoint = Aria2Endpoint(Aria2Interface(desk, lambda secret: secret == SECRET), penalty)
    wrong = json.dumps([{**VERSION, "params": [f"token:{number}"]} for number in range(30)])
    with served(bench.queue, add_routes=[endpoint.add_to]) as client:
        assert client.ask("POST", "/jsonrpc", wrong.encode()).status == 200
        assert len(paid) == 30
        assert client.ask("POST", "/jsonrpc", wrong.encode()).status == 429
        assert client.ask("POST", "/jsonrpc", VERSION).status == 200

        async def guess(socket: aiohttp.ClientWebSocketResponse) -> None:
            await socket.send_str(wrong)
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1013)

        talk(client.port, guess)


def test_a_socket_answers_in_order_and_survives_nonsense(server: Served) -> None:
    async def conversation(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_str("{bad")
        await socket.send_bytes(b"\xff\x00")
        await socket.send_str("[]")
        for number in range(20):
            await socket.send_json({**VERSION, "id": number})
        errors = [await socket.receive_json() for _ in range(2)]
        assert [error["error"]["code"] for error in errors] == [-32700, -32700]
        assert await socket.receive_json() == []
        assert [(await socket.receive_json())["id"] for _ in range(20)] == list(range(20))

    talk(server.port, conversation)


def test_notifications_reach_every_socket_after_the_answers(server: Served, origin: Origin) -> None:
    file = origin.add("/a.bin", size=100_000)
    missing = origin.url("/none.bin")

    async def conversation(socket: aiohttp.ClientWebSocketResponse) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{server.port}/jsonrpc") as silent,
        ):
            gids = []
            for url in (file.url, missing):
                await socket.send_json({"id": "q", "method": "aria2.addUri", "params": [TOKEN, [url]]})
                answer = await socket.receive_json()
                gids.append(answer["result"])
                expected = "Complete" if url == file.url else "Error"
                for listening in (socket, silent):
                    told: list[Any] = [await listening.receive_json(), await listening.receive_json()]
                    assert [one["method"] for one in told] == [
                        "aria2.onDownloadStart",
                        f"aria2.onDownload{expected}",
                    ]
                    assert {one["params"][0]["gid"] for one in told} == {gids[-1]}

    talk(server.port, conversation)
    assert (server.files / "a.bin").read_bytes() == file.read()


def test_a_server_that_ends_says_so_on_its_sockets(server: Served) -> None:
    async def conversation(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"id": "q", "method": "aria2.shutdown", "params": [TOKEN]})
        assert (await socket.receive_json())["result"] == "OK"

    talk(server.port, conversation)
    assert server.stopped.wait(10)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
        {"Content-Type": "text/plain", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_pages_of_others_get_nothing_by_any_wire(server: Served, headers: dict[str, str]) -> None:
    body = json.dumps({**VERSION, "method": "aria2.shutdown"}).encode()
    query = "/jsonrpc?method=system.listMethods&id=1"
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    assert server.request("POST", "/jsonrpc", body, headers)[0] == 403
    assert server.request("GET", query, None, headers)[0] == 403
    assert server.request("GET", "/jsonrpc", None, {**upgrade, **headers})[0] == 403
    assert not server.stopped.is_set()
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.request("GET", query, None, own)[0] == 200
    assert server.request("GET", "/jsonrpc", None, {**upgrade, **own})[0] == 101


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_arent_allowed(server: Served, method: str) -> None:
    assert server.request(method, "/jsonrpc")[0] == 405
