"""Fixtures of the whole suite."""

from __future__ import annotations

from tests.servers.fixtures import nginx, tls_material

__all__ = ["nginx", "tls_material"]
