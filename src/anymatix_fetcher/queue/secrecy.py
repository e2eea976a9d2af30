"""The part of a job that may be stored: no URL with a signature, token or password, and no header fields."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.secrecy import is_recordable
from anymatix_fetcher.engine.facts import shown

if TYPE_CHECKING:
    from anymatix_fetcher.queue.jobs import QueuedJob

_HIDDEN = "://..."
"""The end of a shown URL. The rest is hidden, because the end of its password can't be determined."""


def may_be_stored(reference: str) -> bool:
    """Whether a reference contains no secret."""
    return is_recordable(reference) and not shown(reference).endswith(_HIDDEN)


def storable(job: QueuedJob) -> QueuedJob:
    """The job without secrets; its reference is empty if the job can't run without them."""
    wanted = job.wanted
    is_public = not (wanted.auth or wanted.headers) and all(map(may_be_stored, (wanted.reference, wanted.proxy)))
    mirrors = tuple(filter(may_be_stored, wanted.mirrors))
    kept = wanted.reference if is_public else ""
    return replace(
        job, wanted=replace(wanted, reference=kept, mirrors=mirrors, headers=(), auth="", proxy=_public(wanted.proxy))
    )


def _public(proxy: str) -> str:
    return proxy if may_be_stored(proxy) else ""
