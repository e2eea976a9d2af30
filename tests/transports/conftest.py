"""The fixtures of the tests that run a transport against nginx."""

from __future__ import annotations

from tests.transports.on_nginx import model, origin

__all__ = ["model", "origin"]
