"""What of a job may be written down: never an address with a signature, a token or a password, and no header field."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.expiry import is_signed
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import shown

if TYPE_CHECKING:
    from anymatix_fetcher.queue.jobs import QueuedJob

_TELLING_NAME = re.compile(r"token|key|sig|secret|pass|pwd|credential|auth|policy|session|jwt", re.IGNORECASE)
"""In a parameter's name; one too many costs a user a pasted address after a restart, one too few a secret."""
_TELLING_VALUE = re.compile(r"\b(?:hf_|gh[a-z]_|github_pat_|sk-|eyJ)[A-Za-z0-9_-]{12,}")
_HIDDEN = "://..."
"""How an address ends that is shown without the rest, since it can't be read where its password ends."""


def may_be_stored(reference: str) -> bool:
    """Whether a reference holds no secret."""
    query = reference.partition("?")[2]
    names = (parameter.partition("=")[0] for parameter in re.split("[&;]", query))
    if any(map(_TELLING_NAME.search, names)) or _TELLING_VALUE.search(query):
        return False
    try:
        url = Url.parse(reference.strip())
    except ValueError:
        return not shown(reference).endswith(_HIDDEN)
    return url.credentials is None and not is_signed(url)


def storable(job: QueuedJob) -> QueuedJob:
    """The job without what is never written down; one that can't be done without it has no reference then."""
    wanted = job.wanted
    is_public = may_be_stored(wanted.reference) and may_be_stored(wanted.proxy) and not wanted.headers
    mirrors = tuple(filter(may_be_stored, wanted.mirrors))
    kept = wanted.reference if is_public else ""
    return replace(
        job, wanted=replace(wanted, reference=kept, mirrors=mirrors, headers=(), proxy=_public(wanted.proxy))
    )


def _public(proxy: str) -> str:
    return proxy if may_be_stored(proxy) else ""
