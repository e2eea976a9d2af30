"""The catalogue: which source a reference belongs to."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, cast

from anymatix_fetcher.core.values.filenames import METALINK_SUFFIXES
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.direct import Direct

if TYPE_CHECKING:
    from anymatix_fetcher.sources.base import Environment, Resolving, Source, Wish


class LateSource:
    """A source that is imported when a reference may be its own; implements ``Source``.

    Most runs need one source at most, and each costs start-up time.

    Args:
        name: The source's name.
        place: Where it stands below this package, as ``module:class``.
        words: At least one of them is in every reference of its own, in lower case. Others may hold one too.
    """

    def __init__(self, name: str, place: str, words: tuple[str, ...]) -> None:
        self.name = name
        self.words = words
        self._place = place

    @cached_property
    def source(self) -> Source:
        """The source itself."""
        module, _, attribute = self._place.partition(":")
        return cast("Source", getattr(import_module(f"anymatix_fetcher.sources.{module}"), attribute)())

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return self._may_be_own(reference, environment) and self.source.recognises(reference, environment)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """Implements ``Source.resolve``."""
        return self.source.resolve(wish, environment)

    def _may_be_own(self, reference: str, environment: Environment) -> bool:
        # An endpoint stands in for the service's hosts. Beyond ASCII, other letters may stand for these.
        if self.name in environment.endpoints or not reference.isascii():
            return True
        lowered = reference.lower()
        return any(word in lowered for word in self.words)


SOURCES: tuple[Source, ...] = (
    LateSource("civitai", "civitai:Civitai", ("civitai",)),
    LateSource("huggingface", "huggingface:HuggingFace", ("huggingface", "hf:", "hf.co")),
    LateSource("github", "github:GitHub", ("github",)),
    LateSource("modelscope", "modelscope:ModelScope", ("modelscope",)),
    LateSource("gdrive", "gdrive:GoogleDrive", ("google.com",)),
    LateSource("dropbox", "dropbox:Dropbox", ("dropbox.com",)),
    LateSource("zenodo", "zenodo:Zenodo", ("zenodo", "doi.org")),
    LateSource("ollama", "ollama:Ollama", ("ollama",)),
    LateSource("s3", "stores:S3", ("s3:",)),
    LateSource("gcs", "stores:GoogleCloudStorage", ("gs:",)),
    LateSource("metalink", "remote_metalink:Metalink", ("metalink:", *METALINK_SUFFIXES)),
    Direct(),
)
"""In this order: whoever knows a URL's host better comes before the direct source, which takes every URL."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(r"((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost)(?::[0-9]{1,5})?)/", re.IGNORECASE)
"""What looks like a host's name, with a path behind it."""


def find(reference: str, environment: Environment) -> Source:
    """The source that ``reference`` belongs to.

    Raises:
        ReferenceSyntaxError: It belongs to none.
    """
    text = reference.strip()
    for source in SOURCES:
        if source.recognises(text, environment):
            return source
    scheme, host = _SCHEME.match(text), _HOST.match(text)
    if host:
        raise ReferenceSyntaxError(
            "not a reference: it has no scheme", hint=f"Write it in front: https://{host.group(1)}/..."
        )
    what = f"the scheme {scheme.group(1)[:20]!r} isn't known" if scheme else "it has no scheme"
    raise ReferenceSyntaxError(
        f"not a reference: {what}",
        hint="Expected a URL such as https://example.com/model.safetensors, civitai:143906, or hf:org/repo/file.",
    )


def resolve(wish: Wish, environment: Environment) -> Resolving:
    """What ``wish`` means: finds its source and lets it resolve.

    Raises:
        FetchError: It means nothing, or leads nowhere.
    """
    return (yield from find(wish.reference, environment).resolve(wish, environment))
