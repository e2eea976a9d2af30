"""Previews of references and workflows, without adding a job. All functions wait for other servers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.core.values.digests import COLLISION_FREE
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.library.placing import AUTO, chosen_folder
from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.queue.secrecy import may_be_stored
from anymatix_fetcher.serve.space import room_at
from anymatix_fetcher.verbs.reporting import error_object, located_object, model_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.verbs.planning import Model
    from anymatix_fetcher.verbs.resolve import Located


def resolved(queue: Queue, body: Mapping[str, Any], cancel: CancelToken) -> dict[str, object]:
    """The files of a reference, with the destination that a job would choose and existing copies.

    Args:
        queue: The queue, for its jobs and folders.
        body: The reference, and the type, directory and ``public_only`` of the job.
        cancel: Stops the function.

    Raises:
        FetchError: The reference can't be resolved, or the destination isn't allowed.
    """
    from anymatix_fetcher.verbs.resolve import locate  # noqa: PLC0415 - not needed at the server's start
    from anymatix_fetcher.wiring.models import opened_place  # noqa: PLC0415 - as above

    kind, directory = body.get("type") or "", body.get("directory") or ""
    wanted = JobWanted(reference=str(body["reference"]), type=kind, directory=directory)
    where = queue.destinations
    folder = where.place(wanted)  # raises before a request is sent
    found = locate(wanted.reference, public_only=body.get("public_only", False), cancel=cancel)
    first = found[0].error if found else None
    if first is not None and all(one.error is not None and not one.digests for one in found):
        raise first  # no file could be resolved
    jobs = {job.path: job.id for job in queue.jobs() if job.path is not None and not job.has_ended}
    with opened_place(where.models, where.extra_paths) as place:
        files = []
        for one in found:
            destination = _destination(one, kind, folder, where)
            here = _copies(one.digests, place.index)
            room = None if destination is None else room_at(destination.parent)
            files.append(
                {
                    **located_object(one, None if one.error is None else error_object(one.error)),
                    "destination": None if destination is None else str(destination),
                    "here": list(map(str, here)),
                    "taken": destination is not None and destination not in here and os.path.lexists(destination),
                    "free": None if room is None else room.free,
                    "job": jobs.get(str(destination)),
                }
            )
    return {"files": files}


def _destination(one: Located, kind: str, folder: str, where: Destinations) -> Path | None:
    """The destination that a job would choose; ``None`` if it depends on the file's content."""
    try:
        chosen = chosen_folder(where.folders, AUTO, one.about.type)[0] if kind == AUTO else Path(folder)
    except FetchError:
        return None
    return chosen.joinpath(*one.folder, one.name)


def _copies(digests: Iterable[Digest], index: Index) -> list[Path]:
    """The files hashed on this machine that have one of the digests."""
    from anymatix_fetcher.library.entries import HowKnown  # noqa: PLC0415 - as above

    settling = (digest for digest in digests if digest.algorithm in COLLISION_FREE)
    found = (one.path for digest in settling for one in index.wanted(digest) if one.proof is HowKnown.HASHED)
    return list(dict.fromkeys(found))


def planned(
    workflow: bytes, where: Destinations, cancel: CancelToken, *, quick: bool = False, public_only: bool = False
) -> dict[str, object]:
    """The models that a workflow needs, and whether each is present, by name and by the digests in the workflow.

    Args:
        workflow: The file's bytes.
        where: The folders of models.
        cancel: Stops the function.
        quick: Compare names only: no file is hashed, and no source is asked for sizes.
        public_only: Whether URLs in it may lead only to public addresses.

    Raises:
        ReferenceSyntaxError: The file is not a workflow.
        DownloadCancelled: ``cancel`` was called.
    """
    from anymatix_fetcher.verbs.planning import plan_workflow, size_on_disk, with_sizes  # noqa: PLC0415 - as above
    from anymatix_fetcher.verbs.presence import examined  # noqa: PLC0415 - as above
    from anymatix_fetcher.wiring.models import opened_place  # noqa: PLC0415 - as above

    plan = plan_workflow(workflow, where.folders, size_on_disk)
    with opened_place(where.models, where.extra_paths) as place:
        plan = plan if quick else examined(plan, place.index, cancel=cancel)
        copies = [_copies([model.need.digest] if model.need.digest else (), place.index) for model in plan.models]
    plan = plan if quick else with_sizes(plan, public_only=public_only, cancel=cancel)
    models = [_needed(model, here) for model, here in zip(plan.models, copies, strict=True)]
    return {"models": models, "remarks": list(plan.remarks)}


def _needed(model: Model, copies: list[Path]) -> dict[str, object]:
    """A needed model as a JSON object, with the reference for a job and the path of an existing copy."""
    url = model.need.url
    reference = url.reveal() if url is not None and may_be_stored(url.reveal()) else None
    error = None if model.error is None else error_object(model.error)
    copy = next((path for path in copies if path != model.path), None)
    return {**model_object(model, error), "reference": reference, "copy": None if copy is None else str(copy)}
