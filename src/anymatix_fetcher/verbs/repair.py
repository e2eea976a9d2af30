"""A damaged file is mended from where it came from: what is good of it is kept, the rest is fetched, all is proved."""

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
    """The host that the file came from; empty where no sidecar tells."""
    for reference in _references(sidecars):
        with suppress(ValueError):
            return Url.parse(reference).host
    return ""


def tells_origin(sidecar: Sidecar) -> bool:
    """Whether it says where its file came from, and not only what it is."""
    return any(parse_hash_reference(reference) is None for reference in _references([sidecar]))


def _references(sidecars: Sequence[Sidecar]) -> Iterator[str]:
    """What may be fetched again: the addresses first, for they say which file it was and not which is the newest."""
    yield from dict.fromkeys(sidecar.record.url for sidecar in sidecars if sidecar.record.url)
    yield from dict.fromkeys(own.source for sidecar in sidecars if (own := sidecar.record.own) and own.source)


@dataclass(frozen=True, slots=True)
class Mended:
    """How a file was mended.

    Args:
        size: Its bytes now.
        sha256: That it has now, in hex, where it was computed.
        verified: What has proved it.
        bytes_downloaded: What that took of the network.
        source: The copy on this machine that it was made of; ``None`` where it was fetched.
        kept_as: Where the file is that was there before; ``None`` where it is gone.
    """

    size: int
    sha256: str | None
    verified: str
    bytes_downloaded: int = 0
    source: Path | None = None
    kept_as: Path | None = None


class Repair:
    """Mends files, one after another.

    Args:
        place: The index and the disk.
        on_progress: Told how far the looking for good blocks is.
        on_download: Told how a download goes.
        cancel: Stops it; the damaged file stays, and what has arrived is kept.
        options: How to get there.
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
        """How the right content has come to its place: from a copy that is here, or else from where it came from.

        Args:
            kept: The file.
            evidence: What it should be.
            keep_changed: Whether what is there now is kept beside it, unless the disk alone has changed it.

        Raises:
            FetchError: It can't be had; the damaged file is still there.
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
            "where it came from isn't recorded", hint="Fetch it again with --overwrite, or take it from a backup."
        )

    def _from_copy(self, kept: KeptModel, evidence: Evidence) -> Mended | None:
        """Made of another file with the right content, which is read through before; ``None`` where there is none."""
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
                raise DownloadCancelled("the repair was stopped")

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
            links=False,  # what is here already was looked at before
            as_is=True,  # and so was what it is
            allow_unsafe=True,
            **self._options,
        )
        # What a sidecar says may have been written elsewhere.
        job = Job(reference, settings, Author.FILE)
        try:
            result = fetch_one(job, on_progress=self._on_download, cancel=self._cancel)
        except IntegrityError:
            if is_begun:  # another file is served now, and what was good of this one is in its place still
                self._drop(target)
            raise
        self._restore(target, status, evidence)
        names = self._relinked(kept, target, status)
        if result.sha256 is not None:
            self._record(names, Digest("sha256", result.sha256), evidence)
        return Mended(result.size or target.stat().st_size, result.sha256, result.verified, result.bytes_downloaded)

    def _salvage(self, reference: str, target: Path, right: BlockChecksums) -> bool:
        """Whether what is good was laid out as the beginning of the download now."""
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
                on_bytes=self._counter("keeping what is good", right.length, target),
            )
        return kept > 0

    def _drop(self, target: Path) -> None:
        """Removes the part file that was laid out."""
        places = Places.of(target)
        with suppress(OSError, FetchError), _held(target):
            self._place.disk.remove(places.part)
            self._place.disk.remove(places.journal)

    def _restore(self, target: Path, status: os.stat_result, evidence: Evidence) -> None:
        """The file is what it was at the time that was recorded, so it gets that time again, and its mode."""
        times = [sidecar.record.own.mtime_ns for sidecar in evidence.sidecars if sidecar.record.own]
        known = evidence.right
        recorded = known.state.mtime_ns if known is not None and known.digests else next(iter(times), 0)
        with suppress(OSError):
            target.chmod(status.st_mode & 0o7777)
            if recorded:
                os.utime(target, ns=(status.st_atime_ns, recorded))

    def _relinked(self, kept: KeptModel, target: Path, status: os.stat_result) -> tuple[Path, ...]:
        """All names of the file, after those that were hard links to the damaged one lead to the mended one, too."""
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
            log.warning("other names of %s still lead to what is damaged: %s", target, error)
        return (target, *names)

    def _record(self, names: Iterable[Path], digest: Digest, evidence: Evidence) -> None:
        """The index learns what the file is now, under all names that lead to it."""
        mended = FileState.of(next(iter(names)).stat())
        for path in names:
            if _leads_to(path, mended):
                self._place.index.add(
                    path, [digest], blocks=evidence.blocks, read_at=time.time(), verified=digest.algorithm
                )


@contextmanager
def _held(target: Path) -> Iterator[None]:
    """The lock of the destination, for the time of the block.

    Raises:
        DestinationLockedError: Another process has it.
    """
    lock = DestinationLock(target)
    if not lock.try_acquire():
        raise DestinationLockedError(f"{target} is being downloaded by another process", hint="Wait for it.")
    try:
        yield
    finally:
        lock.release()


def _proofs(evidence: Evidence) -> list[Digest | str]:
    """What the download has to prove; sidecars that contradict each other can't all be right."""
    found: list[Digest | str] = [digest for digest in evidence.digests if digest.algorithm in COLLISION_FREE]
    algorithms = [digest.algorithm for digest in evidence.digests if digest.algorithm in COLLISION_FREE]
    return found if len(set(algorithms)) == len(algorithms) else []


def _leads_to(path: Path, state: FileState) -> bool:
    try:
        return FileState.of(path.stat()).shares_with(state)
    except OSError:
        return False


def _names(path: Path, state: FileState) -> bool:
    """Whether the path itself, and no link, is a name of the file in this state."""
    try:
        return FileState.of(path.lstat()).shares_with(state)
    except OSError:
        return False
