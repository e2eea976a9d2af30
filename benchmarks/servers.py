"""The servers: nginx, which is fast and behaves, and our own test server, which misbehaves as told."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.material import Material
    from benchmarks.places import Place

Protocol = Literal["plain", "tls", "h2"]
"""Plain HTTP/1.1, HTTP/1.1 over TLS, or TLS with HTTP/2 offered."""

REFUSALS = frozenset({429, 503})
_START_SECONDS = 10.0

_CONFIGURATION = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
{user}
events {{ worker_connections 4096; }}
http {{
    log_format statuses $status;
    access_log {log} statuses;
    sendfile on;
    tcp_nopush on;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;  # as the hosts that models come from; nginx below 1.23.4 leaves the newer one out
    limit_conn_zone $server_port zone=everybody:1m;
    server {{
        listen {port}{listen};
        root {root};
        # As model hosts do; and pypdl opens more than one connection only where it sees this.
        add_header Content-Disposition attachment;
        {directives}
    }}
}}
"""
_LISTEN = {"plain": "", "tls": " ssl", "h2": " ssl http2"}


@dataclass(frozen=True, slots=True)
class Nginx:
    """nginx with two workers and sendfile.

    Attributes:
        protocol: What it speaks.
        directives: What else its ``server`` block says.
    """

    protocol: Protocol = "plain"
    directives: str = ""


@dataclass(frozen=True, slots=True)
class Misbehaving:
    """``anyfetch testserver`` with these rules, in plain HTTP/1.1.

    Attributes:
        rules: As its command line takes them; ``{late}`` stands for nine tenths of the file's length, and
            ``{after_late}`` for the byte after that.
    """

    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that has been started.

    Attributes:
        process_id: A process of it.
        port: Where it listens.
        base: The address that paths are put after, without a slash at its end.
        log: Where it writes the status of each answer, a line each; ``None`` where it doesn't.
    """

    process_id: int
    port: int
    base: str
    log: Path | None

    def refusals(self) -> int | None:
        """How often it has answered 429 or 503; ``None`` where it keeps no log."""
        return None if self.log is None else refusals_in(self.log.read_text())


def refusals_in(log: str) -> int:
    """How many lines of a log of statuses are refusals."""
    statuses = Counter(int(line) for line in log.split() if line.isdecimal())
    return sum(statuses[status] for status in REFUSALS)


def find_nginx() -> str | None:
    """The nginx binary, which Debian keeps out of ordinary users' paths."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


@contextmanager
def serving(server: Nginx | Misbehaving, place: Place, material: Material, folder: Path) -> Iterator[Running]:
    """Runs the server at the far end of ``place``, with its own files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    log = folder / "statuses.log"
    if isinstance(server, Nginx):
        command = _nginx_command(server, port, material, folder, log)
        base = f"{'http' if server.protocol == 'plain' else 'https'}://{place.host}:{port}"
        with _process([*place.far, *command], port, folder) as process:
            yield Running(process.pid, port, base, log)
    else:
        command = _testserver_command(server, place.host, port, material)
        with _process([*place.far, *command], port, folder) as process:
            yield Running(process.pid, port, f"http://{place.host}:{port}", None)


def _nginx_command(server: Nginx, port: int, material: Material, folder: Path, log: Path) -> list[str]:
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder, log=log, port=port, listen=_LISTEN[server.protocol], root=material.root,
            certificate=material.tls.certificate, key=material.tls.key, directives=server.directives,
            user="user root;" if os.geteuid() == 0 else "",
        )
    )  # fmt: skip
    return [find_nginx() or "nginx", "-p", str(folder), "-c", str(configuration)]


def _testserver_command(server: Misbehaving, host: str, port: int, material: Material) -> list[str]:
    size = material.files[0].size
    late = size * 9 // 10
    rules = [rule.format(late=late, after_late=late + 1) for rule in server.rules]
    command = [str(Path(sys.executable).with_name("anyfetch")), "testserver", "--json", "--host", host]
    command += ["--port", str(port), "--seed", str(material.seed)]
    command += [part for file in material.files for part in ("--file", f"/{file.path}={file.size}")]
    return command + [part for rule in rules for part in ("--rule", rule)]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def _process(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_listening(process, port, folder / "output")
            yield process
        finally:
            process.terminate()
            process.wait(timeout=_START_SECONDS)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    listening = f":{port:04X} "
    while time.monotonic() < deadline and process.poll() is None:
        # The table of its own namespace, which a connection attempt from here might not reach.
        rows = Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
        if any(listening in row and row.split()[3] == "0A" for row in rows):
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server didn't start: {output.read_text(errors='replace')[-300:]}")
