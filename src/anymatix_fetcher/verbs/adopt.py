"""``adopt``: hashes models without a recorded origin, and asks Civitai to identify them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from anymatix_fetcher.core.values.disk_errors import storage_error
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.errors import DownloadCancelled, FetchError
from anymatix_fetcher.library.adopt import plan_adoption
from anymatix_fetcher.library.reading import read_through
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.library.types import known_type
from anymatix_fetcher.storage.hashing import new_hasher
from anymatix_fetcher.verbs.first_look import impossible
from anymatix_fetcher.verbs.identifying import Identifier
from anymatix_fetcher.verbs.progress import Tracker, done, unheard, worked_through
from anymatix_fetcher.verbs.settings import getting_there
from anymatix_fetcher.wiring.models import opened_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.library.adopt import Foundling
    from anymatix_fetcher.library.reading import Reading
    from anymatix_fetcher.verbs.identifying import Identified
    from anymatix_fetcher.verbs.progress import CareProgress, OnCare
    from anymatix_fetcher.wiring.models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The outcome for a model without a sidecar.

    Args:
        path: The model's path.
        folder: Its model folder; ``None`` if unknown.
        size: In bytes.
        sha256: In hex; ``None`` if the file can't be read.
        identified: What Civitai knows of it; ``None`` if nothing.
        sidecar: The sidecar that was written; ``None`` if none was.
        error: Why it couldn't be identified; ``None`` on success.
    """

    path: Path
    folder: str | None
    size: int
    sha256: str | None = None
    identified: Identified | None = None
    sidecar: Path | None = None
    error: FetchError | None = None


@explained(GettingThere)
def adopt(
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    dry_run: bool = False,
    on_progress: Callable[[CareProgress], None] | None = None,
    on_adopted: Callable[[Adopted], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> list[Adopted]:
    """Identifies each model without a sidecar: it is hashed, Civitai is asked, and a sidecar is written.

    The models themselves aren't changed. After a cancellation, those that were finished are returned.

    >>> from anymatix_fetcher import adopt
    >>> [(one.path, one.identified) for one in adopt(models="ComfyUI", dry_run=True)]  # doctest: +SKIP

    Args:
        models: The models root, or a program's folder; found as on the command line by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        dry_run: Whether to write no sidecars. Files are hashed and Civitai is asked all the same; both results are
            stored.
        on_progress: Called several times a second with the progress, on the calling thread.
        on_adopted: Called with each model as soon as it is finished.
        cancel: Stops the operation.
        **options: The network settings of ``fetch``.

    Returns:
        One value for each model, by path; its ``error`` says why it couldn't be read or identified.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type or can't be parsed.
        StorageError: A folder or the index can't be read.
    """
    forms.switches(dry_run=dry_run)
    forms.callbacks(on_progress=on_progress, on_adopted=on_adopted)
    getting_there(**options)
    cancel = forms.token(cancel)
    adopted: list[Adopted] = []
    with opened_place(models, extra_paths) as place, Identifier(place.index, cancel, **options) as identifier:
        trouble: FetchError | None = None
        for found in _hashed(place, on_progress or unheard, cancel):
            one = found
            if trouble is not None and found.error is None:
                one = replace(found, error=trouble)  # a service that is down isn't asked a thousand times
            elif found.error is None:
                try:
                    one = _identified(found, identifier, place, dry_run=dry_run)
                except DownloadCancelled:
                    break
                except FetchError as error:
                    trouble, one = error, replace(found, error=error)
            adopted.append(one)
            if on_adopted is not None:
                on_adopted(one)
    return sorted(adopted, key=lambda one: one.path)


def _hashed(place: Models, on_progress: OnCare, cancel: CancelToken) -> Iterator[Adopted]:
    """The models without a sidecar as their digests become known, those with a known digest first."""
    plan = done(plan_adoption(place.folders, place.index, place.catalog))
    unknown: list[Foundling] = []
    for foundling in plan.foundlings:
        sha256 = next((digest.hex for digest in foundling.digests if digest.algorithm == "sha256"), None)
        if sha256 is None:
            unknown.append(foundling)
        elif (refusal := _refusal(foundling.path)) is not None:
            yield _as_adopted(foundling, error=refusal)
        elif not cancel.cancelled:
            yield _as_adopted(foundling, sha256=sha256)
    names = [place.shown(foundling.path) for foundling in unknown]
    tracker = Tracker("hashing", [foundling.size for foundling in unknown], names, on_progress)
    tasks = [partial(_read, foundling.path) for foundling in unknown]
    for number, outcome in worked_through(tasks, tracker, cancel):
        foundling = unknown[number]
        if isinstance(outcome, FetchError):
            yield _as_adopted(foundling, error=outcome)
            continue
        place.index.add(
            foundling.path, outcome.digests, state=outcome.state, blocks=outcome.blocks, read_at=time.time()
        )
        yield _as_adopted(foundling, sha256=outcome.sha256.hex)


def _as_adopted(foundling: Foundling, *, sha256: str | None = None, error: FetchError | None = None) -> Adopted:
    return Adopted(path=foundling.path, folder=foundling.folder, size=foundling.size, sha256=sha256, error=error)


def _refusal(path: Path) -> FetchError | None:
    """Why the file isn't a model, or can't be read; ``None`` where it may be one."""
    try:
        return impossible(path)
    except OSError as error:
        return storage_error(error, path)


def _read(path: Path, on_bytes: Callable[[int], None]) -> Reading | FetchError:
    try:
        if (refusal := impossible(path)) is not None:
            return refusal
        return read_through(path, (), new_hasher, on_bytes=on_bytes)
    except OSError as error:
        return storage_error(error, path)


def _identified(found: Adopted, identifier: Identifier, place: Models, *, dry_run: bool) -> Adopted:
    identified = identifier.ask(found.sha256 or "")
    if identified is None or dry_run:
        return replace(found, identified=identified)
    # The index's state, not the hash of a minute ago: the file may have changed meanwhile.
    digests = place.index.digests(found.path)
    if not any(digest.hex == found.sha256 for digest in digests):
        return found
    return replace(found, identified=identified, sidecar=_write(found.path, identified, digests, place))


def _write(path: Path, identified: Identified, digests: tuple[Digest, ...], place: Models) -> Path:
    model_type = known_type(identified.type)
    arrival = Arrival(
        path=path,
        reference=identified.reference,
        url=identified.url,
        digests=digests,
        verified="sha256",
        name=identified.name or path.name,
        type=model_type.value if model_type else "",
        data=_description(identified.document),
    )
    return record(arrival, place.index, place.disk, time.time())


def _description(document: str) -> dict[str, Any] | None:
    try:
        value = json.loads(document)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
