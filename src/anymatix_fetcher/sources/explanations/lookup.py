"""Finds the meaning of an error response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.expiry import is_signed
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.sources.explanations.anywhere import ANYWHERE, PROTECTIONS
from anymatix_fetcher.sources.explanations.civitai import CIVITAI
from anymatix_fetcher.sources.explanations.github import GITHUB
from anymatix_fetcher.sources.explanations.hosts import STORES, service_of
from anymatix_fetcher.sources.explanations.hubs import DROPBOX, GOOGLE_DRIVE, KAGGLE, MODELSCOPE, OLLAMA, ZENODO
from anymatix_fetcher.sources.explanations.huggingface import HUGGING_FACE
from anymatix_fetcher.sources.explanations.stores import AZURE, BEHIND_A_HUB, GOOGLE_CLOUD, OWN_LINKS, S3
from anymatix_fetcher.sources.explanations.words import words_for

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.sources.explanations.row import Row

HUBS: dict[str, tuple[Row, ...]] = {
    "civitai": CIVITAI,
    "huggingface": HUGGING_FACE,
    "github": GITHUB,
    "modelscope": MODELSCOPE,
    "gdrive": GOOGLE_DRIVE,
    "dropbox": DROPBOX,
    "zenodo": ZENODO,
    "ollama": OLLAMA,
    "kaggle": KAGGLE,
}
"""The rows of each service that publishes models, by its name."""


def explain(service: str, refused: Refused, url: Url, *, authorized: bool, base_path: str = "") -> FetchError | None:
    """The error that states the meaning of ``refused``; ``None`` if it has no particular meaning.

    Its message and hint contain no query, no token and no part of the body.

    Args:
        service: The service that the file belongs to: "civitai", "huggingface", ..., or "any".
            :func:`~anymatix_fetcher.sources.explanations.hosts.service_of` determines it from the user's URL.
        refused: The refusal.
        url: The URL that refused; after a redirect, another host's.
        authorized: Whether credentials were sent.
        base_path: The path of the service's endpoint.
    """
    row = row_for(service, refused, url, authorized=authorized)
    if row is None:
        return None
    words = words_for(service, refused, url, base_path)
    return row.error(f"{row.sentence.format_map(words)} ({url})", hint=row.hint.format_map(words))


def row_for(service: str, refused: Refused, url: Url, *, authorized: bool) -> Row | None:
    """The first matching row: of protections, of the service, of the stores behind it, of any server."""
    if refused.kind in _PLAIN:
        return None
    rows = (*PROTECTIONS, *_rows_of_service(service, url), *GOOGLE_CLOUD, *AZURE, *S3, *ANYWHERE)
    return next((row for row in rows if row.fits(refused, url, authorized=authorized)), None)


_PLAIN = frozenset(
    {
        Refusal.CHANGED,
        Refusal.RANGE_IGNORED,
        Refusal.MISLABELLED,
        Refusal.ENCODED,
        Refusal.UNSATISFIABLE,
        Refusal.UNSAFE_REDIRECT,
    }
)
"""Refusals that the judge's own messages explain: they concern bytes and URLs, whatever the service."""


def _rows_of_service(service: str, url: Url) -> tuple[Row, ...]:
    """The rows of the service itself; a URL issued by a hub is a store's, whatever its host."""
    if service not in HUBS:
        return OWN_LINKS
    return BEHIND_A_HUB if is_signed(url) or service_of(url) in STORES else HUBS[service]
