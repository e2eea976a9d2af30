"""OpenStack Swift with its S3 interface: an object store that checks signatures, and that others have written.

Debian's ``python3-swift`` brings all of it. Four small servers on loopback make one store: accounts and containers in
SQLite under the test's folder, objects in memory, and the proxy with ``s3api`` and ``tempauth`` in front.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from tests.servers.ports import free_ports, wait_until_listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STARTUP_SECONDS = 30.0
_BUCKET = "models"
_STORAGE_SERVERS = ("account", "container", "object")

_SHARED = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
"""

_STORAGE = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{app}
"""

_PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth bulk slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
# Nobody listens there, which is a cache that forgets at once.
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_models_reader = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""

_MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for pair in sys.argv[2:]:
    name, port = pair.split("=")
    builder = RingBuilder(4, 1, 0)
    place = {"ip": "127.0.0.1", "port": int(port), "replication_ip": "127.0.0.1", "replication_port": int(port)}
    builder.add_dev({"region": 1, "zone": 1, "device": "one", "weight": 1.0, "meta": "", **place})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{name}.ring.gz")
"""

_SERVE = """
import sys
from swift.common import storage_policy, utils
utils.set_swift_dir(sys.argv[1])
storage_policy.reload_storage_policies()
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(f"{sys.argv[1]}/{sys.argv[2]}-server.conf", f"{sys.argv[2]}-server"))
"""


@dataclass(frozen=True, slots=True)
class Swift:
    """A running store with one bucket.

    Attributes:
        url: The address of its S3 interface.
    """

    url: str
    access_key: str = "models:reader"
    secret_key: str = field(default="the-stores-secret", repr=False)

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """Amazon's own client, bound to this store."""
        style = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=style,
        )
        with contextlib.closing(client):
            yield client

    def put(self, key: str, data: bytes) -> None:
        """Stores an object."""
        with self.client() as client:
            client.put_object(Bucket=_BUCKET, Key=key, Body=data)

    def presigned(self, key: str, *, life_seconds: int = 3600) -> str:
        """A URL that opens an object to GET, as boto3 signs it."""
        with self.client() as client:
            parameters = {"Bucket": _BUCKET, "Key": key}
            return str(client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=life_seconds))


def find_swift_python() -> str:
    """The system's Python with Swift. Without it the test is skipped, but fails where CI is set, as with nginx."""
    python = shutil.which("python3", path="/usr/bin")
    found = python is not None and subprocess.run([python, "-c", "import swift"], capture_output=True, check=False)
    if not found or found.returncode:
        message = "OpenStack Swift isn't installed (Debian: apt install python3-swift)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert python is not None
    return python


def run_swift(folder: Path) -> Iterator[Swift]:
    """Starts a store in ``folder``, gives it once it answers, and ends it afterwards by its process ids."""
    python = find_swift_python()
    *storage_ports, proxy_port = free_ports(len(_STORAGE_SERVERS) + 1)
    ports = dict(zip(_STORAGE_SERVERS, storage_ports, strict=True))
    store = Swift(f"http://127.0.0.1:{proxy_port}")
    _configure(folder, {**ports, "proxy": proxy_port}, store.secret_key)
    pairs = [f"{name}={port}" for name, port in ports.items()]
    subprocess.run([python, "-c", _MAKE_RINGS, str(folder), *pairs], check=True, capture_output=True)
    started = list[tuple[subprocess.Popen[bytes], int]]()
    with contextlib.ExitStack() as running:
        for name, port in {**ports, "proxy": proxy_port}.items():
            log = running.enter_context((folder / f"{name}.log").open("wb"))
            command = [python, "-c", _SERVE, str(folder), name]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            running.callback(_end, process)
            started.append((process, port))
        for process, port in started:
            wait_until_listening(process, port, seconds=_STARTUP_SECONDS)
        with store.client() as client:
            client.create_bucket(Bucket=_BUCKET)
        yield store


def _configure(folder: Path, ports: dict[str, int], secret: str) -> None:
    (folder / "devices" / "one").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = one store's own\n", encoding="ascii")
    for name, port in ports.items():
        shared = _SHARED.format(port=port, folder=folder, user=_user())
        app = {"object": "mem_object"}.get(name, name)
        own = _PROXY.format(secret=secret) if name == "proxy" else _STORAGE.format(name=name, app=app)
        (folder / f"{name}-server.conf").write_text(shared + own, encoding="ascii")


def _user() -> str:
    """Whom the servers run as: whoever runs the tests."""
    import pwd  # noqa: PLC0415 - only there where Swift is, too

    return pwd.getpwuid(os.geteuid()).pw_name


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STARTUP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
