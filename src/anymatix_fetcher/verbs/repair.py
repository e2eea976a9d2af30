"""Repairs a damaged file from its origin: keeps intact blocks, fetches the others, and verifies the result."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, Digest
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.errors import DestinationLockedError, DownloadCancelled, FetchError, IntegrityError, NotFoundError
from anymatix_fetcher.library.cloning import clone
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.hash_named import parse_hash_reference
from anymatix_fetcher.library.linking import Method
from anymatix_fetcher.library.relinking import relink
from anymatix_fetcher.library.reuse import take
from anymatix_fetcher.library.scanning import scan
from anymatix_fetcher.library.setting_aside import is_set_aside, set_aside
from anymatix_fetcher.library.sidecars import read_sidecar
from anymatix_fetcher.library.walking import walk_all
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.places import Places
from anymatix_fetcher.storage.salvage import salvage
from anymatix_fetcher.verbs.fetch import fetch_one
from anymatix_fetcher.verbs.progress import Tracker, done
from anymatix_fetcher.verbs.resolve import inquiring
from anymatix_fetcher.verbs.settings import getting_there, settings_of
from anymatix_fetcher.wiring.composition import resolving
from anymatix_fetcher.wiring.models import hugging_face_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.facts import Progress
    from anymatix_fetcher.engine.settings import GettingThere
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.library.sidecars import Sidecar
    from anymatix_fetcher.verbs.progress import OnCare
    from anymatix_fetcher.wiring.models import KeptModel, Models


log = logging.getLogger("anymatix_fetcher.verbs")


def origin_of(sidecars: Sequence[Sidecar]) -> str:
    """The host that the file came from; empty if no sidecar states it."""
    for reference in _references(sidecars):
        with suppress(ValueError):
            return Url.parse(reference).host
    return ""


def tells_origin(sidecar: Sidecar) -> bool:
    """Whether the sidecar states the file's origin, and not only its identity."""
    return any(parse_hash_reference(reference) is None for reference in _references([sidecar]))


def _references(sidecars: Sequence[Sidecar]) -> Iterator[str]:
    """The references to fetch from: URLs first, because they name the exact file and not the newest version."""
    yield from dict.fromkeys(sidecar.record.url for sidecar in sidecars if sidecar.record.url)
    yield from dict.fromkeys(own.source for sidecar in sidecars if (own := sidecar.record.own) and own.source)


@dataclass(frozen=True, slots=True)
class Mended:
    """The outcome of a repair.

    Args:
        size: The file's size in bytes.
        sha256: Its SHA-256 in hex, if computed.
        verified: How the file was verified.
        bytes_downloaded: The bytes fetched.
        source: The local copy that was used; ``None`` if the content was fetched.
        kept_as: Where the damaged file was kept; ``None`` if it wasn't.
    """

    size: int
    sha256: str | None
    verified: str
    bytes_downloaded: int = 0
    source: Path | None = None
    kept_as: Path | None = None


