"""Determines whether a download is needed: the file at its destination, earlier downloads, and copies elsewhere.

Nothing is trusted: a file has a digest if it was read here and its state is unchanged; otherwise it is read once. If a
collision-resistant digest decides, other statements about the file are ignored.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.content import HASHABLE, digests_of
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.identity import identity, unnamed
from anymatix_fetcher.library.linking import DEFAULT_ORDER, Method
from anymatix_fetcher.library.names import parse_hashed_name
from anymatix_fetcher.library.published import published
from anymatix_fetcher.library.reuse import take
from anymatix_fetcher.library.wanted import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.catalog import Catalog
    from anymatix_fetcher.library.index import Index
    from anymatix_fetcher.library.sidecars import Sidecar
    from anymatix_fetcher.library.wanted import Wanted

_logger = logging.getLogger("anymatix_fetcher.library")

OUTSIDE_ORDER = (Method.REFLINK, Method.COPY)
"""No hard links between a models root and other folders, where people expect independent files."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """Searches for local files.

    Args:
        index: The index.
        disk: The file system.
        catalog: The sidecars.
        roots: The models roots, within which hard links are allowed.
        learn: Scans the destination's folder and the caches into the index; false if it was called before.
        on_bytes: Called with the number of bytes read. An exception from it ends the search.
    """

    index: Index
    disk: Disk
    catalog: Catalog
    roots: tuple[Path, ...] = ()
    learn: Callable[[], bool] = lambda: False
    on_bytes: Callable[[int], None] = lambda _: None

    def find(self, wanted: Wanted) -> Found | None:
        """The wanted file, at its destination or where an earlier download has placed it; ``None`` if not here.

        Raises:
            StorageError: A symbolic link leads out of the folder.
        """
        if not wanted.is_leased:
            return None if wanted.overwrite else self._recorded(wanted) or self._brought(wanted)
        found = None if wanted.overwrite else self._there(wanted) or self._recorded(wanted)
        return found or self._linked(wanted)

    def may_link(self, wanted: Wanted) -> bool:
        """Whether a copy is likely to be here, so that the lease should come before the first request."""
        if not wanted.links or not wanted.settling:
            return False
        return any(map(self.index.wanted, wanted.settling)) or (
            self.learn() and any(map(self.index.wanted, wanted.settling))
        )

    def digests(self, path: Path, algorithms: Iterable[str] = ("sha256",)) -> tuple[Digest, ...]:
        """The digests of the file, computed now if necessary. Unsupported algorithms are left out.

        Raises:
            OSError: It can't be read.
        """
        known = self.index.digests(path)
        lacking = {"sha256", *algorithms} & HASHABLE - {digest.algorithm for digest in known}
        if lacking:
            read, state = digests_of(path, sorted(lacking), on_bytes=self.on_bytes)
            self.index.add(path, read, state=state)
            known = (*known, *read)
        return known

    # At the destination -----------------------------------------------------------------------------------

    def _there(self, wanted: Wanted) -> Found | None:
        """The file at the destination, if the index or its own name shows that it is the wanted one."""
        path = wanted.final
        if wanted.place.is_named_by_content:
            path = published(wanted.working, wanted.references, self.disk, self.on_bytes) or path
        state = _state_of(path) if path is not None else None
        if path is None or state is None:
            return None
        if wanted.place.is_named_by_content:
            hashed = parse_hashed_name(path.name)
            known = self._read(path, wanted, [Digest("sha256", hashed.hex)] if hashed else [])
        else:
            known = self.index.digests(path) or self._read_again(path, state, wanted)
        if not known or not wanted.fits(state, known):
            return None
        right = [digest for digest in wanted.settling if digest in known]
        if right or (wanted.place.is_named_by_content and not wanted.digests):
            return self._found(path, state, known, right[0].algorithm if right else "sha256")
        if wanted.digests or not self._came_from(path, wanted):
            return None
        return self._found(path, state, known, self._verified(path))

    def _brought(self, wanted: Wanted) -> Found | None:
        """The file that the same reference has brought to the same folder, with a name from its source."""
        if not wanted.place.leaves_name:
            return None
        folder = Path(os.path.abspath(wanted.working.parent))  # noqa: PTH100 - removes "..", without following links
        for path in self.index.brought_by(map(unnamed, wanted.references), folder):
            state, known = _state_of(path), self.index.digests(path)
            is_proved = all(digest in known for digest in wanted.digests)
            if state is not None and known and is_proved and wanted.fits(state, known):
                proof = wanted.settling[0].algorithm if wanted.settling else self._verified(path)
                return self._found(path, state, known, proof)
        return None

    def _read_again(self, path: Path, state: FileState, wanted: Wanted) -> tuple[Digest, ...]:
        """The digests of a file that came from this reference and may have changed since; none if its content changed.

        If a digest is expected, the existing file is compared with that elsewhere.
        """
        before = self.index.remembered(path)
        if before is None or wanted.digests or not self._came_from(path, wanted):
            return ()
        return self._read(path, wanted, before.digests) if before.digests and before.state.size == state.size else ()

    def _came_from(self, path: Path, wanted: Wanted) -> bool:
        return self.index.came_from(path, map(identity, wanted.references))

    def _verified(self, path: Path) -> str:
        known = self.index.current(path)
        return known.verified if known is not None else "none"

    def _found(
        self, path: Path, state: FileState, digests: tuple[Digest, ...], verified: str, *, is_recorded: bool = False
    ) -> Found:
        known = self.index.current(path)
        read_at = known.read_at if known is not None else None
        return Found(path, state.size, digests, verified, verified_at=read_at, is_recorded=is_recorded)

    # As an earlier download has left it -------------------------------------------------------------------

    def _recorded(self, wanted: Wanted) -> Found | None:
        """The model that a sidecar names for one of the references."""
        if not wanted.place.has_sidecar:
            return None
        final = wanted.final or wanted.working
        for reference in wanted.references:
            sidecar = self.catalog.model_of(final.parent, reference)
            if sidecar is None or sidecar.model is None:
                continue
            if wanted.place.exact is not None and sidecar.model != final:
                continue
            found = self._proved(sidecar, sidecar.model, wanted)
            if found is not None:
                return found
        return None

    def _proved(self, sidecar: Sidecar, model: Path, wanted: Wanted) -> Found | None:
        record = sidecar.record
        try:
            state = FileState.of(model.stat())
        except OSError:
            return None
        proved = self._verified(model)
        known = self._read(model, wanted, record.digests)
        if not known or not wanted.fits(state, known):
            return None
        right = [digest for digest in (*wanted.settling, *record.digests) if digest in known]
        verified = right[0].algorithm if right else "length" if record.file_size is not None else "none"
        if not wanted.digests and proved != "none":
            verified = proved
        elif not wanted.digests and record.own and record.own.verified in {"length", "none"}:
            verified = record.own.verified  # the digests are those of what arrived
        return self._found(model, state, known, verified, is_recorded=record.own is not None)

    def _read(self, path: Path, wanted: Wanted, claimed: Iterable[Digest]) -> tuple[Digest, ...]:
        """The file's digests; none if it can't be read, or contradicts its claims."""
        stated = list(claimed)
        try:
            known = self.digests(path, (digest.algorithm for digest in (*stated, *wanted.digests)))
        except OSError as error:
            _logger.debug("%s can't be read: %s", path, error.strerror)
            return ()
        actual = {digest.algorithm: digest for digest in known}
        for digest in stated:
            if actual.get(digest.algorithm, digest) != digest:
                _logger.warning("%s hasn't the digest that is stated for it: it has %s", path, actual[digest.algorithm])
                return ()
        return known

    # Elsewhere --------------------------------------------------------------------------------------------

    def _linked(self, wanted: Wanted) -> Found | None:
        """Makes the destination from a local copy."""
        if not wanted.links or not wanted.settling:
            return None
        destination = wanted.final or wanted.working
        if wanted.final is None or (not wanted.overwrite and os.path.lexists(destination)):
            return None
        found = self._taken(wanted, destination)
        if found is None and self.learn():
            found = self._taken(wanted, destination)
        return found

    def _taken(self, wanted: Wanted, destination: Path) -> Found | None:
        # Hard links come before copies within the models roots, but aren't made between these and other folders.
        ways = [(self._is_inside, DEFAULT_ORDER[:-1])] if self._is_inside(destination) else []
        for digest in wanted.settling:
            for among, order in (*ways, (lambda _: True, OUTSIDE_ORDER)):
                try:
                    linked = take(
                        self.index,
                        digest,
                        destination,
                        self.disk,
                        among=among,
                        order=order,
                        overwrite=wanted.overwrite,
                        on_bytes=self.on_bytes,
                    )
                except StorageError as error:
                    _logger.info("the copy that is here can't be used: %s", error)
                    return None
                if linked is not None:
                    digests = self.index.digests(destination) or (digest,)
                    found = self._found(destination, linked.state, digests, digest.algorithm)
                    return replace(found, method=linked.method)
        return None

    def _is_inside(self, path: Path) -> bool:
        """Whether it is within a models root after following links."""
        real = os.path.realpath(path)
        return any(Path(real).is_relative_to(os.path.realpath(root)) for root in self.roots)


def _state_of(path: Path) -> FileState | None:
    """The state of the regular file at ``path``; ``None`` if there is none, or it is a link."""
    try:
        return FileState.of(path.lstat()) if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None
