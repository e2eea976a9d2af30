"""Determines the service at a URL from its host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.sources.accounts import ACCOUNTS

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Url

ANY = "any"
STORES = frozenset({"s3", "gcs", "azure"})

_SERVICES = {
    **{host.removeprefix("www."): account.name for account in ACCOUNTS.values() for host in account.sites},
    "hf-mirror.com": "huggingface",
    "githubusercontent.com": "github",
    "release-assets.githubusercontent.com": "azure",
    "accounts.google.com": "gdrive",
    "dropboxusercontent.com": "dropbox",
    "kaggle.com": "kaggle",
    "b2.civitai.com": "s3",
    "amazonaws.com": "s3",
    "r2.cloudflarestorage.com": "s3",
    "backblazeb2.com": "s3",
    "cloudfront.net": "s3",
    "blob.core.windows.net": "azure",
}
"""Services by host or domain suffix; the longest match wins."""


def service_of(url: Url) -> str:
    """The name of the service at ``url``: "civitai", "s3", ...; "any" if unknown."""
    labels = url.host.rstrip(".").split(".")
    for start in range(len(labels)):
        service = _SERVICES.get(".".join(labels[start:]))
        if service is not None:
            return service
    return ANY
