"""A server with aria2's endpoint, and the interface behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.serve.aria2.rpc import Rpc
from tests.serve.aria2.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[Rpc]:
    """aria2's interface, without a connection."""
    rpc = Rpc(tmp_path)
    yield rpc
    rpc.bench.queue.close()
