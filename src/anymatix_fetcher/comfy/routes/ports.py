"""What the routes need of the child process that downloads, and of the page that is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ChildAnswer(Protocol):
    """What the queue's server answers."""

    @property
    def status(self) -> int:
        """Of HTTP."""

    @property
    def body(self) -> Any:  # noqa: ANN401 - what JSON holds
        """What its JSON holds; ``None`` where there is none."""


class DownloadingChild(Protocol):
    """The child process: it is begun when it is needed, and begun again when it has died."""

    async def request(self, method: str, path: str, json: object = None) -> ChildAnswer:
        """Asks its server for something of the queue's API; ``path`` is below ``/api/v1``.

        Raises:
            ServerUnavailableError: It can't be started, or doesn't answer.
        """

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """What happens to jobs, beginning with all of them; each is a job with the key ``event``."""


class Send(Protocol):
    """``PromptServer.send_sync``: a message to all pages."""

    def __call__(self, event: str, data: object, /) -> None:
        """Sends it."""
