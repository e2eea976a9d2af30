"""Debian's nginx as a real, fast, well-behaved origin, with locations that limit it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.servers.ports import free_ports, wait_until_listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.tls_material import TlsMaterial

_STARTUP_SECONDS = 10.0

_CONFIGURATION = """
daemon off;
worker_processes 2;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log warn;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    sendfile on;
    sendfile_max_chunk 1m;
    tcp_nopush on;
    default_type application/octet-stream;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    limit_conn_zone $server_name zone=everybody:1m;

    server {{ server_name plain; listen 127.0.0.1:{plain}; {locations} }}
    server {{ server_name tls; listen 127.0.0.1:{tls} ssl; {locations} }}
    server {{ server_name http2; listen 127.0.0.1:{http2} ssl http2; {locations} }}
}}
"""

_LOCATIONS = """
        root {root};
        location /slow/ {{ alias {root}/; limit_rate 256k; }}
        location /two-at-once/ {{ alias {root}/; limit_conn everybody 2; limit_conn_status 503; }}
        location /two-at-once-429/ {{ alias {root}/; limit_conn everybody 2; limit_conn_status 429; }}
        location /no-ranges/ {{ alias {root}/; max_ranges 0; }}
        location /no-etag/ {{ alias {root}/; etag off; }}
        location /weak-etag/ {{ alias {root}/; etag off; add_header ETag 'W/"weak"'; }}
        location /numbered/ {{ alias {root}/; add_header X-Connection $connection; }}
        location /three-a-connection/ {{ alias {root}/; keepalive_requests 3; }}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx that serves ``root`` under ``/`` and, limited, under the locations of this module.

    ``/slow/`` 256 KiB/s for each response; ``/two-at-once/`` 503 and ``/two-at-once-429/`` 429 for a third response at
    a time; ``/no-ranges/``; ``/no-etag/``; ``/weak-etag/``; ``/three-a-connection/`` closes after three requests;
    ``/numbered/`` tells the number of the connection in ``X-Connection``.
    """

    root: Path
    authority: Path
    plain_port: int
    tls_port: int
    http2_port: int

    @property
    def plain(self) -> str:
        """The root's address over plain HTTP/1.1."""
        return f"http://127.0.0.1:{self.plain_port}"

    @property
    def tls(self) -> str:
        """The root's address over TLS and HTTP/1.1."""
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def http2(self) -> str:
        """The root's address over TLS and HTTP/2."""
        return f"https://127.0.0.1:{self.http2_port}"


def find_nginx() -> str:
    """The nginx binary. Without one the test is skipped, but fails where CI is set: there it has to be installed."""
    found = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
    if found is None:
        message = "nginx isn't installed (Debian: apt install nginx-light)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def run_nginx(folder: Path, root: Path, material: TlsMaterial) -> Iterator[Nginx]:
    """Starts nginx in ``folder``, gives it once it answers, and ends it afterwards by its process id."""
    binary = find_nginx()
    plain, tls, http2 = free_ports(3)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            prefix=folder, plain=plain, tls=tls, http2=http2,
            certificate=material.certificate, key=material.key,
            user="user root;" if os.name == "posix" and os.geteuid() == 0 else "",
            locations=_LOCATIONS.format(root=root),
        ),
        encoding="utf-8",
    )  # fmt: skip
    process = subprocess.Popen(
        [binary, "-p", str(folder), "-c", str(configuration)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        wait_until_listening(process, plain, seconds=_STARTUP_SECONDS)
        yield Nginx(root, material.authority, plain, tls, http2)
    finally:
        process.terminate()
        _, complaints = process.communicate(timeout=_STARTUP_SECONDS)
        assert b"[emerg]" not in complaints, complaints.decode(errors="replace")
