from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.testing.faults import SIZE

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File, Origin


@pytest.fixture
def file(origin: Origin) -> File:
    return origin.add("/m.bin", size=SIZE)
