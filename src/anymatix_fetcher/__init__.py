"""AnymatixFetcher: downloads model files from any server, in parallel, resumably, and never with a wrong byte.

>>> from anymatix_fetcher import fetch
>>> result = fetch("https://example.com/model.safetensors", directory="models")  # doctest: +SKIP
>>> result.path, result.sha256, result.verified  # doctest: +SKIP

The public API consists of the names in ``__all__``. The modules inside may change.

Words, each with one meaning:

reference
    What a user types: a URL, ``civitai:143906``, ``hf:org/repo/file``, ``sha256://HEX``.
resource
    What a source resolved a reference to: URL, length, digests, name, expiry.
source
    A module that turns the references of one service into resources.
representation
    The exact bytes at one moment (RFC 9110, section 3.2), with a validator and a complete length.
validator
    What proves two responses to be of the same representation: a strong entity tag, or a date.
origin, target
    The host that the user named; the URL that its redirects lead to.
place, mirror, peer
    Where a file can be fetched from: the first place, another one, another ``anyfetch serve --share``.
span
    A half-open range of bytes, ``[start, stop)``.
segment
    A span that one request asks for: the unit of scheduling.
block
    A piece of fixed size with a checksum in the journal: the unit of proof.
exchange
    One request and its response.
flow
    An exchange with a body that arrives.
shared connection
    An HTTP/2 connection that carries the requests of several files.
pace, share
    The controller of a host's number of connections; the part of them that one download may use.
time to first byte, round trip
    The seconds from a request to its response's head; those from a packet to its acknowledgement.
goodput
    Bytes a second that are kept, of all flows together.
backoff
    The growing wait after failures, with jitter.
work stealing
    An idle connection takes over the end of a slower flow's segment.
hedged request
    The last bytes are asked for a second time where a flow hangs; the first response counts.
renewal
    A signed URL that expires is made anew, once for all flows.
claim, proof
    What a journal, sidecar, index or server states; what was read and compared here.
verified
    Which proof a result has: a digest's algorithm, ``length``, or ``none``.
destination, lease
    The path that the file gets; the exclusive right of one process to it, held by a lock file.
single flight
    A second request for the same job waits for the first one's result.
part file, journal
    The incomplete file beside its destination; the durable list of its proved blocks.
resume, takeover
    Going on with our own part file; going on with what another program has left.
adopt
    A model that was brought by hand gets its sidecar and its entry in the index.
publish
    The one atomic rename that gives a verified file its name.
sidecar, index
    The JSON beside a model that says what it is; the database of known files by digest.
remove, prune
    Taking a model away; taking away what no file needs any more.
job, queue
    A reference with its destination and settings; jobs that outlive a process, in their order.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.engine.bench import Measured
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
    from anymatix_fetcher.verbs.adopt import Adopted, adopt
    from anymatix_fetcher.verbs.bench import bench
    from anymatix_fetcher.verbs.checked import Checked, Condition
    from anymatix_fetcher.verbs.checkup.examining import doctor
    from anymatix_fetcher.verbs.checkup.finding import Finding, FindingState
    from anymatix_fetcher.verbs.comparing import SyncState
    from anymatix_fetcher.verbs.dedupe import Deduped, dedupe
    from anymatix_fetcher.verbs.fetch import afetch, fetch, fetch_many
    from anymatix_fetcher.verbs.inspect import inspect
    from anymatix_fetcher.verbs.lock import LockReport, lock
    from anymatix_fetcher.verbs.locking import LockChange, LockEntry
    from anymatix_fetcher.verbs.ls import Listed, Stock, ls
    from anymatix_fetcher.verbs.planning import ModelState
    from anymatix_fetcher.verbs.progress import CareProgress
    from anymatix_fetcher.verbs.prune import Pruned, prune
    from anymatix_fetcher.verbs.remove import FolderRemoval, remove
    from anymatix_fetcher.verbs.resolve import Located, resolve
    from anymatix_fetcher.verbs.sync import Synced, sync
    from anymatix_fetcher.verbs.verify import verify
    from anymatix_fetcher.verbs.workflow import WorkflowReport, workflow

__version__ = "0.1.0"

__all__ = [
    "AccessDeniedError",
    "Adopted",
    "CancelToken",
    "CareProgress",
    "Checked",
    "Condition",
    "Deduped",
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
    "FolderRemoval",
    "IntegrityError",
    "InternalError",
    "Job",
    "Listed",
    "Located",
    "LockChange",
    "LockEntry",
    "LockReport",
    "Measured",
    "ModelFacts",
    "ModelState",
    "NetworkError",
    "NotAModelError",
    "NotFoundError",
    "Phase",
    "Progress",
    "Pruned",
    "RateLimiter",
    "ReferenceSyntaxError",
    "RepresentationChangedError",
    "Result",
    "RetriesExhaustedError",
    "Settings",
    "Status",
    "Stock",
    "StorageError",
    "SyncState",
    "Synced",
    "UnexpectedAnswerError",
    "UnsafeModelError",
    "WorkflowReport",
    "__version__",
    "adopt",
    "afetch",
    "bench",
    "dedupe",
    "doctor",
    "fetch",
    "fetch_many",
    "inspect",
    "lock",
    "ls",
    "prune",
    "remove",
    "resolve",
    "sync",
    "verify",
    "workflow",
]

logging.getLogger("anymatix_fetcher").addHandler(logging.NullHandler())

_VALUES = (
    "anymatix_fetcher.errors",
    "anymatix_fetcher.engine.cancel",
    "anymatix_fetcher.core.values.digests",
    "anymatix_fetcher.engine.forms",
    "anymatix_fetcher.engine.settings",
    "anymatix_fetcher.engine.facts",
    "anymatix_fetcher.transports.limiter",
    "anymatix_fetcher.formats.facts",
    "anymatix_fetcher.verbs.checkup.finding",
    "anymatix_fetcher.verbs.progress",
    "anymatix_fetcher.engine.bench",
    "anymatix_fetcher.verbs.checked",  # imports the model library, as all below do
    "anymatix_fetcher.verbs.adopt",
    "anymatix_fetcher.verbs.dedupe",
    "anymatix_fetcher.verbs.ls",
    "anymatix_fetcher.verbs.prune",
    "anymatix_fetcher.verbs.remove",
    "anymatix_fetcher.verbs.resolve",
    "anymatix_fetcher.verbs.comparing",
    "anymatix_fetcher.verbs.planning",
    "anymatix_fetcher.verbs.locking",
    "anymatix_fetcher.verbs.lock",
    "anymatix_fetcher.verbs.sync",
    "anymatix_fetcher.verbs.workflow",
)
"""The modules of public values, ordered by the cost of their import."""
_FETCH = "anymatix_fetcher.verbs.fetch"
_ELSEWHERE = {"fetch_many": _FETCH, "afetch": _FETCH, "doctor": "anymatix_fetcher.verbs.checkup.examining"}
"""The verbs in modules with another name."""


def __getattr__(name: str) -> object:
    """A public name, imported on first use: the engine and libcurl would slow down ``--help``."""
    if name in __all__:
        from importlib import import_module  # noqa: PLC0415 - as above

        is_verb = name.islower()
        homes = (_ELSEWHERE.get(name, f"anymatix_fetcher.verbs.{name}"),) if is_verb else _VALUES
        for home in homes:
            module = import_module(home)
            if name in vars(module):
                return globals().setdefault(name, vars(module)[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All public names, used or not."""
    return list(__all__)
