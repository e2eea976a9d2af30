"""What there is to be asked for: the files of an origin, or the sites that stand in for model hosts."""

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
    """What a request is about.

    Attributes:
        account: The name under which the ledger keeps its bytes, mostly the path.
        resource: The file that is asked for.
        said: What is answered instead of a file; none where a file is found, or nothing.
        bytes_per_second: The most that its connection gets.
    """

    account: str
    resource: Resource | None = None
    said: Draft | None = None
    bytes_per_second: float | None = None


class Shelf(Protocol):
    """Where requests are looked up; any method may be called from any thread."""

    def role(self, listener: str) -> ListenerName:
        """Whether rules take a listener for the origin or for the target of its redirects."""

    def find(self, request: Request, listener: str, now: float) -> Found:
        """What the request is about; ``now`` in seconds since 1970."""


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
        """The file of a path, which is given unescaped."""
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
