"""AnymatixFetcher: downloads model files from any server, in parallel, resumably, and never with a wrong byte.

>>> from anymatix_fetcher import fetch
>>> result = fetch("https://example.com/model.safetensors", directory="models")  # doctest: +SKIP
>>> result.path, result.sha256, result.verified  # doctest: +SKIP

The public API consists of the names in ``__all__``. The modules inside may change.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Job, Phase, Progress, Result, Status
    from anymatix_fetcher.engine.forms import Engine
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.errors import (
        AccessDeniedError,
        DestinationExistsError,
        DestinationLockedError,
        DigestMismatchError,
        DiskFullError,
        DownloadCancelled,
        FetchError,
        IntegrityError,
        InternalError,
        NetworkError,
        NotAModelError,
        NotFoundError,
        ReferenceSyntaxError,
        RepresentationChangedError,
        RetriesExhaustedError,
        StorageError,
        UnexpectedAnswerError,
        UnsafeModelError,
    )
    from anymatix_fetcher.formats.facts import ModelFacts
    from anymatix_fetcher.transports.limiter import RateLimiter
    from anymatix_fetcher.verbs.checked import Checked, Condition
    from anymatix_fetcher.verbs.checkup.examining import doctor
    from anymatix_fetcher.verbs.checkup.finding import Finding, FindingState
    from anymatix_fetcher.verbs.fetch import afetch, fetch, fetch_many
    from anymatix_fetcher.verbs.inspect import inspect
    from anymatix_fetcher.verbs.progress import CareProgress
    from anymatix_fetcher.verbs.verify import verify

__version__ = "0.1.0"

__all__ = [
    "AccessDeniedError",
    "CancelToken",
    "CareProgress",
    "Checked",
    "Condition",
    "DestinationExistsError",
    "DestinationLockedError",
    "Digest",
    "DigestMismatchError",
    "DiskFullError",
    "DownloadCancelled",
    "Engine",
    "FetchError",
    "Finding",
    "FindingState",
    "IntegrityError",
    "InternalError",
    "Job",
    "ModelFacts",
    "NetworkError",
    "NotAModelError",
    "NotFoundError",
    "Phase",
    "Progress",
    "RateLimiter",
    "ReferenceSyntaxError",
    "RepresentationChangedError",
    "Result",
    "RetriesExhaustedError",
    "Settings",
    "Status",
    "StorageError",
    "UnexpectedAnswerError",
    "UnsafeModelError",
    "__version__",
    "afetch",
    "doctor",
    "fetch",
    "fetch_many",
    "inspect",
    "verify",
]

logging.getLogger("anymatix_fetcher").addHandler(logging.NullHandler())

_MODULES = (
    "anymatix_fetcher.errors",
    "anymatix_fetcher.engine.cancel",
    "anymatix_fetcher.core.values.digests",
    "anymatix_fetcher.engine.forms",
    "anymatix_fetcher.engine.settings",
    "anymatix_fetcher.engine.facts",
    "anymatix_fetcher.transports.limiter",
    "anymatix_fetcher.formats.facts",
    "anymatix_fetcher.verbs.checkup.finding",
    "anymatix_fetcher.verbs.fetch",  # imports the engine
    "anymatix_fetcher.verbs.inspect",
    "anymatix_fetcher.verbs.progress",
    "anymatix_fetcher.verbs.verify",  # imports the model library as well
    "anymatix_fetcher.verbs.checkup.examining",
)


def __getattr__(name: str) -> object:
    """A public name, imported on first use: the engine and libcurl would slow down ``--help``."""
    if name in __all__:
        from importlib import import_module  # noqa: PLC0415 - as above

        for home in _MODULES:
            module = import_module(home)
            if name in vars(module):
                return globals().setdefault(name, vars(module)[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
