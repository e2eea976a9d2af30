"""Compares the models that a workflow needs with the local files, and determines where missing ones belong."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.core.values.filenames import SafeName, exact_name, safe_name
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.facts import Job, Result, Status
from anymatix_fetcher.errors import FetchError, NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.library.containment import inside
from anymatix_fetcher.verbs.resolve import locate_each
from anymatix_fetcher.verbs.settings import settings_of
from anymatix_fetcher.workflows.documents import MAX_FILE_BYTES
from anymatix_fetcher.workflows.reading import requirements_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.library.containment import Bounds
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.workflows.needs import Need

EXACT_NAMES = os.name != "nt"
"""Whether files can have nearly every name that a node may ask for."""


class ModelState(StrEnum):
    """The state of a needed model."""

    HERE = "here"
    OTHER = "other content"
    """A file with its name is here, but has another digest than the workflow states, or can't be read."""
    MISSING = "missing"
    NO_ADDRESS = "no address"
    """It isn't here, and the workflow states no URL."""
    CONFLICT = "conflict"
    """The workflow names different files for the same path."""
    NO_FOLDER = "no folder"
    """There is no folder for it here, or the folder must not be written to."""


@dataclass(frozen=True, slots=True)
class Model:
    """One needed model.

    Args:
        need: What the workflow states.
        state: The model's state.
        path: Its path; ``None`` if there is no folder for it, or the server decides its name.
        directory: Its folder; ``None`` if there is none.
        bounds: The folder that it must not leave, whatever the workflow calls it.
        size: In bytes; for a missing model as its source states, if asked.
        proof: The algorithm of the digest that the local file matches; empty if nothing was compared.
        note: A remark on the local file or its name.
        error: Why it can't be fetched, as far as known.
    """

    need: Need
    state: ModelState
    path: Path | None = None
    directory: Path | None = None
    bounds: Bounds | None = None
    size: int | None = None
    proof: str = ""
    note: str = ""
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The models that a workflow needs.

    Args:
        models: Each model once, in the order of the workflow.
        remarks: What was left out, and why.
    """

    models: tuple[Model, ...]
    remarks: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Model, ...]:
        """The models that can be fetched."""
        return tuple(model for model in self.models if model.state is ModelState.MISSING)

    @property
    def unobtainable(self) -> tuple[Model, ...]:
        """The models that are neither here nor can be fetched."""
        return tuple(model for model in self.models if model.state not in (ModelState.HERE, ModelState.MISSING))

    def jobs(self, **options: Unpack[Options]) -> list[Job]:
        """The downloads of the missing models, in order.

        Args:
            **options: The settings of ``fetch``. Destination and content are filled in here.
        """
        return [_job(model, **options) for model in self.missing]

    def results(self, fetched: Sequence[Result]) -> list[Result]:
        """The results of all models, in order.

        Args:
            fetched: The results of :meth:`jobs`, in order.
        """
        coming = iter(fetched)
        return [next(coming) if model.state is ModelState.MISSING else _standing(model) for model in self.models]


def workflow_content(file: Path) -> bytes:
    """The bytes of a file that may contain a workflow.

    Raises:
        NotFoundError: There is no such file.
        ReferenceSyntaxError: It is too large for a workflow.
        StorageError: It can't be read.
    """
    if not file.is_file():
        raise NotFoundError(f"there is no file {file}", hint="Name a workflow as JSON, or a picture that contains one.")
    with storage_errors(file):
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ReferenceSyntaxError(
                f"{file} is larger than {MAX_FILE_BYTES >> 20} MiB, which is too large for a workflow",
                hint="Name a workflow as JSON, or a picture that contains one.",
            )
        return file.read_bytes()


def size_on_disk(path: Path) -> int | None:
    """The size of the file at ``path`` in bytes; ``None`` if there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def plan_workflow(
    content: bytes,
    folders: ModelFolders,
    size_of: Callable[[Path], int | None],
    *,
    exact_names: bool = EXACT_NAMES,
) -> Plan:
    """The plan for the workflow in a file.

    Args:
        content: The file's bytes: JSON, or a picture that contains a workflow.
        folders: The local model folders.
        size_of: The size of the file at a path; ``None`` if there is none.
        exact_names: Whether files can have the names that nodes ask for, as far as that is safe.

    Raises:
        ReferenceSyntaxError: The file contains no workflow.
    """
    requirements = requirements_of(content)
    needs = (*requirements.needs, *requirements.without_address)
    disputed = {need for conflict in requirements.conflicts for need in conflict.needs}
    placing = _Placing(folders, size_of, exact_names=exact_names)
    models = [placing.placed(need, disputed=need in disputed) for need in needs]
    return Plan(tuple(models), requirements.remarks)


