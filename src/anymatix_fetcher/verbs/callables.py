"""The signatures of functions that verbs and faces accept, so that tests can pass substitutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Job, Progress, Result


class FetchMany(Protocol):
    """Downloads files like ``anymatix_fetcher.verbs.fetch.fetch_many``."""

    def __call__(
        self,
        jobs: Sequence[Job],
        *,
        cancel: CancelToken | None = None,
        on_progress: Callable[[tuple[Progress, ...]], None] | None = None,
    ) -> list[Result]:
        """One result for each job, in order. A failed download is a result as well."""
