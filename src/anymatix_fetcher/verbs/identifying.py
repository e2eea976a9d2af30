"""Identifies files by digest: Civitai is asked once for each, and its reply is kept for a week."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self, Unpack

from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.sources.civitai import SITE
from anymatix_fetcher.verbs.resolve import inquiring
from anymatix_fetcher.verbs.settings import getting_there
from anymatix_fetcher.wiring.composition import resolving
from anymatix_fetcher.wiring.environment import environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.inquiry import Inquiry
    from anymatix_fetcher.engine.settings import GettingThere
    from anymatix_fetcher.library.index import Index

GOOD_FOR_SECONDS = 7 * 86_400.0
"""A digest that was unknown yesterday is rarely known today, so replies are kept this long."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What a service knows of a file by its digest.

    Args:
        reference: The file's reference, such as ``civitai:143906?fileId=7``.
        url: Its URL, without secrets.
        name: Its name at the service.
        title: The names of the model and its version.
        type: The model type in the service's words.
        document: The service's description as JSON.
    """

    reference: str
    url: str
    name: str
    title: str
    type: str
    document: str


class Identifier:
    """Asks about one file at a time. A context manager, because it holds a connection after the first request.

    Args:
        index: Stores the replies.
        cancel: Stops a request.
        wall_clock: Seconds since 1970.
        **options: The network settings.
    """

    def __init__(
        self,
        index: Index,
        cancel: CancelToken,
        wall_clock: Callable[[], float] = time.time,
        **options: Unpack[GettingThere],
    ) -> None:
        self._index = index
        self._cancel = cancel
        self._wall_clock = wall_clock
        self._settings = getting_there(**options)
        self._stack = ExitStack()
        self._inquiry: Inquiry | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, sha256: str) -> Identified | None:
        """What is known of the file with this digest; ``None`` if it is unknown.

        Raises:
            FetchError: The service didn't reply.
        """
        base = SITE.base(environment())
        question = f"{base} sha256:{sha256}"
        kept = self._index.answer(question, not_before=self._wall_clock() - GOOD_FOR_SECONDS)
        if kept is not None:
            return _decoded(kept)
        try:
            found = _of(self._resolved(f"civitai:sha256:{sha256}"), base)
        except NotFoundError:
            found = None
        self._index.keep_answer(question, json.dumps(asdict(found) if found else None), self._wall_clock())
        return found

    def _resolved(self, reference: str) -> Resource:
        if self._inquiry is None:
            self._inquiry, _ = self._stack.enter_context(inquiring(self._settings, self._cancel))
        return self._inquiry.run(resolving(Job(reference, self._settings)))[0]


def _of(resource: Resource, base: str) -> Identified:
    about = resource.about
    return Identified(
        reference=resource.reference,
        # The service itself, even if a mirror was asked: that is the file's origin.
        url=SITE.home + resource.url.reveal().removeprefix(base),
        name=resource.name or "",
        title=about.title,
        type=about.type,
        document=about.document,
    )


def _decoded(text: str) -> Identified | None:
    try:
        fields = json.loads(text)
        return Identified(**fields) if fields else None
    except (ValueError, TypeError):
        return None
