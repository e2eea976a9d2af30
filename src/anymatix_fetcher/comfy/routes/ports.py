"""The interfaces that the routes need: the child process, and ComfyUI's messages to pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ChildAnswer(Protocol):
    """A response of the queue's server."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> Any:  # noqa: ANN401 - any JSON value
        """The parsed JSON body; ``None`` for no body."""


class DownloadingChild(Protocol):
    """The child process, which starts on demand and restarts after a crash."""

    async def request(self, method: str, path: str, json: object = None) -> ChildAnswer:
        """Sends a request to the queue's API; ``path`` is relative to ``/api/v1``.

        Raises:
            ServerUnavailableError: The server can't be started or doesn't answer.
        """

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yields all jobs, then every change; each is a job with the key ``event``."""


class Send(Protocol):
    """``PromptServer.send_sync``: a message to all pages."""

    def __call__(self, event: str, data: object, /) -> None:
        """Sends a message."""
