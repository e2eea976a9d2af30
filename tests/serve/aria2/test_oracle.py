"""The same sequence of calls to aria2c and to us: the answers have the same shape, and errors the same words."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from tests.queue.fakes import until
from tests.serve.aria2.serving import TOKEN, Served
from tests.serve.served import SECRET
from tests.servers.aria2 import find_aria2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

BYTES = 5_000_000
MISSING = "0000000000000001"
TEXTS = {"bitfield", "errorMessage"}
"""They may look like numbers, or be empty."""
MAPS = {"getOption", "getGlobalOption"}
"""Their keys are options: a client looks up those that it knows."""


class Caller:
    """Calls a server, and notes the shape of each answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.noted: list[tuple[str, object]] = []

    def ask(self, message: object) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            connection.request("POST", "/jsonrpc", body=body, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def quietly(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        message = {"jsonrpc": "2.0", "id": "q", "method": f"aria2.{method}", "params": [TOKEN, *params]}
        return self.ask(message)[1].get("result")

    def __call__(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        name = method if method.startswith("system.") else f"aria2.{method}"
        given = [*([] if name.startswith("system.") else [TOKEN]), *params]
        status, answer = self.ask({"jsonrpc": "2.0", "id": "q", "method": name, "params": given})
        result = answer.get("result")
        noted = {"some option": "text"} if method in MAPS and isinstance(result, dict) else shape(result)
        self.noted.append((f"{method} {shape(list(params))}", (status, noted, masked(answer.get("error")))))
        return result

    def raw(self, message: object) -> None:
        status, answer = self.ask(message)
        parts = answer if isinstance(answer, list) else [answer]
        errors = [masked(part.get("error")) for part in parts]
        self.noted.append((str(message), (status, [shape(part) for part in parts], errors)))

    def has(self, gid: str, status: str, *, stored: int = 0) -> None:
        """Waits until a download has a status and so many bytes."""

        def is_so() -> bool:
            found = self.quietly("tellStatus", gid)
            return bool(found and found["status"] == status and int(found["completedLength"]) >= stored)

        until(is_so)


def shape(value: object) -> object:
    match value:
        case dict():
            return {key: "text" if key in TEXTS else shape(one) for key, one in sorted(value.items())}
        case list():
            shapes = [shape(one) for one in value]
            return [one for at, one in enumerate(shapes) if one not in shapes[:at]]
        case str():
            return "number" if re.fullmatch(r"\d+", value) else "gid" if is_gid(value) else "text" if value else ""
        case _:
            return type(value).__name__


def is_gid(value: str) -> bool:
    return re.fullmatch("[0-9a-f]{16}", value) is not None


def masked(error: Any) -> object:  # noqa: ANN401 - JSON
    return error and (error["code"], re.sub(r"\b[0-9a-f]{16}\b", "GID", error["message"]))


@contextmanager
def aria2c(folder: Path) -> Iterator[int]:
    """aria2c itself, at a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = [f"--rpc-listen-port={port}", f"--rpc-secret={SECRET}", f"--dir={folder}", "--no-conf", "--quiet"]
    save = f"--save-session={folder / 'session'}"
    process = subprocess.Popen([find_aria2(), "--enable-rpc", "--continue", "--file-allocation=none", save, *options])

    def answers() -> bool:
        try:
            return Caller(port).quietly("getVersion") is not None
        except OSError:
            return False

    try:
        until(answers)
        yield port
    finally:
        process.terminate()
        process.wait()


def sequence(call: Caller, origin: Origin) -> None:
    about_the_server(call)
    about_what_cant_be_read(call, origin)
    a, b, c = origin.url("/a.bin"), origin.url("/b.bin"), origin.url("/c.bin")
    assert call("changeGlobalOption", {"max-concurrent-downloads": "1", "max-overall-download-limit": "1M"}) == "OK"
    first = call("addUri", [a], {"out": "first.bin"})
    call.has(first, "active", stored=1)
    second, third = call("addUri", [b]), call("addUri", [c], {"pause": "true", "out": "third.bin"}, 0)
    everything_about(call, first, second, third)
    order_and_pauses(call, first, second, third)
    endings(call, origin, first, second, third)


def about_the_server(call: Caller) -> None:
    for method in ("getVersion", "getSessionInfo", "getGlobalStat", "getGlobalOption", "saveSession"):
        call(method)
    call("system.listMethods")
    call("system.listNotifications")
    for message in (b"{nonsense", b"[]", b"3", b"{}", {"id": 1, "method": "aria2.getVersion"}, {"id": 1, "method": 3}):
        call.raw(message)
    call.raw({"id": 1, "method": "aria2.getVersion", "params": {"a": 1}})
    call.raw([{"id": 1, "method": "aria2.getVersion", "params": [TOKEN]}, 3, {"id": 2, "method": "x", "params": []}])
    call("nonsense")
    call("system.multicall", [])
    call("system.multicall", 3)
    call("system.multicall")
    entries = [
        {"methodName": "aria2.getVersion", "params": [TOKEN]},
        {"methodName": "aria2.getVersion", "params": ["token:x"]},
        {"methodName": "system.listNotifications"},
        {"methodName": "aria2.tellStatus", "params": [TOKEN, "zz"]},
        {"methodName": "system.multicall", "params": [[]]},
        3,
        {},
    ]
    call.raw({"id": 1, "method": "system.multicall", "params": [entries]})


def about_what_cant_be_read(call: Caller, origin: Origin) -> None:
    a = origin.url("/a.bin")
    wrong: list[list[object]] = [[], ["x"], [[]], [[3]], [[a], "x"]]
    wrong += [[[a], {"split": "0"}], [[a], {"max-download-limit": "x"}]]
    for params in wrong:
        call("addUri", *params)
    call("addUri", [a], {"checksum": "sha-256=00"})
    call("addUri", [a], {"allow-overwrite": "maybe"})
    call("tellStatus")
    for gid in (MISSING, "zz", "", 3):
        for method in ("tellStatus", "remove", "pause", "unpause", "getFiles", "getOption", "removeDownloadResult"):
            call(method, gid)
    call("changePosition", MISSING, 0, "POS_SET")
    call("changeUri", MISSING, 1, [], [])
    call("tellWaiting", 0)
    call("tellWaiting", "0", "1")
    call("tellWaiting", 0, -1)
    call("tellStopped", 0, -1)
    call("changeGlobalOption")
    call("changeGlobalOption", {"max-concurrent-downloads": "x"})
    call("addMetalink", 3)


def everything_about(call: Caller, *gids: str) -> None:
    for gid in gids:
        call("tellStatus", gid)
        call("tellStatus", gid, ["gid", "status", "nonsense"])
        call("tellStatus", gid[:12], ["gid"])
        for method in ("getFiles", "getUris", "getServers", "getPeers", "getOption", "removeDownloadResult"):
            call(method, gid)
    call("tellActive")
    call("tellActive", ["gid", "files"])
    call("tellWaiting", 0, 1000)
    for offset, count in ((0, 1), (-1, 1000), (-2, 1), (9, 9), (-9, 9)):
        call.noted.append(("how many wait", len(call("tellWaiting", offset, count, ["gid"]))))
    call("getGlobalStat")


def order_and_pauses(call: Caller, first: str, second: str, third: str) -> None:
    for offset in (0, -1):
        listed = call("tellWaiting", offset, 9, ["gid"])
        call.noted.append(("in which order", [[first, second, third].index(one["gid"]) for one in listed]))
    for offset, how in ((0, "POS_SET"), (1, "POS_CUR"), (-1, "POS_END"), (-9, "POS_CUR"), (99, "POS_SET"), (0, "X")):
        call.noted.append(("position", call("changePosition", second, offset, how)))
    call("changePosition", first, 0, "POS_SET")
    call("changePosition", second, "0", "POS_SET")
    call("unpause", first)
    call("pause", first)
    call("pause", first)
    call.has(first, "paused")
    call.has(second, "active", stored=1)
    call("tellStatus", first, ["status", "connections", "downloadSpeed", "totalLength", "bitfield"])
    call("pause", third)
    call("forcePauseAll")
    call.has(second, "paused")
    everything_about(call, first, second, third)
    call("changeOption", first, {"max-download-limit": "1M"})
    call("changeOption", first, {"split": "x"})
    call("changeUri", first, 2, [], [])
    call("changeUri", first, 0, [], [])
    call("changeUri", first, 1, [], ["https://other.example/a.bin"])
    call("changeUri", first, 1, ["https://other.example/a.bin"], [], 0)


def endings(call: Caller, origin: Origin, first: str, second: str, third: str) -> None:
    call("unpause", second)
    call.has(second, "active", stored=1)
    call("forceRemove", second)
    call.has(second, "removed")
    call("changeGlobalOption", {"max-overall-download-limit": "0", "max-concurrent-downloads": "5"})
    call("unpauseAll")
    call.has(first, "complete")
    call.has(third, "complete")
    lost = call("addUri", [origin.url("/none.bin")], {"out": "none.bin"})
    call.has(lost, "error")
    bad = call("addUri", [origin.url("/a.bin")], {"out": "bad.bin", "checksum": f"sha-256={'0' * 64}"})
    call.has(bad, "error")
    for gid in (first, second, third, lost, bad):
        found = call("tellStatus", gid)
        call.noted.append(("how it ended", (found["status"], found["errorCode"])))
        for method in ("pause", "unpause", "remove", "getUris", "getServers", "getPeers", "getFiles"):
            call(method, gid)
        call("changePosition", gid, 0, "POS_SET")
        call("changeOption", gid, {"out": "y"})
    call("tellStopped", 0, 1)
    call("tellStopped", -1, 1, ["gid", "status", "errorCode", "errorMessage"])
    call("removeDownloadResult", lost)
    call("tellStatus", lost)
    call("purgeDownloadResult")
    call("tellStopped", 0, 10)
    call("getGlobalStat")


def test_the_answers_have_the_shape_of_aria2cs(server: Served, origin: Origin, tmp_path: Path) -> None:
    for name in "abc":
        origin.add(f"/{name}.bin", size=BYTES)
    ours = Caller(server.port)
    (tmp_path / "theirs").mkdir()
    with aria2c(tmp_path / "theirs") as port:
        theirs = Caller(port)
        sequence(theirs, origin)
    sequence(ours, origin)
    different = [
        (call, theirs_, ours_)
        for (call, theirs_), (_, ours_) in zip(theirs.noted, ours.noted, strict=True)
        if theirs_ != ours_
    ]
    assert different == []
