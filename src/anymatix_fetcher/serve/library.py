"""The API's operations on the model library: list, verify, remove. All functions wait for the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.verbs.reporting import checked_object, error_object, listed_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.verbs.ls import Stock


def listed(queue: Queue, kind: str | None) -> dict[str, object]:
    """All models below the models roots, and those that jobs have stored elsewhere.

    Raises:
        ReferenceSyntaxError: The type is unknown.
    """
    stock = _stock(queue, kind)
    return {"root": str(stock.root), "models": [listed_object(one) for one in stock.models]}


def verified(queue: Queue, paths: Sequence[str], cancel: CancelToken) -> dict[str, object]:
    """The result of verifying each file; reads every byte.

    Raises:
        NotFoundError: A path is not one of the listed models.
    """
    from anymatix_fetcher.verbs.verify import verify  # noqa: PLC0415 - not needed at the server's start

    where = queue.destinations
    chosen = _known(queue, paths)
    found = verify(chosen, models=where.models, extra_paths=where.extra_paths, cancel=cancel)
    return {"models": [checked_object(one, None if one.error is None else error_object(one.error)) for one in found]}


def removed(queue: Queue, paths: Sequence[str]) -> dict[str, object]:
    """Removes models and their records.

    Raises:
        NotFoundError: A path is not one of the listed models; nothing was removed.
        StorageError: A file can't be removed; those after it were not removed.
    """
    from anymatix_fetcher.verbs.remove import remove  # noqa: PLC0415 - as above

    where = queue.destinations
    chosen = _known(queue, paths)
    going = remove(chosen, models=where.models, extra_paths=where.extra_paths) if chosen else []
    gone = [str(one.folder / name) for one in going for name in one.models]
    return {"removed": gone, "bytes_freed": sum(one.bytes_freed for one in going)}


def _stock(queue: Queue, kind: str | None) -> Stock:
    from anymatix_fetcher.verbs.ls import list_models  # noqa: PLC0415 - as above

    where = queue.destinations
    return list_models((), models=where.models, extra_paths=where.extra_paths, type=kind, others=_brought(queue))


def _brought(queue: Queue) -> list[Path]:
    """The files of finished jobs that lie in the server's folders."""
    paths = (Path(job.path) for job in queue.jobs(JobState.DONE) if job.path is not None)
    return [path for path in paths if any(path.is_relative_to(root) for root in queue.destinations.roots)]


def _known(queue: Queue, paths: Sequence[str]) -> list[Path]:
    """The paths to act on; only paths exactly as in the listing are accepted."""
    from anymatix_fetcher.wiring.models import files_at, opened_place  # noqa: PLC0415 - as above

    where = queue.destinations
    with opened_place(where.models, where.extra_paths) as place:
        brought = [path for path in _brought(queue) if path.is_file()]
        files = files_at(place, [*(root for root in place.folders.roots if root.is_dir()), *brought])
    known = {str(path) for one in files for path in one.paths}
    for path in paths:
        if path not in known:
            raise NotFoundError(f"{path[:200]!r} is not a known model", hint="List the models with GET /api/v1/models.")
    return [Path(path) for path in dict.fromkeys(paths)]
