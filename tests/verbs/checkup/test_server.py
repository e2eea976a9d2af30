from __future__ import annotations

import http.server
import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import FindingState
from anymatix_fetcher.verbs.checkup.server import examine_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Healthy(http.server.BaseHTTPRequestHandler):
    """Answers as a server of ours does where it is asked how it is."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Other(Healthy):
    """Answers as any other server does."""

    def do_GET(self) -> None:
        self.send_error(404)


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_server_of_ours_is_found(tmp_path: Path) -> None:
    with serving(Healthy) as port:
        found = examine_server(tmp_path / "state", port)
    assert (found.state, found.text) == (FindingState.OK, f"running at http://127.0.0.1:{port}/")


def test_another_program_at_its_port_is_a_note(tmp_path: Path) -> None:
    with serving(Other) as port:
        found = examine_server(tmp_path / "state", port)
    assert (found.state, found.text) == (FindingState.NOTE, f"another program listens on port {port}")


def test_without_one_the_state_folder_is_looked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for state, words in ((tmp_path / "none", "it has never run here"), (tmp_path, "its queue is stored in")):
        found = examine_server(state, port)
        assert found.state is FindingState.NOTE
        assert words in found.text


def test_a_server_at_another_port_is_found_by_what_it_has_written_down(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    with serving(Healthy) as port:
        (tmp_path / "server.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}/", "pid": 7}))
        found = examine_server(tmp_path, nobody)
    assert (found.state, found.text) == (FindingState.OK, f"running at http://127.0.0.1:{port}/")
    assert "not running" in examine_server(tmp_path, nobody).text, "it has ended, and left its file"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": 7}', '{"url": "http://[::1"}', '{"url": "http://h:x/"}'])
def test_what_cant_be_read_of_a_server_is_passed_over(tmp_path: Path, content: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    (tmp_path / "server.json").write_text(content)
    assert "not running" in examine_server(tmp_path, nobody).text
