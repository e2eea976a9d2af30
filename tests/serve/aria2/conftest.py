"""A server with aria2's endpoint, and an origin to download from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Origin
from tests.serve.aria2.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(seed=18) as origin:
        yield origin


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as server:
        yield server
