"""``verify``: whether what is on the disk is still what was recorded of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

from anymatix_fetcher.care.identifying import Identifier
from anymatix_fetcher.care.place import files_at, hugging_face_cache, opened_place
from anymatix_fetcher.care.progress import Tracker, worked_through
from anymatix_fetcher.care.repairing import Repair, origin_of
from anymatix_fetcher.core.disk_errors import storage_error
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DigestMismatchError, DownloadCancelled, FetchError, StorageError
from anymatix_fetcher.library.evidence import agrees, bad_spans, evidence_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.reading import Reading, read_through
from anymatix_fetcher.storage.hashing import new_hasher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from anymatix_fetcher.care.identifying import Identified
    from anymatix_fetcher.care.place import Kept, Place
    from anymatix_fetcher.care.progress import OnCare
    from anymatix_fetcher.core.spans import SpanSet
    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.options import Options


class Condition(Enum):
    """How a file was found."""

    INTACT = "intact"
    """It is what was recorded."""
    RECORDED = "recorded"
    """Nothing was recorded of it until now; the next time it can be checked."""
    DAMAGED = "damaged"
    """It isn't what was recorded."""
    REPAIRED = "repaired"
    """It wasn't what was recorded, and is now."""
    UNREADABLE = "unreadable"
    """It can't be read."""
    CHANGING = "changing"
    """It was written to while it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of checking one file.

    Args:
        path: The file.
        condition: How it was found, or how it is after its repair.
        size: Bytes of it.
        sha256: That it has, in hex; ``None`` where it can't be read.
        verified: The algorithm by which it was checked, "length", or "none".
        by: Who had recorded what it should be: "sidecar", "name" (of a blob in the Hugging Face cache), "index"; empty
            where nobody had.
        bad: Its bytes that aren't as they were, whole blocks of them; ``None`` where nobody knows which.
        is_touched: Whether a program has written to it since it was recorded; otherwise the disk itself has changed it.
        bytes_downloaded: That its repair took.
        identified: What it is by its digest, where somebody was asked and knows.
        error: What is wrong; ``None`` where nothing is.
        others: More names of the same file.
    """

    path: Path
    condition: Condition
    size: int
    sha256: str | None = None
    verified: str = "none"
    by: str = ""
    bad: SpanSet | None = None
    is_touched: bool = False
    bytes_downloaded: int = 0
    identified: Identified | None = None
    error: FetchError | None = None
    others: tuple[Path, ...] = ()


_MENDABLE = {Condition.DAMAGED, Condition.UNREADABLE}

_Outcome: TypeAlias = "Reading | tuple[Condition, FetchError]"


def verify(
    paths: Iterable[Path | str] = (),
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] = (),
    cache: bool = False,
    identify: bool = False,
    repair: bool = False,
    accept: bool = False,
    on_progress: OnCare = lambda _: None,
    on_download: Callable[[Progress], None] = lambda _: None,
    on_checked: Callable[[Checked], None] = lambda _: None,
    cancel: CancelToken | None = None,
    **options: Unpack[Options],
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
        accept: Whether what only the index remembered otherwise is right as it is now.
        on_progress: Told several times a second how far it is, on the calling thread.
        on_download: Told how a repair goes.
        on_checked: Told about each file as soon as it is finished.
        cancel: Stops it.
        **options: As for ``fetch``, as far as they tell how to get there.

    Raises:
        FetchError: A path leads nowhere. What is wrong with a file is told in its result.
    """
    cancel = cancel or CancelToken()
    with opened_place(models, extra_paths) as place:
        roots = [*place.folders.roots, *([hugging_face_cache()] if cache else [])]
        wanted = list(map(Path, paths)) or [root for root in roots if root.is_dir()]
        checkup = _Checkup(place, accept=accept)
        todo: list[tuple[Kept, Checked, Evidence]] = []
        checked: list[Checked] = []

        def tell(one: Checked) -> None:
            checked.append(one)
            on_checked(one)

        for kept, found, evidence in checkup.run(files_at(place, wanted), on_progress, cancel):
            if (repair and found.condition in _MENDABLE) or (identify and found.condition is Condition.RECORDED):
                todo.append((kept, found, evidence))
            else:
                tell(found)
        with Identifier(place.index, cancel, **options) as identifier:
            mending = Repair(place, on_progress, on_download, cancel, options)
            for kept, found, evidence in todo:
                if cancel.cancelled:
                    tell(found)
                elif found.condition is Condition.RECORDED:
                    tell(_identified(found, identifier))
                else:
                    tell(_repaired(kept, found, evidence, mending))
    return sorted(checked, key=lambda one: one.path)


class _Checkup:
    """Reads files and compares them with what is recorded of them; records what is found right."""

    def __init__(self, place: Place, *, accept: bool) -> None:
        self._place = place
        self._accept = accept
        self._computable = ("sha256", "sha384", "sha512", "sha1", "md5", "crc32", *_blake3())

    def run(
        self, files: Sequence[Kept], on_progress: OnCare, cancel: CancelToken
    ) -> Iterable[tuple[Kept, Checked, Evidence]]:
        """Each file as it is finished, with what was recorded of it before."""
        evidence = [evidence_of(kept.paths, kept.sidecars, self._place.index) for kept in files]
        names = [self._place.shown(kept.path) for kept in files]
        tracker = Tracker("verifying", [kept.state.size for kept in files], names, on_progress)
        tasks = [partial(self._read, kept.path, known) for kept, known in zip(files, evidence, strict=True)]
        for number, outcome in worked_through(tasks, tracker, cancel):
            yield files[number], self._compared(files[number], evidence[number], outcome), evidence[number]

    def _read(self, path: Path, evidence: Evidence, on_bytes: Callable[[int], None]) -> _Outcome:
        """On a thread of its own: what is in the file, or why that can't be told."""
        algorithm, blocks = evidence.algorithm(self._computable), evidence.blocks
        try:
            reading = read_through(
                path,
                [algorithm] if algorithm else [],
                new_hasher,
                block_size=blocks.block_size if blocks else None,
                on_bytes=on_bytes,
            )
            if not FileState.of(path.stat()).is_still(reading.state):
                error = StorageError(f"{path} was written to while it was read", hint="Verify it when that is over.")
                return Condition.CHANGING, error
        except OSError as error:
            return Condition.UNREADABLE, _unreadable(path, error)
        return reading

    def _compared(self, kept: Kept, evidence: Evidence, outcome: _Outcome) -> Checked:
        if isinstance(outcome, tuple):
            condition, error = outcome
            size, others = kept.state.size, kept.paths[1:]
            return Checked(path=kept.path, condition=condition, size=size, by=evidence.by, error=error, others=others)
        proof = agrees(evidence, outcome)
        found = Checked(
            path=kept.path,
            condition=Condition.INTACT if proof else Condition.RECORDED,
            size=outcome.blocks.length,
            sha256=outcome.sha256.hex,
            verified=proof or "none",
            by=evidence.by,
            others=kept.paths[1:],
        )
        index = self._place.index
        if proof is None and not (self._accept and evidence.by == "index"):
            for path in kept.paths:
                index.refute(path, evidence.digests)
            return _damaged(found, evidence, outcome)
        if proof is None:
            index.forget(kept.paths)
        for path in kept.paths:
            index.add(path, outcome.digests, state=outcome.state, blocks=outcome.blocks, read_at=time.time())
        return found


