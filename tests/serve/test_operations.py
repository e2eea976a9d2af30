"""What runs the server for good: units, the image, and nginx in front of it, as `packaging/` and the docs have them."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shlex
import shutil
import ssl
import subprocess
import sys
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.serve.access import Access
from anymatix_fetcher.serve.aria2.desk import Desk
from anymatix_fetcher.serve.aria2.routes import add_aria2
from tests.queue.fakes import Bench
from tests.serve.running import JOBS, serving
from tests.serve.served import SECRET, Client, served
from tests.servers.nginx import find_nginx
from tests.servers.ports import free_ports, wait_until_listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from tests.servers.tls_material import TlsMaterial

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def _tool(name: str) -> list[str]:
    """Where a program is, beside this Python or on the path; none where it isn't installed."""
    found = shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    return [found] if found is not None else []


@pytest.mark.parametrize("program", _tool("systemd-analyze"))
def test_systemd_takes_the_unit(program: str, tmp_path: Path) -> None:
    command = tmp_path / ".local" / "bin" / "anyfetch"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    unit = PACKAGING / "systemd" / "anyfetch.service"
    found = subprocess.run(
        [program, "verify", "--user", str(unit)], capture_output=True, text=True, check=False, env=environment
    )
    assert (found.returncode, "anyfetch.service" in found.stderr) == (0, False), found.stderr


def test_launchd_starts_the_server_and_gives_it_time_to_end() -> None:
    found = plistlib.loads((PACKAGING / "launchd" / "org.anymatix.anyfetch.plist").read_bytes())
    assert found["Label"] == "org.anymatix.anyfetch"
    assert found["ProgramArguments"][1:] == ["serve"]
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["Umask"] == 0o077
    assert found["ExitTimeOut"] > 2


@pytest.mark.parametrize("program", _tool("hadolint"))
def test_hadolint_finds_nothing_in_the_dockerfile(program: str) -> None:
    found = subprocess.run([program, str(PACKAGING / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_image_has_two_stages_no_root_and_a_health_check() -> None:
    text = (PACKAGING / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    instructions = [(name, rest.strip()) for name, rest in lines]
    last = [name for name, _ in instructions][::-1].index("FROM")
    final = dict(instructions[-last - 1 :])
    assert [name for name, _ in instructions].count("FROM") == 2
    assert final["USER"].isdecimal()
    assert final["USER"] != "0"
    assert "/healthz" in final["HEALTHCHECK"]
    assert final["ENTRYPOINT"] == '["anyfetch"]'
    copied = [shlex.split(rest)[:-1] for name, rest in instructions if name == "COPY" and "--from" not in rest]
    for sources in copied:
        assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_images_page_may_change_things_at_the_published_port(tmp_path: Path) -> None:
    lines = (PACKAGING / "Dockerfile").read_text().splitlines()
    (command,) = [json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")]
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with serving(tmp_path, *command[1:], "--secret-file", str(secret)) as server:
        client = Client(server.client.port, SECRET)
        for origin, status in (
            ("http://127.0.0.1:6800", 201),
            ("http://localhost:6800", 200),
            ("http://evil.example", 403),
        ):
            body = {"references": ["https://example.org/a.bin"], "paused": True}
            assert client.ask("POST", JOBS, body, headers={"Origin": origin}).status == status


@pytest.fixture
def site(tmp_path: Path, tls_material: TlsMaterial) -> Iterator[str]:
    """The address of an nginx with TLS and the site of `packaging/`, before a server with a paused job."""
    (port,) = free_ports(1)
    bench = Bench(tmp_path)
    allowed = Access(SECRET, frozenset({f"https://localhost:{port}"}))

    def aria2(app: web.Application) -> None:
        add_aria2(app, desk=Desk(bench.queue, {}, stop=lambda: None))

    with served(bench.queue, allowed, [aria2]) as client:
        text = (PACKAGING / "nginx" / "anyfetch.conf").read_text()
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("127.0.0.1:6800", f"127.0.0.1:{client.port}"),
            ("/etc/ssl/models.example.org.pem", str(tls_material.certificate)),
            ("/etc/ssl/private/models.example.org.key", str(tls_material.key)),
            ("models.example.org", "localhost"),
        ):
            assert old in text
            text = text.replace(old, new)
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(folder=tmp_path, site=text))
        process = subprocess.Popen([find_nginx(), "-p", str(tmp_path), "-c", str(configuration)])
        try:
            wait_until_listening(process, port, seconds=10.0)
            yield f"https://localhost:{port}"
        finally:
            process.terminate()
            process.wait(10)
    bench.queue.close()


def test_behind_nginx_page_events_and_websocket_work_over_tls(site: str, tls_material: TlsMaterial) -> None:
    context = ssl.create_default_context(cafile=str(tls_material.authority))
    port = int(site.rpartition(":")[2])
    headers = {"Origin": site, "Sec-Fetch-Site": "same-origin", "Authorization": f"Bearer {SECRET}"}

    def ask(method: str, path: str, body: str | None = None, **others: str) -> tuple[int, bytes]:
        with closing(HTTPSConnection("localhost", port, context=context, timeout=20)) as connection:
            connection.request(method, path, body, {**headers, **others})
            response = connection.getresponse()
            return response.status, response.read()

    status, page = ask("GET", "/")
    assert status == 200
    for name in re.findall(rb'(?:src|href)="(/page/[^"]+)"', page):
        assert ask("GET", name.decode())[0] == 200
    with closing(HTTPSConnection("localhost", port, context=context, timeout=20)) as connection:
        connection.request("GET", "/api/v1/events", headers=headers)
        events = connection.getresponse()
        assert [events.readline(), events.readline()] == [b"retry: 1000\n", b"\n"]
        references = json.dumps({"references": ["https://example.org/model.bin"], "paused": True})
        assert ask("POST", "/api/v1/jobs", references)[0] == 201
        told = b"".join(iter(events.readline, b"\n"))
        assert b"model.bin" in told, "at once, not when nginx's buffer is full"
    with closing(HTTPSConnection("localhost", port, context=context, timeout=20)) as connection:
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        connection.request("GET", "/jsonrpc", headers={**headers, **upgrade, "Sec-WebSocket-Key": KEY})
        assert connection.getresponse().status == 101
        call = {"jsonrpc": "2.0", "id": "1", "method": "aria2.tellWaiting", "params": [f"token:{SECRET}", 0, 9]}
        text = json.dumps(call).encode()
        assert len(text) < 126
        connection.sock.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)
        with connection.sock.makefile("rb") as frames:
            kind, length = frames.read(2)
            length = int.from_bytes(frames.read(2), "big") if length == 126 else length
            assert kind == 0x81
            assert [job["status"] for job in json.loads(frames.read(length))["result"]] == ["paused"]
    assert ask("GET", "/api/v1/jobs", Origin="https://evil.example")[0] == 403
