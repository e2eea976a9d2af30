"""``verify``: compares files with their recorded digests."""

from __future__ import annotations

import errno
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, Unpack

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.settings import GettingThere
from anymatix_fetcher.engine.signatures import explained
from anymatix_fetcher.errors import DigestMismatchError, DownloadCancelled, FetchError, IntegrityError, StorageError
from anymatix_fetcher.library.evidence import agrees, evidence_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.reading import Reading, read_through
from anymatix_fetcher.library.recording import restate
from anymatix_fetcher.storage.hashing import computable, new_hasher
from anymatix_fetcher.verbs.checked import Checked, Condition, damaged, is_acceptable, not_accepted, unreadable
from anymatix_fetcher.verbs.first_look import impossible
from anymatix_fetcher.verbs.identifying import Identifier
from anymatix_fetcher.verbs.progress import Tracker, unheard, worked_through
from anymatix_fetcher.verbs.repair import Repair, tells_origin
from anymatix_fetcher.verbs.settings import getting_there
from anymatix_fetcher.wiring.models import files_at, hugging_face_cache, opened_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.verbs.progress import CareProgress, OnCare
    from anymatix_fetcher.wiring.models import KeptModel, Models


_Outcome: TypeAlias = "Reading | tuple[Condition, FetchError]"
"""The content of a file, or its condition and error."""


