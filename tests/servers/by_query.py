"""A server of which only the query says which file is meant, as download scripts and gateways are."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def serving_by_query(parameter: str, files: Mapping[str, bytes]) -> Iterator[str]:
    """The address of ``/get``, which answers with the file that ``parameter`` names; without it with the last one."""
    other = list(files.values())[-1]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            named = parse_qs(urlsplit(self.path).query).get(parameter, [""])[0]
            body = files.get(named, other)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is told of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/get"
        finally:
            server.shutdown()
            thread.join()