class Repair:
    """Repairs files, one after another.

    Args:
        place: The models, the index and the disk.
        on_progress: Called with the progress of reading.
        on_download: Called with the progress of a download.
        cancel: Stops the operation. The damaged file and the part file are kept.
        options: The network settings.
    """

    def __init__(
        self,
        place: Models,
        on_progress: OnCare,
        on_download: Callable[[Progress], None],
        cancel: CancelToken,
        options: GettingThere,
    ) -> None:
        self._place = place
        self._on_progress = on_progress
        self._on_download = on_download
        self._cancel = cancel
        self._options = options
        self._has_learned = False

    def run(self, kept: KeptModel, evidence: Evidence, *, keep_changed: bool) -> Mended:
        """Replaces the file by its recorded content, from a local copy or from its origin.

        Args:
            kept: The file.
            evidence: Its expected content.
            keep_changed: Whether to keep the present file beside it, unless only the disk has changed it.

        Raises:
            FetchError: The content can't be fetched; the damaged file is unchanged.
        """
        if not keep_changed or evidence.was_touched(kept.state) is False:
            return self._mended(kept, evidence)
        with set_aside(kept.path.resolve()) as aside:
            return replace(self._mended(kept, evidence), kept_as=aside)

    def _mended(self, kept: KeptModel, evidence: Evidence) -> Mended:
        taken = self._from_copy(kept, evidence)
        if taken is not None:
            return taken
        trouble: FetchError | None = None
        for reference in _references([read_sidecar(one.path, self._place.disk) or one for one in kept.sidecars]):
            try:
                return self._from(reference, kept, evidence)
            except DownloadCancelled:
                raise
            except FetchError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        raise NotFoundError(
            "its origin isn't recorded", hint="Fetch it again with --overwrite, or restore it from a backup."
        )

    def _from_copy(self, kept: KeptModel, evidence: Evidence) -> Mended | None:
        """The repair from another local file with the same content, which is read before; ``None`` if there is none."""
        target = kept.path.resolve()
        status = target.stat()
        if not self._has_learned:
            self._has_learned = True
            place = self._place
            done(scan(place.index, place.folders.roots, [hugging_face_cache()], place.catalog))
        for digest in evidence.digests if len(_proofs(evidence)) else ():
            copies = [one for one in self._place.index.wanted(digest) if one.path not in kept.paths]
            counting = self._counter("reading a copy", sum(2 * one.state.size for one in copies), target)
            linked = take(
                self._place.index,
                digest,
                target,
                self._place.disk,
                order=(Method.REFLINK, Method.COPY),
                overwrite=True,
                read_all=True,
                on_bytes=counting,
            )
            if linked is not None:
                self._restore(target, status, evidence)
                self._record(self._relinked(kept, target, status), digest, evidence)
                sha256 = digest.hex if digest.algorithm == "sha256" else None
                return Mended(linked.state.size, sha256, digest.algorithm, source=linked.source)
        return None

    def _counter(self, doing: str, bytes_to_do: int, target: Path) -> Callable[[int], None]:
        tracker = Tracker(doing, [bytes_to_do], [self._place.shown(target)], self._on_progress)

        def count(more: int) -> None:
            tracker.add(0, more)
            tracker.tell(0)
            if self._cancel.cancelled:
                raise DownloadCancelled("the repair was stopped", hint="Run it again to go on.")

        return count

    def _from(self, reference: str, kept: KeptModel, evidence: Evidence) -> Mended:
        target, digests = kept.path.resolve(), _proofs(evidence)
        status, right = target.stat(), evidence.blocks
        is_begun = right is not None and self._salvage(reference, target, right)
        settings = settings_of(
            output=target,
            overwrite=True,
            digests=digests,
            length=evidence.length,
            links=False,  # existing copies were searched before
            as_is=True,  # its content type was examined before
            allow_unsafe=True,
            **self._options,
        )
        # A sidecar may have been written on another machine.
        job = Job(reference, settings, Author.FILE)
        try:
            result = fetch_one(job, on_progress=self._on_download, cancel=self._cancel)
        except IntegrityError:
            if is_begun:  # the server has another file now; the intact blocks are still in the damaged file
                self._drop(target)
            raise
        self._restore(target, status, evidence)
        names = self._relinked(kept, target, status)
        if result.sha256 is not None:
            self._record(names, Digest("sha256", result.sha256), evidence)
        return Mended(result.size or target.stat().st_size, result.sha256, result.verified, result.bytes_downloaded)

    def _salvage(self, reference: str, target: Path, right: BlockChecksums) -> bool:
        """Whether the intact blocks were laid out as the beginning of the download."""
        settings = getting_there(**self._options)
        with inquiring(settings, self._cancel) as (inquiry, _):
            resources = inquiry.run(resolving(Job(reference, settings, Author.FILE)))
        if len(resources) != 1:
            return False
        with _held(target):
            kept = salvage(
                Places.of(target),
                self._place.disk,
                reference=resources[0].reference,
                right=right,
                clone=clone,
                on_bytes=self._counter("keeping intact blocks", right.length, target),
            )
        return kept > 0

    def _drop(self, target: Path) -> None:
        """Removes the part file that was laid out."""
        places = Places.of(target)
        with suppress(OSError, FetchError), _held(target):
            self._place.disk.remove(places.part)
            self._place.disk.remove(places.journal)

    def _restore(self, target: Path, status: os.stat_result, evidence: Evidence) -> None:
        """Restores the file's recorded modification time, and its mode."""
        times = [sidecar.record.own.mtime_ns for sidecar in evidence.sidecars if sidecar.record.own]
        known = evidence.right
        recorded = known.state.mtime_ns if known is not None and known.digests else next(iter(times), 0)
        with suppress(OSError):
            target.chmod(status.st_mode & 0o7777)
            if recorded:
                os.utime(target, ns=(status.st_atime_ns, recorded))

    def _relinked(self, kept: KeptModel, target: Path, status: os.stat_result) -> tuple[Path, ...]:
        """All names of the file, after hard links to the damaged file were replaced by links to the repaired one."""
        names = dict.fromkeys(kept.paths)
        before = FileState.of(status)
        if status.st_nlink > 1:
            seen = walk_all(self._place.folders.roots)
            names |= dict.fromkeys(
                one.path for one in seen if one.state.shares_with(before) and not is_set_aside(one.path.name)
            )
        damaged = [path for path in names if _names(path, before)]
        try:
            if damaged:
                state = FileState.of(target.stat())
                relink(damaged, target, self._place.disk, state=state, order=[Method.HARD_LINK], cloner=clone)
        except (OSError, FetchError) as error:
            log.warning("other names of %s still refer to the damaged file: %s", target, error)
        return (target, *names)

    def _record(self, names: Iterable[Path], digest: Digest, evidence: Evidence) -> None:
        """Records the file's content in the index under all its names."""
        mended = FileState.of(next(iter(names)).stat())
        for path in names:
            if _leads_to(path, mended):
                self._place.index.add(
                    path, [digest], blocks=evidence.blocks, read_at=time.time(), verified=digest.algorithm
                )


@contextmanager
def _held(target: Path) -> Iterator[None]:
    """Holds the destination's lock within the block.

    Raises:
        DestinationLockedError: Another process holds it.
    """
    lock = DestinationLock(target)
    if not lock.try_acquire():
        raise DestinationLockedError(
            f"{target} is being downloaded by another process", hint="Wait until that download has ended."
        )
    try:
        yield
    finally:
        lock.release()


def _proofs(evidence: Evidence) -> list[Digest | str]:
    """The digests to verify. If sidecars contradict each other, not all of them can match."""
    found: list[Digest | str] = [digest for digest in evidence.digests if digest.algorithm in COLLISION_FREE]
    algorithms = [digest.algorithm for digest in evidence.digests if digest.algorithm in COLLISION_FREE]
    return found if len(set(algorithms)) == len(algorithms) else []


def _leads_to(path: Path, state: FileState) -> bool:
    try:
        return FileState.of(path.stat()).shares_with(state)
    except OSError:
        return False


def _names(path: Path, state: FileState) -> bool:
    """Whether the path itself, not a symbolic link, is a name of the file in this state."""
    try:
        return FileState.of(path.lstat()).shares_with(state)
    except OSError:
        return False