def with_sizes(
    plan: Plan, *, public_only: bool = False, cancel: CancelToken | None = None, **options: Unpack[Options]
) -> Plan:
    """The plan completed by the sources: sizes of missing models, or the errors.

    If a local file is known by its name only, a size that differs from its source's is noted. Several sources are asked
    at a time, as in ``resolve.locate_each``: if a catalogue states all that is needed, no other server is asked.

    Args:
        plan: The plan.
        public_only: As for :func:`resolve.locate`.
        cancel: Stops the operation.
        **options: As for :func:`resolve.locate`.

    Raises:
        DownloadCancelled: The operation was stopped.
    """
    asked = [model for model in plan.models if _is_asked_for(model)]
    references = [model.need.url.reveal() for model in asked if model.need.url is not None]
    found = locate_each(references, author=Author.FILE, public_only=public_only, cancel=cancel, **options)
    located = dict(zip(map(id, asked), found, strict=True))
    models: list[Model] = []
    for model in plan.models:
        one = located.get(id(model))
        if one is None:
            models.append(model)
        elif model.state is ModelState.HERE:
            models.append(_compared(model, None if isinstance(one, FetchError) else one.length))
        elif isinstance(one, FetchError):
            models.append(replace(model, error=one))
        else:
            models.append(replace(model, size=one.length, error=one.error))
    return replace(plan, models=tuple(models))


def _is_asked_for(model: Model) -> bool:
    is_unproved = model.state is ModelState.HERE and not model.proof
    return model.need.url is not None and (is_unproved or model.state is ModelState.MISSING)


def _compared(model: Model, stated: int | None) -> Model:
    if stated is None or model.size in (None, stated):
        return model
    note = f"it has {model.size:,} bytes, but its source states {stated:,}"
    return replace(model, note="; ".join(filter(None, (model.note, note))))


class _Placing:
    """Looks for models in their folders.

    Args:
        folders: The local model folders.
        size_of: The size of the file at a path; ``None`` if there is none.
        exact_names: Whether files can have the names that nodes ask for.
    """

    def __init__(self, folders: ModelFolders, size_of: Callable[[Path], int | None], *, exact_names: bool) -> None:
        self._folders = folders
        self._size_of = size_of
        self._exact_names = exact_names

    def placed(self, need: Need, *, disputed: bool) -> Model:
        """The state of a need; ``disputed`` if the workflow names different files for its path."""
        first, _, below = need.directory.partition("/")
        try:
            folder = self._folders.target(first)
            bounds, target = self._folders.bounds(folder), _below(folder, below)
            # In ComfyUI's own order: of several files with one name it uses the first.
            places = dict.fromkeys([*(_below(path, below) for path in self._folders.paths(first)), target])
            if need.name is None:
                return _addressed(Model(need, ModelState.MISSING, directory=target, bounds=bounds))
            spellings = list(self._spellings(need.name))
            for parts in spellings:
                for place in places:
                    path = inside(place, parts)
                    size = self._size_of(path)
                    if size is not None:
                        return _found(need, path, size, note=_note(need.name, parts), disputed=disputed)
            path = inside(target, spellings[0])
            bounds.check(path)
        except FetchError as error:
            return Model(need, ModelState.NO_FOLDER, error=error)
        model = Model(need, ModelState.MISSING, path, path.parent, bounds, note=_note(need.name, spellings[0]))
        if disputed:
            return _conflict(model)
        return _addressed(model)

    def _spellings(self, name: str) -> Iterator[tuple[SafeName, ...]]:
        """The possible names: as the node asks for it, in the other Unicode normalization form, and portable."""
        seen = set[tuple[SafeName, ...]]()
        forms = (name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))) if self._exact_names else ()
        exact = [[exact_name(part) for part in form.split("/")] for form in forms]
        for parts in (*exact, [safe_name(part) for part in name.split("/")]):
            whole = tuple(part for part in parts if part is not None)
            if len(whole) == len(parts) and whole not in seen:
                seen.add(whole)
                yield whole


def _found(need: Need, path: Path, size: int, *, note: str, disputed: bool) -> Model:
    model = Model(need, ModelState.HERE, path, path.parent, size=size, note=note)
    return _conflict(model) if disputed else model


def _note(asked: str, parts: Sequence[SafeName]) -> str:
    stored = "/".join(parts)
    return (
        "" if stored == asked else (f"the node asks for {asked!r}; it is stored as {stored!r}: select it in the node")
    )


def _conflict(model: Model) -> Model:
    error = NotFoundError(
        f"the workflow names different files for {model.need}",
        hint="Nothing tells which one is right: fetch it by its URL with -o.",
    )
    return replace(model, state=ModelState.CONFLICT, error=error)


def _addressed(model: Model) -> Model:
    """The missing model, marked as unobtainable if the workflow states no URL."""
    need = model.need
    if need.url is not None:
        return model
    what = f"the model in {need.directory} with {need.digest}" if need.name is None and need.digest else str(need)
    error = NotFoundError(
        f"{what} isn't here, and the workflow doesn't say where to get it",
        hint="Find its URL, and fetch it into its folder by -t TYPE.",
    )
    return replace(model, state=ModelState.NO_ADDRESS, error=error)


def _standing(model: Model) -> Result:
    """The result of a model that wasn't fetched."""
    is_here = model.state is ModelState.HERE
    digest = model.need.digest
    return Result(
        reference=str(model.need.url or model.need),
        status=Status.PRESENT if is_here else Status.FAILED,
        path=model.path if is_here else None,
        size=model.size,
        sha256=digest.hex if digest is not None and model.proof == "sha256" else None,
        verified=model.proof or "none",
        error=model.error,
    )


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
