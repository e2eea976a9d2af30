"""What verbs and faces take in the place of the real thing, in tests above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Job, Progress, Result


class FetchMany(Protocol):
    """Downloads files: ``anymatix_fetcher.verbs.fetch.fetch_many``, or something that behaves like it."""

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        cancel: CancelToken | None = None,
        on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
    ) -> list[Result]:
        """One result for each job, in order; a failed download is a result too."""
