"""An origin, and a models root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(seed=3) as origin:
        yield origin


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"
