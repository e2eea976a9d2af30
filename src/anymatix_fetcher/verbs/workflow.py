"""``workflow``: finds out which models a ComfyUI workflow needs, and fetches the missing ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.verbs.fetch import fetch_many
from anymatix_fetcher.verbs.planning import (
    Model,
    ModelState,
    plan_workflow,
    size_on_disk,
    with_sizes,
    workflow_content,
)
from anymatix_fetcher.verbs.presence import examined
from anymatix_fetcher.verbs.progress import unheard
from anymatix_fetcher.verbs.settings import getting_there, refuse_headers
from anymatix_fetcher.wiring.models import opened_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Progress, Result
    from anymatix_fetcher.verbs.progress import CareProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowReport:
    """The models that a workflow needs.

    Args:
        models: Each model once, in the order of the workflow, in its state after the call.
        results: The result for each, in the same order; empty after a dry run. A model that was here is ``present``,
            and one that couldn't be fetched has an ``error``.
        remarks: What was left out, and why.
        root: The models root.
    """

    models: tuple[Model, ...]
    results: tuple[Result, ...] = ()
    remarks: tuple[str, ...] = ()
    root: Path


@explained(GettingThere)
def workflow(
    file: Path | str,
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    dry_run: bool = False,
    on_progress: Callable[[CareProgress], None] | None = None,
    on_download: Callable[[tuple[Progress, ...]], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> WorkflowReport:
    """Fetches the models that a ComfyUI workflow needs and that aren't here, to where its nodes look for them.

    A model that is here is compared with the digest that the workflow states, if it does. A failed download is a result
    as well, and doesn't stop the others.

    >>> from anymatix_fetcher import workflow
    >>> report = workflow("flux.json", models="ComfyUI", dry_run=True)  # doctest: +SKIP
    >>> [(model.path, model.size) for model in report.models if model.state.value == "missing"]  # doctest: +SKIP

    Args:
        file: The workflow as JSON in either format, or a picture or FLAC file that ComfyUI saved it in.
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        dry_run: Whether to fetch nothing. The sources are asked for the sizes of missing models instead.
        on_progress: Called several times a second while files are read, on the calling thread.
        on_download: Called about four times a second with the progress of each download, on the calling thread.
        cancel: Stops the operation.
        **options: The network settings of :func:`fetch`, but no ``headers``.

    Returns:
        The state and the result of each model; sizes in bytes.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type, or the file contains no workflow.
        NotFoundError: There is no such file.
        StorageError: The file can't be read.
        DownloadCancelled: It was stopped before anything was fetched.
    """
    forms.switches(dry_run=dry_run)
    forms.callbacks(on_progress=on_progress, on_download=on_download)
    getting_there(**options)
    refuse_headers(options, "the workflow")
    path, cancel = forms.named_file("file", file), forms.token(cancel)
    models, extra_paths = forms.path("models", models), forms.paths("extra_paths", extra_paths)
    content = workflow_content(path)
    with opened_place(models, extra_paths) as place:
        plan = plan_workflow(content, place.folders, size_on_disk)
        plan = examined(plan, place.index, on_progress=on_progress or unheard, cancel=cancel)
        root = place.folders.models
    if dry_run:
        plan = with_sizes(plan, cancel=cancel, **options)
        return WorkflowReport(models=plan.models, remarks=plan.remarks, root=root)
    jobs = plan.jobs(**options, models=models, extra_paths=extra_paths, sidecar=True)
    results = plan.results(fetch_many(jobs, cancel=cancel, on_progress=on_download))
    found = tuple(map(_with_result, plan.models, results))
    return WorkflowReport(models=found, results=tuple(results), remarks=plan.remarks, root=root)


def _with_result(model: Model, result: Result) -> Model:
    """The model in its state after the download, if there was one."""
    if model.state is not ModelState.MISSING:
        return model
    if result.error is not None:
        return replace(model, error=result.error)
    return replace(model, state=ModelState.HERE, path=result.path, size=result.size)
