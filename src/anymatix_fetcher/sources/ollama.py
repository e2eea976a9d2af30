"""Ollama's registry: the model layer, a GGUF file, by the manifest that states its SHA-256 and length.

- ``ollama:NAME[:TAG]`` and ``ollama:NAMESPACE/NAME[:TAG]``, as for ``ollama pull``.
- A model's page at ollama.com, and its manifest at registry.ollama.ai.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import HUGGING_FACE, OLLAMA
from anymatix_fetcher.sources.documents import Document, unexpected
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, agreed, make_url

if TYPE_CHECKING:
    from anymatix_fetcher.sources.base import Environment, Resolving, Wish
    from anymatix_fetcher.sources.sites import SiteUrl

SITE = Site(OLLAMA)
_PAGES = "https://ollama.com"
SERVICE = Explained(SITE.name)

MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
MODEL_TYPE = "application/vnd.ollama.image.model"
LIBRARY, LATEST = "library", "latest"
"""The defaults for the namespace and the tag."""

_SCHEME = re.compile(r"ollama:(?://)?(.*)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HINT = "Expected ollama:NAME:TAG or ollama:NAMESPACE/NAME:TAG, as for `ollama pull`."


@dataclass(frozen=True, slots=True)
class OllamaReference:
    """One tag of a model."""

    namespace: str
    name: str
    tag: str = LATEST

    @property
    def path(self) -> str:
        """The model's path in the registry."""
        return f"/v2/{self.namespace}/{self.name}"

    def __str__(self) -> str:
        namespace = "" if self.namespace == LIBRARY else f"{self.namespace}/"
        return f"{SITE.name}:{namespace}{self.name}:{self.tag}"


class Ollama:
    """Models of Ollama's registry; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return SITE.claims(reference, environment, has_scheme=_SCHEME.match, read_url=read_url, all_urls=False)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The model layer. Prompts, parameters and adapters of the image aren't fetched.

        Raises:
            FetchError: The reference is invalid, or there is no such model.
        """
        text = wish.reference.strip()
        base, located = SITE.base(environment), SITE.locate(text, environment)
        found = (read_url(located) if located is not None else None) or read_scheme(text)
        headers = SITE.headers(environment, wish, base)
        fields = Headers((*headers, ("Accept", ", ".join(MANIFEST_TYPES))))
        answer = yield from SITE.ask(f"{base}{found.path}/manifests/{found.tag}", fields, f"the manifest of {found}")
        layers = Document.of(answer).items("layers")
        model = next((layer for layer in layers if layer.optional_text("mediaType") == MODEL_TYPE), None)
        if model is None:
            raise NotFoundError(f"{found} has no model layer", hint="It may run on Ollama's servers only.")
        digest = model.optional_digest("digest", "sha256")
        if digest is None:
            raise unexpected(model.host, "a layer without a SHA-256")
        namespace = "" if found.namespace == LIBRARY else f"{found.namespace}/"
        return (
            Resource(
                make_url(base, f"{found.path}/blobs/{digest}"),
                name=wish.name or safe_name(f"{found.name}-{found.tag}.gguf"),
                length=model.optional_number("size"),
                digests=agreed(wish.digests, (digest,), str(found)),
                headers=headers,
                reference=str(found),
                mirrors=wish.mirrors,
                service=SERVICE,
                about=About(
                    title=f"{namespace}{found.name}:{found.tag}",
                    page=f"{_PAGES}/{found.namespace}/{found.name}:{found.tag}",
                    document=answer.text,
                ),
            ),
        )


def read_scheme(text: str) -> OllamaReference:
    """Parses ``ollama:...``.

    Raises:
        ReferenceSyntaxError: It is invalid, or names a model of Hugging Face in Ollama's form.
    """
    match = _SCHEME.fullmatch(text)
    *registry, name = (match.group(1) if match else "").split("/")
    if registry[:1] and registry[0].lower() in HUGGING_FACE.sites:
        raise ReferenceSyntaxError(
            "the model is at Hugging Face, not in Ollama's registry",
            hint="Use the file's own reference: hf:ORG/REPO/FILE.gguf.",
        )
    if len(registry) > 1 and registry[0].lower() in OLLAMA.sites:
        registry = registry[1:]
    found = _read(registry[0] if registry else LIBRARY, name) if len(registry) <= 1 else None
    if found is None:
        raise ReferenceSyntaxError("not a reference to Ollama's registry: it names no model", hint=_HINT)
    return found


def read_url(located: SiteUrl) -> OllamaReference | None:
    """Parses a URL at Ollama; ``None`` if it names no model."""
    match located.segments:
        case ["v2", namespace, name, "manifests", tag]:
            return _read(namespace, f"{name}:{tag}")
        case ["v2", *_]:
            return None
        case [namespace, name] if located.is_home:
            return _read(namespace, name)
        case _:
            return None


def _read(namespace: str, name: str) -> OllamaReference | None:
    name, colon, tag = name.partition(":")
    tag = tag if colon else LATEST
    words = (namespace, name, tag)
    return OllamaReference(namespace, name, tag) if all(map(_WORD.fullmatch, words)) else None
