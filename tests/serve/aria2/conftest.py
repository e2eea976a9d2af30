"""A server with aria2's endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.serve.aria2.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as server:
        yield server
