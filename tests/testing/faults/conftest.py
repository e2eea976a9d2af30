from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import File, Origin
from tests.testing.faults import SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(seed=7) as running:
        yield running


@pytest.fixture
def file(origin: Origin) -> File:
    return origin.add("/m.bin", size=SIZE)
