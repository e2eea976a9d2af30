"""``verify``: whether what is on the disk is still what was recorded of it."""

from __future__ import annotations

import errno
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, Unpack

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.cancel import CancelToken
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
from anymatix_fetcher.verbs.progress import Tracker, worked_through
from anymatix_fetcher.verbs.repair import Repair, tells_origin
from anymatix_fetcher.verbs.settings import getting_there
from anymatix_fetcher.wiring.models import files_at, hugging_face_cache, opened_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.verbs.progress import CareProgress, OnCare
    from anymatix_fetcher.wiring.models import KeptModel, Models


_Outcome: TypeAlias = "Reading | tuple[Condition, FetchError]"
"""What is in a file; or how it is found without that, and why."""


@explained(GettingThere)
def verify(
    paths: Iterable[Path | str] | Path | str = (),
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] = (),
    cache: bool = False,
    identify: bool = False,
    repair: bool = False,
    keep_changed: bool = True,
    accept: bool = False,
    on_progress: Callable[[CareProgress], None] = lambda _: None,
    on_download: Callable[[Progress], None] = lambda _: None,
    on_checked: Callable[[Checked], None] = lambda _: None,
    cancel: CancelToken | None = None,
    **options: Unpack[GettingThere],
) -> list[Checked]:
    """How each file was found, by path; where it is stopped, of those that were finished by then.

    Every byte is read. What is found right is recorded with the checksums of its blocks, so that the next time a
    damaged file's bad blocks can be named and fetched alone.

    Args:
        paths: Files, and folders of models; all models where none are given.
        models: The models root, or a program's folder; found as on the command line where it isn't given.
        extra_paths: More files like ComfyUI's ``extra_model_paths.yaml``.
        cache: Whether to check the Hugging Face cache too.
        identify: Whether Civitai is asked what files are of which nothing was recorded.
        repair: Whether damaged files are mended from where they came from.
        keep_changed: Whether a file that was written to since it was recorded is kept beside the one that mends it.
        accept: Whether files that were written to since they were recorded are right as they are now.
        on_progress: Told several times a second how far it is, on the calling thread.
        on_download: Told how a repair goes.
        on_checked: Told about each file as soon as it is finished.
        cancel: Stops it.
        **options: As for ``fetch``, as far as they tell how to get there.

    Raises:
        TypeError: There is no such keyword.
        FetchError: A path leads nowhere, or a value can't be read. What is wrong with a file is told in its result.
    """
    getting_there(**options)  # refused before hours of reading
    named = forms.paths("paths", paths)
    cancel = cancel or CancelToken()
    with opened_place(models, extra_paths) as place:
        roots = [*place.folders.roots, *([hugging_face_cache()] if cache else [])]
        wanted = list(named) or [root for root in roots if root.is_dir()]
        checkup = _Checkup(place, accept=accept)
        todo: list[tuple[KeptModel, Checked, Evidence]] = []
        checked: list[Checked] = []

        def tell(one: Checked) -> None:
            checked.append(one)
            on_checked(one)

        def tell_unreadable(path: Path, error: OSError) -> None:
            told = unreadable(path, error)
            tell(Checked(path=path, condition=Condition.UNREADABLE, size=0, error=told))

        files = files_at(place, wanted, tell_unreadable)
        for kept, found, evidence in checkup.run(files, on_progress, cancel):
            mends = repair and found.condition is Condition.DAMAGED and evidence.is_ours
            if mends or (identify and _is_unidentified(kept, found)):
                todo.append((kept, found, evidence))
            else:
                tell(found)
        with Identifier(place.index, cancel, **options) as identifier:
            mending = Repair(place, on_progress, on_download, cancel, options)
            for kept, found, evidence in todo:
                if cancel.cancelled:
                    tell(found)
                elif found.condition is not Condition.DAMAGED:
                    tell(_identified(found, identifier))
                else:
                    tell(_repaired(kept, found, evidence, mending, keep_changed=keep_changed))
    return sorted(checked, key=lambda one: one.path)


class _Checkup:
    """Reads files and compares them with what is recorded of them; records what is found right."""

    def __init__(self, place: Models, *, accept: bool) -> None:
        self._place = place
        self._accept = accept

    def run(
        self, files: Sequence[KeptModel], on_progress: OnCare, cancel: CancelToken
    ) -> Iterable[tuple[KeptModel, Checked, Evidence]]:
        """Each file as it is finished, with what was recorded of it before."""
        evidence = [evidence_of(kept.paths, kept.sidecars, self._place.index) for kept in files]
        names = [self._place.shown(kept.path) for kept in files]
        tracker = Tracker("verifying", [kept.state.size for kept in files], names, on_progress)
        tasks = [partial(self._read, kept.path, known) for kept, known in zip(files, evidence, strict=True)]
        for number, outcome in worked_through(tasks, tracker, cancel):
            yield files[number], self._compared(files[number], evidence[number], outcome), evidence[number]

    def _read(self, path: Path, evidence: Evidence, on_bytes: Callable[[int], None]) -> _Outcome:
        """On a thread of its own: what is in the file, or why that can't be told."""
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
                    f"{path} was written to while it was read", hint="Verify it when that is over."
                )
            is_as_found = evidence.is_mere_reading and agrees(evidence, reading) is not None
            refusal = impossible(path) if is_as_found else None
            if refusal is not None:
                return Condition.NO_MODEL, refusal
        except OSError as error:
            told = unreadable(path, error)
            if error.errno != errno.EIO:
                return Condition.UNREADABLE, told
            # Where the disk itself gives up, what can't be read is as good as wrong.
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
        """What becomes of a file that isn't what was recorded: it is damaged, or right from now on."""
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
    """Whether it is a file that isn't damaged, and of which nothing here tells where it came from."""
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
        # Whatever is in the way: what is wrong is the file.
        message = f"{found.path} is damaged, and can't be repaired: {error.message}"
        is_other = isinstance(error, IntegrityError)
        hint = "Another file is served there now; take the right one from a backup." if is_other else error.hint
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
