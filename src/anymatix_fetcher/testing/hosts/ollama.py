"""A stand-in for Ollama's registry: manifests, and blobs in a store (OCI distribution specification)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.testing.hosts.schemes import R2Scheme
from anymatix_fetcher.testing.hosts.sigv4 import Credentials
from anymatix_fetcher.testing.hosts.site import Host, json_answer, redirect
from anymatix_fetcher.testing.hosts.stores import Store
from anymatix_fetcher.testing.responses.making import Draft, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request

_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_LAYER_TYPE = "application/vnd.ollama.image."


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model ``name:tag``: its weights, and smaller layers by their kind (template, params, license, ...)."""

    name: str
    tag: str
    weights: HostedFile
    others: tuple[tuple[str, HostedFile], ...] = ()


def ollama(models: Sequence[OllamaModel], *, url_seconds: int = 86_400, bytes_per_second: float | None = None) -> Host:
    """A stand-in with the sites ``ollama`` and ``ollama-r2``; in reality its URLs last for a day."""
    scheme = R2Scheme(
        Credentials("fedcba9876543210fedcba9876543210", "secret of the stand-in for the registry", "auto")
    )
    store = Store("ollama-r2", scheme, prefix="/ollama/docker/registry/v2/blobs/", bytes_per_second=bytes_per_second)
    return Host({"ollama": _Registry(models, store, url_seconds), store.name: store}, {"OLLAMA_ENDPOINT": "ollama"})


class _Registry:
    """registry.ollama.ai; implements ``Site``."""

    stores = False

    def __init__(self, models: Sequence[OllamaModel], store: Store, url_seconds: int) -> None:
        self._models = {(model.name, model.tag): model for model in models}
        self._store = store
        self._url_seconds = url_seconds
        self._blobs: dict[tuple[str, str], HostedFile] = {}
        for model in models:
            for _, file in _layers(model):
                self._blobs[model.name, f"sha256:{file.sha256}"] = file
                store.put(_key(file), file, f"ollama:{model.name}:{model.tag}/{file.name}")

    def answer(self, request: Request, moment: Moment) -> Draft:
        """Implements ``Site.answer``."""
        match request.path.split("/"):
            case ["", "v2", "library", name, "manifests", tag]:
                if request.method == "HEAD":
                    return document(405, "text/plain", "405 method not allowed\n", [("Allow", "GET")])
                model = self._models.get((name, tag))
                if model is None:
                    return _refusal("MANIFEST_UNKNOWN", "manifest unknown")
                made = document(200, "text/plain; charset=utf-8", json.dumps(_manifest(model)))
                made.chunked = True
                return made
            case ["", "v2", "library", name, "blobs", digest]:
                file = self._blobs.get((name, digest))
                if file is None:
                    return _refusal("BLOB_UNKNOWN", "blob unknown to registry")
                return redirect(307, self._store.url(_key(file), moment, self._url_seconds), signed=True)
            case _:
                return document(404, "text/plain", "404 page not found\n")


def _layers(model: OllamaModel) -> list[tuple[str, HostedFile]]:
    return [("model", model.weights), *model.others]


def _key(file: HostedFile) -> str:
    """The key of a blob in the store."""
    return f"sha256/{file.sha256[:2]}/{file.sha256}/data"


def _manifest(model: OllamaModel) -> dict[str, Any]:
    layers = [
        {"mediaType": f"{_LAYER_TYPE}{kind}", "digest": f"sha256:{file.sha256}", "size": file.size}
        for kind, file in _layers(model)
    ]
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": layers[0]["digest"], "size": 0}
    return {"schemaVersion": 2, "mediaType": _MANIFEST_TYPE, "config": config, "layers": layers}


def _refusal(code: str, message: str) -> Draft:
    return json_answer(404, {"errors": [{"code": code, "message": message}]})
