"""A browser and a server process for each file of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.serve.page.visiting import Visit, visiting
from tests.serve.running import Server, serving
from tests.servers.chromium import running_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, "--models", str(folder / "models"), "--max-downloads", "3", "--limit-rate", "2MB") as server:
        yield server


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """The page, unlocked; afterwards nothing is in the queue, and the console has said nothing."""
    with visiting(browser, server) as visit:
        yield visit
    for job in server.client.get("/api/v1/jobs").jobs:
        path = f"/api/v1/jobs/{job['id']}"
        if server.client.ask("DELETE", f"{path}?part=remove").status == 200:
            server.client.ask("DELETE", path)
