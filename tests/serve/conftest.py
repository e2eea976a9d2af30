"""A server on a queue that goes as a test tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queue.fakes import Bench
from tests.serve.served import Client, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()


@pytest.fixture
def client(bench: Bench) -> Iterator[Client]:
    with served(bench.queue) as client:
        yield client
