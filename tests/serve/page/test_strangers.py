"""Pages of other origins in Chromium, against a server without a secret: they neither read nor change anything."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.serve.running import Server, serving
from tests.servers.chromium import running_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PLANTED = "http://127.0.0.1:9/planted-by-a-stranger.bin"
NAME = "evil.example"
CALL = "/jsonrpc?method=aria2.getVersion&id=1"
PATHS = ("/api/v1/jobs", "/api/v1/status", "/metrics", "/healthz", "/", CALL)
KINDS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json")

READ = """async ([base, path, options]) => {
    try {
        const response = await fetch(base + path, options);
        return response.type === 'opaque' ? 'opaque' : `${response.status} ${await response.text()}`;
    } catch (error) { return 'refused'; }
}"""
FORM = """([url, type, text]) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.name = 'target';
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', action: url, enctype: type, target: 'target' });
    const input = document.createElement('input');
    Object.assign(input, { name: text, value: '' });
    form.append(input);
    document.body.append(frame, form);
    frame.addEventListener('load', () => { frame.remove(); resolve(); });
    form.submit();
})"""
SOCKET = """(url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => resolve('open'));
    socket.addEventListener('error', () => resolve('refused'));
})"""
STREAM = """(url) => new Promise((resolve) => {
    const stream = new EventSource(url);
    stream.addEventListener('message', (event) => resolve(event.data));
    stream.addEventListener('error', () => { stream.close(); resolve('refused'); });
})"""
LOADED = """([name, url]) => new Promise((resolve) => {
    window.told = (answer) => resolve(JSON.stringify(answer));
    const node = document.createElement(name);
    node.addEventListener('load', () => resolve('loaded'));
    node.addEventListener('error', () => resolve('refused'));
    node[name === 'link' ? 'href' : 'src'] = url;
    if (name === 'link') node.rel = 'stylesheet';
    document.body.append(node);
})"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>a stranger</title><body></body>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def stranger() -> Iterator[int]:
    """The port of another site on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium(f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), "--no-secret") as server:
        yield server


@pytest.fixture(params=["another port", "another name"])
def page(request: pytest.FixtureRequest, browser: Browser, stranger: int, server: Server) -> Iterator[Page]:
    host = "127.0.0.1" if request.param == "another port" else NAME
    page = browser.new_page()
    page.goto(f"http://{host}:{stranger}/")
    yield page
    page.close()
    assert server.client.get("/api/v1/jobs").jobs == []
    assert server.client.get("/api/v1/settings").json["max_downloads"] == 5


def bodies() -> list[tuple[str, str]]:
    job = f'{{"references": ["{PLANTED}"]}}'
    call = f'{{"jsonrpc": "2.0", "id": 1, "method": "aria2.addUri", "params": [["{PLANTED}"]]}}'
    return [("/api/v1/jobs", job), ("/jsonrpc", call), ("/api/v1/resolve", f'{{"reference": "{PLANTED}"}}')]


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize(
    "path", ["/api/v1/jobs", "/api/v1/status", "/metrics", "/healthz", "/", "/jsonrpc?method=aria2.getVersion&id=1"]
)
def test_nothing_is_read(page: Page, server: Server, path: str, mode: str) -> None:
    told = page.evaluate(READ, [server.first["url"].rstrip("/"), path, {"mode": mode, "credentials": "include"}])
    assert told in {"refused", "opaque"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_added_whatever_its_type(page: Page, server: Server, kind: str) -> None:
    base = server.first["url"].rstrip("/")
    for path, body in bodies():
        for mode in ("cors", "no-cors"):
            options = {"method": "POST", "mode": mode, "headers": {"Content-Type": kind}, "body": body}
            assert page.evaluate(READ, [base, path, options]) in {"refused", "opaque"}
        if kind != "application/json":
            page.evaluate(FORM, [base + path, kind, body])


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
def test_nothing_is_changed(page: Page, server: Server, method: str) -> None:
    for path in ("/api/v1/settings", "/api/v1/jobs/0123456789abcdef"):
        options = {"method": method, "body": '{"max_downloads": 1}', "headers": {"Content-Type": "application/json"}}
        assert page.evaluate(READ, [server.first["url"].rstrip("/"), path, options]) == "refused"


def test_no_socket_no_stream_no_script_and_no_frame(page: Page, server: Server) -> None:
    base = server.first["url"].rstrip("/")
    assert page.evaluate(SOCKET, base.replace("http", "ws") + "/jsonrpc") == "refused"
    assert page.evaluate(STREAM, f"{base}/api/v1/events") == "refused"
    call = f"{base}/jsonrpc?method=aria2.getGlobalStat&id=1&jsoncallback=told"
    assert page.evaluate(LOADED, ["script", call]) == "refused"
    for name, path in (("script", "/page/main.js"), ("link", "/page/panel.css"), ("img", "/page/icon.svg")):
        assert page.evaluate(LOADED, [name, base + path]) == "refused"
    page.evaluate(LOADED, ["iframe", f"{base}/"])
    assert "AnymatixFetcher" not in "".join(frame.title() for frame in page.frames if frame != page.main_frame)


def test_a_name_that_leads_here_is_not_this_server(browser: Browser, server: Server) -> None:
    """DNS rebinding: the browser takes the server for the stranger's own site, and sends no Origin."""
    page = browser.new_page()
    response = page.goto(f"http://{NAME}:{server.client.port}/")
    assert response is not None
    assert response.status == 403
    for path in ("/api/v1/jobs", CALL, "/page/main.js"):
        assert str(page.evaluate(READ, ["", path, {}])).startswith("403 ")
    body = bodies()[0][1]
    posted = page.evaluate(READ, ["", "/api/v1/jobs", {"method": "POST", "body": body}])
    assert str(posted).startswith("403 ")
    assert page.evaluate(SOCKET, f"ws://{NAME}:{server.client.port}/jsonrpc") == "refused"
    assert server.client.get("/api/v1/jobs").jobs == []
    page.close()


def test_a_page_that_was_let_in_can_do_all_of_it(browser: Browser, stranger: int, tmp_path: Path) -> None:
    """So the other tests are refused by the server, and not by the browser."""
    origin = f"http://{NAME}:{stranger}"
    with serving(tmp_path, "--no-secret", "--allow-origin", origin) as server:
        page = browser.new_page()
        page.goto(origin)
        base = server.first["url"].rstrip("/")
        path, body = bodies()[0]
        options = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": body}
        assert str(page.evaluate(READ, [base, path, options])).startswith("201 ")
        assert page.evaluate(SOCKET, base.replace("http", "ws") + "/jsonrpc") == "open"
        assert "planted-by-a-stranger" in page.evaluate(STREAM, f"{base}/api/v1/events")
        page.close()
