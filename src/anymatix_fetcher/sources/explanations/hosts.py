"""Who answers at an address, told from its host's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.urls import Url

ANY = "any"
STORES = frozenset({"s3", "gcs", "azure"})

_SERVICES = {
    "b2.civitai.com": "s3",
    "civitai.com": "civitai",
    "civitai.red": "civitai",
    "civitai.green": "civitai",
    "civitai.blue": "civitai",
    "huggingface.co": "huggingface",
    "huggingface.com": "huggingface",
    "hf.co": "huggingface",
    "hf-mirror.com": "huggingface",
    "release-assets.githubusercontent.com": "azure",
    "github.com": "github",
    "githubusercontent.com": "github",
    "modelscope.cn": "modelscope",
    "modelscope.ai": "modelscope",
    "drive.google.com": "gdrive",
    "docs.google.com": "gdrive",
    "accounts.google.com": "gdrive",
    "drive.usercontent.google.com": "gdrive",
    "dropbox.com": "dropbox",
    "dropboxusercontent.com": "dropbox",
    "zenodo.org": "zenodo",
    "ollama.ai": "ollama",
    "ollama.com": "ollama",
    "kaggle.com": "kaggle",
    "amazonaws.com": "s3",
    "r2.cloudflarestorage.com": "s3",
    "backblazeb2.com": "s3",
    "cloudfront.net": "s3",
    "storage.googleapis.com": "gcs",
    "blob.core.windows.net": "azure",
}
"""By a host or what it ends in; the longest name decides."""


def service_of(url: Url) -> str:
    """The name of the service at ``url``: "civitai", "s3", ...; "any" where it isn't known."""
    labels = url.host.rstrip(".").split(".")
    for start in range(len(labels)):
        service = _SERVICES.get(".".join(labels[start:]))
        if service is not None:
            return service
    return ANY
