"""The fixtures of the tests that run a transport against nginx, and the file that it serves."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers.nginx import Nginx

SIZE = 4_000_003
CONTENT = Random(4).randbytes(SIZE)


@pytest.fixture
def model(nginx: Nginx) -> str:
    """The path of a file with ``CONTENT`` on nginx."""
    (nginx.root / "model.bin").write_bytes(CONTENT)
    return "/model.bin"


@pytest.fixture(params=["plain", "tls", "http2"])
def origin(request: pytest.FixtureRequest, nginx: Nginx) -> str:
    """nginx by each protocol."""
    return str(getattr(nginx, request.param))
