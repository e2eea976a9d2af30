"""Whether the file at a model's path is that model, by the workflow's digest or by its first bytes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DigestMismatchError, DownloadCancelled, FetchError, StorageError
from anymatix_fetcher.library.reading import read_through
from anymatix_fetcher.storage.hashing import new_hasher
from anymatix_fetcher.verbs.checked import unreadable
from anymatix_fetcher.verbs.first_look import impossible
from anymatix_fetcher.verbs.planning import ModelState
from anymatix_fetcher.verbs.progress import Tracker, unheard, worked_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.reading import Reading
    from anymatix_fetcher.verbs.planning import Model, Plan
    from anymatix_fetcher.verbs.progress import OnCare

_SHOWN_DIGITS = 12


def examined(plan: Plan, index: Index, *, on_progress: OnCare = unheard, cancel: CancelToken | None = None) -> Plan:
    """The plan with the local files compared with what the workflow states.

    A stated digest is compared with the index's digest of the unchanged file; if the index has none, the file is
    hashed, several files at a time. A file with another digest is another file. Without a stated digest the first bytes
    are examined.

    Args:
        plan: The needed models, and the local files with their names.
        index: The known files; it stores computed digests.
        on_progress: Called with the progress of hashing.
        cancel: Stops the operation.

    Raises:
        DownloadCancelled: The operation was stopped.
    """
    cancel = cancel or CancelToken()
    found = [_at_hand(model, index) for model in plan.models]
    unread = [(number, one) for number, one in enumerate(found) if isinstance(one, _Unread)]
    models = {number: one for number, one in enumerate(found) if not isinstance(one, _Unread)}
    sizes = [one.model.size or 0 for _, one in unread]
    tracker = Tracker("checking", sizes, [one.path.name for _, one in unread], on_progress)
    for task, reading in worked_through([one.read for _, one in unread], tracker, cancel):
        number, one = unread[task]
        models[number] = one.compared(reading, index)
    if cancel.cancelled:
        raise DownloadCancelled("files were being compared", hint="Nothing was started; run it again.")
    return replace(plan, models=tuple(models[number] for number in range(len(found))))


@dataclass(frozen=True, slots=True)
class _Unread:
    """A local file that has to be hashed to tell whether it is the model."""

    model: Model
    path: Path
    digest: Digest

    def read(self, on_bytes: Callable[[int], None]) -> Reading | FetchError:
        """The content of the file, or the error."""
        try:
            return read_through(self.path, [self.digest.algorithm], new_hasher, on_bytes=on_bytes)
        except OSError as error:
            return unreadable(self.path, error)
        except FetchError as error:
            return error

    def compared(self, reading: Reading | FetchError, index: Index) -> Model:
        """The model's state after hashing, which the index stores."""
        if isinstance(reading, StorageError):
            return replace(self.model, state=ModelState.OTHER, error=reading)
        if isinstance(reading, FetchError):
            return _noted(self.model, f"its {self.digest.algorithm} can't be checked: {reading.message}")
        index.add(self.path, reading.digests, state=reading.state, blocks=reading.blocks, read_at=time.time())
        return _held_against(self.model, reading.digests, self.path, self.digest)


def _at_hand(model: Model, index: Index) -> Model | _Unread:
    """The model's state as far as it is known without hashing."""
    wanted = model.need.digest
    if model.state is ModelState.NO_ADDRESS and model.need.name is None and wanted is not None:
        # It has no name, only content: any file with that content is it.
        candidate = next(iter(index.wanted(wanted)), None)
        if candidate is not None:
            path, size = candidate.path, candidate.state.size
            model = replace(model, state=ModelState.HERE, path=path, directory=path.parent, size=size, error=None)
    if model.state is not ModelState.HERE or model.path is None:
        return model
    if wanted is None:
        return _looked_at(model, model.path)
    known = index.digests(model.path)
    if wanted.algorithm in {digest.algorithm for digest in known}:
        return _held_against(model, known, model.path, wanted)
    return _Unread(model, model.path, wanted)


def _held_against(model: Model, known: tuple[Digest, ...], path: Path, wanted: Digest) -> Model:
    actual = next(digest for digest in known if digest.algorithm == wanted.algorithm)
    if actual == wanted:
        return replace(model, proof=wanted.algorithm)
    error = DigestMismatchError(
        f"{path} is not the file that the workflow asks for: its {wanted.algorithm} is "
        f"{actual.hex[:_SHOWN_DIGITS]}..., not {wanted.hex[:_SHOWN_DIGITS]}...",
        hint="The file is left unchanged. Rename or remove it and run this again, or select another file in the node.",
    )
    return replace(model, state=ModelState.OTHER, error=error)


def _looked_at(model: Model, path: Path) -> Model:
    """The model with a note if its first bytes contradict its name."""
    try:
        refusal: FetchError | None = impossible(path)
    except OSError as error:
        refusal = unreadable(path, error)
    return model if refusal is None else _noted(model, refusal.message)


def _noted(model: Model, note: str) -> Model:
    return replace(model, note="; ".join(filter(None, (model.note, note))))
