"""Whether a reference means a file that was recorded under the pinned reference of a lock file.

Lock files name a file at Civitai by its id, one at Hugging Face by its commit, and a release at GitHub by its tag.
What people type names neither. No request is made: the recorded facts decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.errors import FetchError, ReferenceSyntaxError
from anymatix_fetcher.sources import civitai, civitai_references, github, github_references, huggingface
from anymatix_fetcher.sources import huggingface_references as hub
from anymatix_fetcher.sources.air import read_air
from anymatix_fetcher.sources.civitai_files import choose, read_files
from anymatix_fetcher.sources.civitai_references import CivitaiReference
from anymatix_fetcher.sources.documents import Document
from anymatix_fetcher.sources.github_references import FileReference, ReleaseReference
from anymatix_fetcher.sources.huggingface_references import HubReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.sources.base import Environment

    Parsed: TypeAlias = CivitaiReference | HubReference | ReleaseReference | FileReference

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """What is recorded of a file.

    Args:
        reference: The reference, or the URL that it stands for.
        digests: The digests of the content.
        description: Civitai's description of the version; empty if there is none.
    """

    reference: str = field(repr=False)
    digests: tuple[Digest, ...] = ()
    description: Mapping[str, object] = field(default_factory=dict, repr=False)


def means(reference: str, recorded: RecordedFile, environment: Environment) -> bool:
    """Whether ``reference``, as it is typed, means the recorded file.

    Args:
        reference: Any reference; one that can't be parsed means nothing.
        recorded: The file.
        environment: The endpoints, which decide to which service a URL belongs.
    """
    match _parsed(reference, environment), _parsed(recorded.reference, environment):
        case CivitaiReference() as typed, CivitaiReference() as known:
            return _is_of_version(typed, known, recorded)
        case HubReference() as typed, HubReference() as known:
            # Which branch or tag led to a commit isn't recorded, so only the default one is taken for it.
            may_be_pinned = typed.revision == hub.DEFAULT_REVISION and _COMMIT.fullmatch(known.revision)
            return typed == known or (bool(may_be_pinned) and replace(typed, revision=known.revision) == known)
        case ReleaseReference() as typed, ReleaseReference() as known:
            typed, known = replace(typed, is_literal=True), replace(known, is_literal=True)
            return typed == known or (not typed.tag and bool(typed.asset) and replace(typed, tag=known.tag) == known)
        case _:
            return False


def _is_of_version(typed: CivitaiReference, known: CivitaiReference, recorded: RecordedFile) -> bool:
    if typed.digest is not None:
        return typed.digest in recorded.digests
    if typed.version is None or typed.version != known.version:
        return False
    version = Document(civitai.SITE.title, recorded.description)
    if typed.model not in {None, known.model, version.optional_number("modelId")}:
        return False
    if typed.file is not None or known.file is None:
        return (typed.file, typed.preferences) == (known.file, known.preferences)
    try:
        return choose(read_files(version), typed).id == known.file
    except FetchError:  # the version isn't described, or has no such file
        return False


def _parsed(reference: str, environment: Environment) -> Parsed | None:
    text, air = reference.strip(), read_air(reference)
    try:
        if air is not None:
            return civitai_references.read_air_name(air.name) if air.source == civitai.SITE.name else None
        if civitai_references.has_scheme(text):
            return civitai_references.read_scheme(text)
        if hub.has_scheme(text):
            return hub.read_scheme(text)
        if github_references.has_scheme(text):
            return github_references.read_scheme(text)
        if (located := civitai.SITE.locate(text, environment)) is not None:
            return civitai_references.read_url(located)
        if (located := huggingface.SITE.locate(text, environment)) is not None:
            return hub.read_url(located)
        located = github.SITE.locate(text, environment)
        return github_references.read_url(located) if located is not None else None
    except ReferenceSyntaxError:
        return None