@explained(GettingThere)
def verify(
    paths: Iterable[Path | str] | Path | str = (),
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    cache: bool = False,
    identify: bool = False,
    repair: bool = False,
    keep_changed: bool = True,
    accept: bool = False,
    on_progress: Callable[[CareProgress], None] | None = None,
    on_download: Callable[[Progress], None] | None = None,
    on_checked: Callable[[Checked], None] | None = None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> list[Checked]:
    """Verifies files; returns the outcomes by path. After a cancellation, those of the finished files.

    Every byte is read. Verified content is recorded with block checksums, so that the damaged blocks of a file can
    later be identified and fetched alone.

    >>> from anymatix_fetcher import verify
    >>> [one.path for one in verify(["models/loras"], repair=True) if one.error]  # doctest: +SKIP

    Args:
        paths: Files and folders of models; all models by default.
        models: The models root, or a program's folder; found as on the command line by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        cache: Whether to verify the Hugging Face cache as well.
        identify: Whether to ask Civitai about files without a recorded digest.
        repair: Whether to repair damaged files from their origin.
        keep_changed: Whether to keep a file that was written to since it was recorded beside the repaired one.
        accept: Whether to accept files that were written to since they were recorded.
        on_progress: Called several times a second with the progress, on the calling thread.
        on_download: Called with the progress of a repair.
        on_checked: Called with each outcome as soon as the file is finished.
        cancel: Stops the operation.
        **options: The network settings of ``fetch``.

    Raises:
        TypeError: A keyword is unknown.
        FetchError: A path doesn't exist, or a value can't be parsed. Errors of single files are in their outcomes.
    """
    forms.switches(cache=cache, identify=identify, repair=repair, keep_changed=keep_changed, accept=accept)
    forms.callbacks(on_progress=on_progress, on_download=on_download, on_checked=on_checked)
    getting_there(**options)  # refused before hours of reading
    named, cancel = forms.paths("paths", paths), forms.token(cancel)
    with opened_place(models, extra_paths) as place:
        roots = [*place.folders.roots, *([hugging_face_cache()] if cache else [])]
        wanted = list(named) or [root for root in roots if root.is_dir()]
        checkup = _Checkup(place, accept=accept)
        todo: list[tuple[KeptModel, Checked, Evidence]] = []
        checked: list[Checked] = []

        def tell(one: Checked) -> None:
            checked.append(one)
            if on_checked is not None:
                on_checked(one)

        def tell_unreadable(path: Path, error: OSError) -> None:
            told = unreadable(path, error)
            tell(Checked(path=path, condition=Condition.UNREADABLE, size=0, error=told))

        files = files_at(place, wanted, tell_unreadable)
        for kept, found, evidence in checkup.run(files, on_progress or unheard, cancel):
            mends = repair and found.condition is Condition.DAMAGED and evidence.is_ours
            if mends or (identify and _is_unidentified(kept, found)):
                todo.append((kept, found, evidence))
            else:
                tell(found)
        with Identifier(place.index, cancel, **options) as identifier:
            mending = Repair(place, on_progress or unheard, on_download or unheard, cancel, options)
            for kept, found, evidence in todo:
                if cancel.cancelled:
                    tell(found)
                elif found.condition is not Condition.DAMAGED:
                    tell(_identified(found, identifier))
                else:
                    tell(_repaired(kept, found, evidence, mending, keep_changed=keep_changed))
    return sorted(checked, key=lambda one: one.path)


class _Checkup:
    """Reads files, compares them with their recorded digests, and records what was verified."""

    def __init__(self, place: Models, *, accept: bool) -> None:
        self._place = place
        self._accept = accept

    def run(
        self, files: Sequence[KeptModel], on_progress: OnCare, cancel: CancelToken
    ) -> Iterable[tuple[KeptModel, Checked, Evidence]]:
        """Each file as it is finished, with the evidence recorded before."""
        evidence = [evidence_of(kept.paths, kept.sidecars, self._place.index) for kept in files]
        names = [self._place.shown(kept.path) for kept in files]
        tracker = Tracker("verifying", [kept.state.size for kept in files], names, on_progress)
        tasks = [partial(self._read, kept.path, known) for kept, known in zip(files, evidence, strict=True)]
        for number, outcome in worked_through(tasks, tracker, cancel):
            yield files[number], self._compared(files[number], evidence[number], outcome), evidence[number]

    def _read(self, path: Path, evidence: Evidence, on_bytes: Callable[[int], None]) -> _Outcome:
        """On a worker thread: the content of the file, or the error."""
        blocks = evidence.blocks
        try:
            refusal = impossible(path) if not (evidence.by or evidence.lengths) else None
            if refusal is not None:
                return Condition.NO_MODEL, refusal
            reading = read_through(
                path,
                evidence.algorithms(computable()),
                new_hasher,
                block_size=blocks.block_size if blocks else None,
                on_bytes=on_bytes,
            )
            if not FileState.of(path.stat()).is_unwritten_since(reading.state):
                return Condition.CHANGING, StorageError(
                    f"{path} was written to while it was read", hint="Verify it again once that program has finished."
                )
            is_as_found = evidence.is_mere_reading and agrees(evidence, reading) is not None
            refusal = impossible(path) if is_as_found else None
            if refusal is not None:
                return Condition.NO_MODEL, refusal
        except OSError as error:
            told = unreadable(path, error)
            if error.errno != errno.EIO:
                return Condition.UNREADABLE, told
            # A part that the disk can't read is treated as damaged.
            return Condition.DAMAGED, IntegrityError(told.message, hint=told.hint)
        return reading

    def _compared(self, kept: KeptModel, evidence: Evidence, outcome: _Outcome) -> Checked:
        if isinstance(outcome, tuple):
            condition, error = outcome
            return Checked(
                path=kept.path,
                condition=condition,
                size=kept.state.size,
                by=evidence.by,
                is_touched=evidence.was_touched(kept.state),
                error=error,
                others=kept.paths[1:],
            )
        proof = agrees(evidence, outcome)
        found = Checked(
            path=kept.path,
            condition=Condition.INTACT if proof else Condition.RECORDED,
            size=outcome.blocks.length,
            sha256=outcome.sha256.hex,
            verified=proof or "none",
            verified_at=datetime.now(UTC) if proof else None,
            by=evidence.by,
            others=kept.paths[1:],
        )
        if proof is None:
            return self._differing(kept, evidence, outcome, found)
        for path in kept.paths:
            self._enter(path, outcome, evidence.standing(proof) if proof else "")
        return found

    def _differing(self, kept: KeptModel, evidence: Evidence, reading: Reading, found: Checked) -> Checked:
        """The outcome for a file that differs from its record: damaged, or accepted from now on."""
        index = self._place.index
        copies = {one.path for digest in evidence.digests for one in index.wanted(digest)} - set(kept.paths)
        wrong = damaged(found, evidence, reading, min(copies, default=None))
        if self._accept and is_acceptable(wrong):
            try:
                restate(kept.sidecars, reading.state, reading.digests, index, self._place.disk, time.time())
            except FetchError as error:
                return replace(wrong, error=error)
            index.forget(kept.paths)
            for path in kept.paths:
                self._enter(path, reading, "")
            return found
        for path in kept.paths:
            if evidence.is_ours:
                index.refute(path)
            else:
                self._enter(path, reading, "")
        return not_accepted(wrong) if self._accept else wrong

    def _enter(self, path: Path, reading: Reading, verified: str) -> None:
        self._place.index.add(
            path,
            reading.digests,
            state=reading.state,
            blocks=reading.blocks,
            read_at=time.time(),
            verified=verified,
        )


def _is_unidentified(kept: KeptModel, found: Checked) -> bool:
    """Whether the file is intact and its origin is unknown here."""
    is_sound = found.condition in {Condition.RECORDED, Condition.INTACT}
    return is_sound and found.by != "name" and not any(map(tells_origin, kept.sidecars))


def _identified(found: Checked, identifier: Identifier) -> Checked:
    try:
        return replace(found, identified=identifier.ask(found.sha256 or ""))
    except DownloadCancelled:
        return found
    except FetchError as error:
        return replace(found, error=error)


def _repaired(kept: KeptModel, found: Checked, evidence: Evidence, mending: Repair, *, keep_changed: bool) -> Checked:
    try:
        result = mending.run(kept, evidence, keep_changed=keep_changed)
    except DownloadCancelled:
        return found
    except FetchError as error:
        # Any obstacle to the repair: the error remains that the file is damaged.
        message = f"{found.path} is damaged, and can't be repaired: {error.message}"
        is_other = isinstance(error, IntegrityError)
        hint = "The server has another file now; restore the right one from a backup." if is_other else error.hint
        return replace(found, error=DigestMismatchError(message, hint=hint))
    return replace(
        found,
        condition=Condition.REPAIRED,
        size=result.size,
        sha256=result.sha256,
        verified=result.verified,
        bytes_downloaded=result.bytes_downloaded,
        repaired_from=result.source,
        verified_at=datetime.now(UTC),
        kept_as=result.kept_as,
        error=None,
    )
