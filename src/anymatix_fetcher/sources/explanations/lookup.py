"""The lookup: from a refusal to the error that says what it means."""

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
    from anymatix_fetcher.core.values.refusals import Refused
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
"""The rows of each place that models are published at, by its name."""


def explain(service: str, refused: Refused, url: Url, *, authorized: bool, base_path: str = "") -> FetchError | None:
    """The error that says what ``refused`` means; ``None`` where it means nothing particular.

    Its message and hint name no query, no token and no body.

    Args:
        service: Whose file it is: "civitai", "huggingface", ..., or "any". Where that isn't known beforehand,
            :func:`~anymatix_fetcher.sources.explanations.hosts.service_of` tells it from the address that the user
            gave.
        refused: The refusal.
        url: Who refused; after a redirect this is another host.
        authorized: Whether credentials were sent along.
        base_path: The path below which the service is asked at an endpoint.
    """
    row = row_for(service, refused, url, authorized=authorized)
    if row is None:
        return None
    words = words_for(service, refused, url, base_path)
    return row.error(f"{row.sentence.format_map(words)} ({url})", hint=row.hint.format_map(words))


def row_for(service: str, refused: Refused, url: Url, *, authorized: bool) -> Row | None:
    """The first row that fits: of protections, of the service, of the stores behind it, of what may be anywhere."""
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
"""The judge's own words say what these are: they are about bytes and addresses, whatever the service."""


def _rows_of_service(service: str, url: Url) -> tuple[Row, ...]:
    """What the service itself says; an address on loan is at a store, whatever its host is called."""
    if service not in HUBS:
        return OWN_LINKS
    return BEHIND_A_HUB if is_signed(url) or service_of(url) in STORES else HUBS[service]
