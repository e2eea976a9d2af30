"""What of a job may be written down: never an address with a signature, a token or a password, and no header field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.secrecy import is_recordable
from anymatix_fetcher.engine.facts import shown

if TYPE_CHECKING:
    from anymatix_fetcher.queue.jobs import QueuedJob

_HIDDEN = "://..."
"""How an address ends that is shown without the rest, since it can't be read where its password ends."""


def may_be_stored(reference: str) -> bool:
    """Whether a reference holds no secret."""
    return is_recordable(reference) and not shown(reference).endswith(_HIDDEN)


def storable(job: QueuedJob) -> QueuedJob:
    """The job without what is never written down; one that can't be done without it has no reference then."""
    wanted = job.wanted
    is_public = not (wanted.auth or wanted.headers) and all(map(may_be_stored, (wanted.reference, wanted.proxy)))
    mirrors = tuple(filter(may_be_stored, wanted.mirrors))
    kept = wanted.reference if is_public else ""
    return replace(
        job, wanted=replace(wanted, reference=kept, mirrors=mirrors, headers=(), auth="", proxy=_public(wanted.proxy))
    )


def _public(proxy: str) -> str:
    return proxy if may_be_stored(proxy) else ""