def _damaged(found: Checked, evidence: Evidence, reading: Reading) -> Checked:
    blocks = bad_spans(evidence, reading)
    known = evidence.remembered
    touched = known is not None and not reading.state.is_still(known.state)
    if known is None:
        times = {sidecar.record.own.mtime_ns for sidecar in evidence.sidecars if sidecar.record.own}
        touched = bool(times) and reading.state.mtime_ns not in times
    damaged = replace(
        found,
        condition=Condition.DAMAGED,
        verified=evidence.algorithm([digest.algorithm for digest in reading.digests]) or "length",
        bad=blocks,
        is_touched=touched,
    )
    return replace(damaged, error=_mismatch(damaged, evidence))


def _mismatch(found: Checked, evidence: Evidence) -> DigestMismatchError:
    teller = {"sidecar": "its sidecar says", "name": "its name says", "index": "was recorded"}[evidence.by or "sidecar"]
    size = next(iter(evidence.lengths), None)
    if found.verified == "length":
        what = f"{found.path} has {found.size:,} bytes, and {teller} {size:,}"
    else:
        what = f"{found.path} isn't what {teller}: its {found.verified} is another one"
    if found.is_touched:
        why = "it was written to since then"
    else:
        why = "nobody has written to it since, so the disk or the memory has changed it"
    return DigestMismatchError(f"{what}; {why}", hint=_advice(found, evidence))


def _advice(found: Checked, evidence: Evidence) -> str:
    host = origin_of(evidence.sidecars)
    if host:
        return f"`anyfetch verify --repair` fetches what is wrong with it again from {host}."
    if evidence.by == "index" and found.is_touched:
        return "If it is meant to be as it is now, `anyfetch verify --accept` records that; otherwise fetch it again."
    return "Nobody has recorded where it came from: fetch it again, or take it from a backup."


def _unreadable(path: Path, error: OSError) -> FetchError:
    ours = storage_error(error, path)
    reason = error.strerror or type(error).__name__
    return type(ours)(f"{path} can't be read: {reason}", hint="Check the disk, and who may read the file.")


def _identified(found: Checked, identifier: Identifier) -> Checked:
    try:
        return replace(found, identified=identifier.ask(found.sha256 or ""))
    except DownloadCancelled:
        return found
    except FetchError as error:
        return replace(found, error=error)


def _repaired(kept: Kept, found: Checked, evidence: Evidence, mending: Repair) -> Checked:
    try:
        result = mending.run(kept, evidence)
    except DownloadCancelled:
        return found
    except FetchError as error:
        message = f"{found.path} can't be repaired: {error.message}"
        return replace(found, error=type(error)(message, hint=error.hint))
    return replace(
        found,
        condition=Condition.REPAIRED,
        size=result.size or found.size,
        sha256=result.sha256,
        verified=result.verified,
        bytes_downloaded=result.bytes_downloaded,
        error=None,
    )


def _blake3() -> tuple[str, ...]:
    """Its name, where its package is installed."""
    try:
        new_hasher("blake3")
    except FetchError:
        return ()
    return ("blake3",)
