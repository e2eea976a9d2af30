"""Selects the source of a reference."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, cast

from anymatix_fetcher.core.answers.address import leads_inside
from anymatix_fetcher.core.values.filenames import METALINK_SUFFIXES
from anymatix_fetcher.core.values.ip_addresses import is_inside
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.errors import FetchError, ReferenceSyntaxError
from anymatix_fetcher.sources.direct import Direct

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.sources.base import Environment, Resolving, Source, Wish


class LateSource:
    """A source that is imported when a reference may belong to it; implements ``Source``.

    Most runs need one source, and each import costs start-up time.

    Args:
        name: The source's name.
        place: Its location below this package, as ``module:class``.
        words: Every reference of this source contains at least one of them, in lower case. Other references may, too.
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
        # An endpoint replaces the service's hosts. Beyond ASCII, other letters may stand for these.
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
"""In order of precedence: sources that know a URL's host come before the direct source, which takes every URL."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(r"((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost)(?::[0-9]{1,5})?)/", re.IGNORECASE)
"""A host name followed by a path."""


def find(reference: str, environment: Environment) -> Source:
    """The source of ``reference``.

    Raises:
        ReferenceSyntaxError: No source recognises it.
    """
    text = reference.strip()
    for source in SOURCES:
        if source.recognises(text, environment):
            return source
    if text.lower().startswith("sha256:"):
        raise ReferenceSyntaxError(
            "not a reference to a file that is here", hint="Expected sha256:// and 64 hexadecimal digits."
        )
    scheme, host = _SCHEME.match(text), _HOST.match(text)
    if host:
        raise ReferenceSyntaxError(
            "not a reference: it has no scheme", hint=f"Add the scheme: https://{host.group(1)}/..."
        )
    what = f"the scheme {scheme.group(1)[:20]!r} is unknown" if scheme else "it has no scheme"
    raise ReferenceSyntaxError(
        f"not a reference: {what}",
        hint="Expected a URL such as https://example.com/model.safetensors, civitai:143906, or hf:org/repo/file.",
    )


def resolve(wish: Wish, environment: Environment) -> Resolving:
    """Resolves ``wish`` by its source.

    Raises:
        FetchError: The reference is invalid or can't be resolved.
    """
    talk = find(wish.reference, environment).resolve(wish, environment)
    if wish.author is Author.FILE and not environment.allows_private:
        talk = _staying_public(talk, environment)
    return (yield from talk)


def _staying_public(talk: Resolving, environment: Environment) -> Resolving:
    """``talk`` with the error for each request that leads from a public host to this machine or its own network.

    As ``Address.forbids`` does it for the file itself. An endpoint is where the operator wants to go.
    """
    endpoints = {endpoint.origin for endpoint in environment.endpoints.values()}
    try:
        request = next(talk)
        home = led_by = request.url.host
        while True:
            if is_inside(request.url.host) and not is_inside(home) and request.url.origin not in endpoints:
                request = talk.throw(leads_inside(led_by, request.url))
                continue
            try:
                answer = yield request
            except FetchError as error:
                request = talk.throw(error)
            else:
                led_by = answer.url.host
                request = talk.send(answer)
    except StopIteration as end:
        resources: tuple[Resource, ...] = end.value
        return resources
