"""aria2's interface on a queue whose downloads go as a test tells them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.serve.aria2.desk import Desk
from anymatix_fetcher.serve.aria2.interface import Aria2Interface
from anymatix_fetcher.serve.aria2.messages import parse_request
from tests.queue.fakes import Bench

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "token:hush"
URL = "https://example.org/a.bin"
NOBODY = "0000000000000001"


class Rpc:
    """Calls the interface as a client does, and has the queue turned."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self.stops = 0
        self.desk = Desk(self.bench.queue, {}, stop=self._stop, clock=self.bench.clock)
        self.interface = Aria2Interface(self.desk, lambda secret: secret == "hush")

    def _stop(self) -> None:
        self.stops += 1

    def send(self, message: object) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.interface.answer(parse_request(json.dumps(message))).text)

    def outcome(self, method: str, *params: object, token: str | None = TOKEN) -> Any:  # noqa: ANN401 - JSON
        given = list(params) if token is None else [token, *params]
        return self.send({"jsonrpc": "2.0", "id": "q", "method": f"aria2.{method}", "params": given})

    def __call__(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        answer = self.outcome(method, *params)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method: str, *params: object) -> str:
        error = self.outcome(method, *params)["error"]
        assert error["code"] == 1
        return str(error["message"])

    def add(self, name: str = "a", **options: object) -> str:
        return str(self("addUri", [f"https://example.org/{name}.bin"], options))

    def status(self, gid: str) -> str:
        return str(self("tellStatus", gid, ["status"])["status"])

    def waiting(self) -> list[str]:
        return [one["gid"] for one in self("tellWaiting", 0, 1000, ["gid"])]
