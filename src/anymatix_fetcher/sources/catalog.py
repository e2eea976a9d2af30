"""The catalogue: which source a reference belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.civitai import Civitai
from anymatix_fetcher.sources.direct import Direct
from anymatix_fetcher.sources.dropbox import Dropbox
from anymatix_fetcher.sources.gdrive import GoogleDrive
from anymatix_fetcher.sources.github import GitHub
from anymatix_fetcher.sources.huggingface import HuggingFace
from anymatix_fetcher.sources.modelscope import ModelScope
from anymatix_fetcher.sources.ollama import Ollama
from anymatix_fetcher.sources.remote_metalink import Metalink
from anymatix_fetcher.sources.stores import S3, GoogleCloudStorage
from anymatix_fetcher.sources.zenodo import Zenodo

if TYPE_CHECKING:
    from anymatix_fetcher.sources.base import Environment, Resolving, Source, Wish

SOURCES: tuple[Source, ...] = (
    *(Civitai(), HuggingFace(), GitHub(), ModelScope()),
    *(GoogleDrive(), Dropbox(), Zenodo(), Ollama(), S3(), GoogleCloudStorage(), Metalink()),
    Direct(),
)
"""In this order: whoever knows a URL's host better comes before the direct source, which takes every URL."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def find(reference: str, environment: Environment) -> Source:
    """The source that ``reference`` belongs to.

    Raises:
        ReferenceSyntaxError: It belongs to none.
    """
    text = reference.strip()
    for source in SOURCES:
        if source.recognises(text, environment):
            return source
    scheme = _SCHEME.match(text)
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
