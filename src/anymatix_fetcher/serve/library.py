"""What the API tells beside jobs: models that are here, where references lead, what workflows need. All of it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.queue.secrecy import may_be_stored
from anymatix_fetcher.verbs.reporting import error_object, listed_object, located_object, model_object

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.verbs.workflow import Model


def listed(where: Destinations, kind: str | None) -> dict[str, object]:
    """The models that are here.

    Raises:
        ReferenceSyntaxError: There is no such type.
    """
    from anymatix_fetcher.verbs.ls import list_models  # noqa: PLC0415 - the server is up before it is needed

    stock = list_models((), models=where.models, extra_paths=where.extra_paths, type=kind)
    return {"root": str(stock.root), "models": [listed_object(one) for one in stock.models]}


def resolved(reference: str) -> dict[str, object]:
    """What a reference leads to.

    Raises:
        FetchError: It leads nowhere.
    """
    from anymatix_fetcher.verbs.resolve import locate  # noqa: PLC0415 - as above

    found = locate(reference)
    return {"files": [located_object(one, None if one.error is None else error_object(one.error)) for one in found]}


def planned(workflow: bytes, where: Destinations) -> dict[str, object]:
    """What a workflow needs, and how it stands with each.

    Raises:
        ReferenceSyntaxError: It is no workflow.
    """
    from anymatix_fetcher.verbs.workflow import plan_workflow, with_sizes  # noqa: PLC0415 - as above

    plan = with_sizes(plan_workflow(workflow, where.folders, _size_of))
    return {"models": [_needed(one) for one in plan.models], "remarks": list(plan.remarks)}


def _needed(model: Model) -> dict[str, object]:
    """The JSON form of a needed model, with the reference that a job of it has."""
    url = model.need.url
    reference = url.reveal() if url is not None and may_be_stored(url.reveal()) else None
    error = None if model.error is None else error_object(model.error)
    return {**model_object(model, error), "reference": reference}


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
