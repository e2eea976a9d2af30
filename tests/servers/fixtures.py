"""Fixtures that several folders of tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Origin
from tests.servers.nginx import Nginx, run_nginx
from tests.servers.swift import Swift, run_swift
from tests.servers.tls_material import TlsMaterial, make_tls_material

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def tls_material(tmp_path_factory: pytest.TempPathFactory) -> TlsMaterial:
    """One authority and one certificate for the whole run."""
    return make_tls_material(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory, tls_material: TlsMaterial) -> Iterator[Nginx]:
    """One nginx for the whole run; tests add files of their own under its ``root``."""
    folder = tmp_path_factory.mktemp("nginx")
    root = folder / "files"
    root.mkdir()
    yield from run_nginx(folder, root, tls_material)


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """One object store for the whole run."""
    yield from run_swift(tmp_path_factory.mktemp("swift"))


@pytest.fixture
def origin() -> Iterator[Origin]:
    """An origin for one test."""
    with Origin(seed=3) as origin:
        yield origin
