"""Finds the file for a request: among the files of an origin, or at the stand-ins of model hosts."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

if TYPE_CHECKING:
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.resources import Resource
    from anymatix_fetcher.testing.responses.making import Draft
    from anymatix_fetcher.testing.script import ListenerName


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search for a request's file.

    Attributes:
        account: The name under which the ledger counts its bytes, usually the path.
        resource: The requested file.
        said: The response instead of a file; none if a file or nothing was found.
        bytes_per_second: The limit for its connection.
    """

    account: str
    resource: Resource | None = None
    said: Draft | None = None
    bytes_per_second: float | None = None


class Shelf(Protocol):
    """Finds files for requests; all methods may be called from any thread."""

    def role(self, listener: str) -> ListenerName:
        """Whether a listener counts as the origin or as the target of its redirects in rules."""

    def find(self, request: Request, listener: str, now: float) -> Found:
        """The file or response for a request; ``now`` in seconds since 1970."""


class Files:
    """The files of an origin, which both of its listeners serve."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}

    def put(self, resource: Resource) -> None:
        """Adds a file, or replaces the one of the same path."""
        with self._lock:
            self._resources[resource.path] = resource

    def get(self, path: str) -> Resource | None:
        """The file of an unescaped path."""
        with self._lock:
            return self._resources.get(path)

    def role(self, listener: str) -> ListenerName:
        """Implements ``Shelf.role``."""
        return "target" if listener == "target" else "origin"

    def find(self, request: Request, listener: str, now: float) -> Found:
        """Implements ``Shelf.find``."""
        del listener, now
        resource = self.get(request.path) or self.get(unquote(request.path))
        return Found(unquote(request.path) if resource is None else resource.path, resource)
