"""What a workflow needs, set against what is here: which models are there, and where the missing ones belong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.filenames import safe_name
from anymatix_fetcher.core.resource import Author
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.library.containment import inside
from anymatix_fetcher.looking import locate_each
from anymatix_fetcher.options import Options, settings_of
from anymatix_fetcher.workflows.reading import requirements_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.library.containment import Bounds
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.workflows.needs import Need


class State(Enum):
    """How it stands with one needed model."""

    HERE = "here"
    MISSING = "missing"
    NO_ADDRESS = "no address"
    """It isn't here, and the workflow doesn't say where it is."""
    CONFLICT = "conflict"
    """The workflow names different files for the same place."""
    NO_FOLDER = "no folder"
    """There is no folder for it here, or it mustn't be written to."""


@dataclass(frozen=True, slots=True)
class Model:
    """One needed model.

    Args:
        need: What the workflow says.
        state: How it stands.
        path: Where it is, or belongs; ``None`` where there is no such place, or the server decides its name.
        directory: The folder that it belongs into; ``None`` where there is none.
        bounds: Where it has to stay, whatever the workflow calls it.
        size: In bytes; of a missing one what its source states, where it was asked.
        error: Why it can't be had, as far as known.
    """

    need: Need
    state: State
    path: Path | None = None
    directory: Path | None = None
    bounds: Bounds | None = None
    size: int | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a workflow needs.

    Args:
        models: Each of them, once, in the order of the workflow.
        remarks: What was left out and why.
    """

    models: tuple[Model, ...]
    remarks: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Model, ...]:
        """Those that can be fetched."""
        return tuple(model for model in self.models if model.state is State.MISSING)

    @property
    def unobtainable(self) -> tuple[Model, ...]:
        """Those that are neither here nor can be fetched."""
        return tuple(model for model in self.models if model.state not in (State.HERE, State.MISSING))

    def jobs(self, **options: Unpack[Options]) -> list[Job]:
        """The downloads of the missing ones, in their order.

        Args:
            **options: As for ``fetch``; what is about the destination and the content is filled in here.
        """
        return [_job(model, **options) for model in self.missing]


def plan_workflow(content: bytes, folders: ModelFolders, size_of: Callable[[Path], int | None]) -> Plan:
    """The plan for the workflow in a file.

    Args:
        content: The file's bytes: JSON, or a picture that carries a workflow.
        folders: Where models lie here.
        size_of: Bytes of the file at a path; ``None`` where there is none.

    Raises:
        ReferenceSyntaxError: There is no workflow in it.
    """
    requirements = requirements_of(content)
    needs = (*requirements.needs, *requirements.without_address)
    disputed = {need for conflict in requirements.conflicts for need in conflict.needs}
    models = [_placed(need, folders, size_of, disputed=need in disputed) for need in needs]
    return Plan(tuple(models), requirements.remarks)


def with_sizes(plan: Plan, *, cancel: CancelToken | None = None, **options: Unpack[Options]) -> Plan:
    """The plan with what the sources say of the missing ones: their sizes, or why they can't be had.

    Of each one byte is asked for, several at a time.

    Raises:
        DownloadCancelled: It was stopped.
    """
    references = [model.need.url.reveal() for model in plan.missing if model.need.url is not None]
    found = iter(locate_each(references, author=Author.FILE, cancel=cancel, **options))
    models: list[Model] = []
    for model in plan.models:
        if model.state is not State.MISSING:
            models.append(model)
            continue
        located = next(found)
        if isinstance(located, FetchError):
            models.append(replace(model, error=located))
        else:
            models.append(replace(model, size=located.length, error=located.error))
    return replace(plan, models=tuple(models))


def _placed(need: Need, folders: ModelFolders, size_of: Callable[[Path], int | None], *, disputed: bool) -> Model:
    first, _, below = need.directory.partition("/")
    try:
        folder = folders.target(first)
        bounds, target = folders.bounds(folder), _below(folder, below)
        places = [_below(path, below) for path in folders.paths(first)]
        if need.name is None:
            return Model(need, State.MISSING, directory=target, bounds=bounds)
        for place in (target, *places):
            path = _below(place, need.name)
            size = size_of(path)
            if size is not None:
                return Model(need, State.CONFLICT if disputed else State.HERE, path, path.parent, size=size)
        path = _below(target, need.name)
        bounds.check(path)
    except FetchError as error:
        return Model(need, State.NO_FOLDER, error=error)
    state = State.CONFLICT if disputed else State.MISSING if need.url is not None else State.NO_ADDRESS
    return Model(need, state, path, path.parent, bounds)


def _below(folder: Path, path: str) -> Path:
    parts = [name for part in path.split("/") if part and (name := safe_name(part)) is not None]
    return inside(folder, parts)


def _job(model: Model, **options: Unpack[Options]) -> Job:
    need = model.need
    if need.url is None:
        raise AssertionError("what is missing has an address")
    settings = settings_of(**options)
    settings = replace(
        settings,
        output=model.path,
        directory=model.directory or settings.directory,
        digests=(need.digest,) if need.digest is not None else (),
        bounds=model.bounds,
    )
    return Job(need.url.reveal(), settings, Author.FILE)
