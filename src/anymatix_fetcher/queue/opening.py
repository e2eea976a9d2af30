"""Opens the queue with its state folder, its models roots and the engine."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import FetchError, ReferenceSyntaxError
from anymatix_fetcher.library.hash_named import parse_hash_reference
from anymatix_fetcher.library.roots import find_models
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.queue import Queue
from anymatix_fetcher.queue.runner import EngineRunner
from anymatix_fetcher.queue.store import JobStore
from anymatix_fetcher.transports.limiter import RateLimiter
from anymatix_fetcher.wiring.composition import resolving
from anymatix_fetcher.wiring.environment import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.engine.facts import Job


def destinations(directory: Path, models: Path | None = None, extra_paths: Sequence[Path] = ()) -> Destinations:
    """The folders that jobs may write to.

    Args:
        directory: The server's own folder.
        models: The models root; ``None`` to search for it.
        extra_paths: Further files in the format of ``extra_model_paths.yaml``.

    Raises:
        ReferenceSyntaxError: One of ``extra_paths`` can't be read.
    """
    here = Path.cwd()
    root = find_models(models, environment=os.environ, current=here, home=Path.home())
    models = None if models is None else here / models
    extra = tuple(here / path for path in extra_paths)
    return Destinations(Path(os.path.abspath(directory)), root.folders(extra), models, extra)  # noqa: PTH100 - no link


def open_queue(
    state: Path,
    where: Destinations,
    *,
    ca_file: Path | None = None,
    verify_tls: bool = True,
    peers: tuple[str, ...] = (),
) -> Queue:
    """The queue stored in ``state``. The caller starts and closes it.

    Args:
        state: The state folder; it is created with access for this user only.
        where: The folders that jobs may write to.
        ca_file: A file of CA certificates to trust instead of the system's.
        verify_tls: Whether certificates are checked.
        peers: Servers that are asked first for files with known digests.

    Raises:
        DestinationLockedError: Another process has opened the queue.
        StorageError: The folder can't be used.
    """
    limiter = RateLimiter()
    store = JobStore(state, now=time.time())
    runner = EngineRunner(limiter, ca_file=ca_file, verify_tls=verify_tls, peers=peers)
    return Queue(store, where, runner, limiter, check=checker())


def checker() -> Callable[[Job], None]:
    """A function that raises ``ReferenceSyntaxError`` for an invalid reference; it sends no request."""
    surroundings = cache(environment)

    def check(job: Job) -> None:
        if parse_hash_reference(job.reference) is not None:
            return
        talk = resolving(job, surroundings())
        try:
            next(talk)
        except ReferenceSyntaxError:
            raise
        except (FetchError, StopIteration):
            pass  # other errors are reported when the job runs
        finally:
            talk.close()

    return check
