"""Connects downloads to the library: implements the engine's port with the local models and the index.

The models root is determined when a download names a type. The index is opened when a download has a digest that may be
here, so a plain download of a small file waits for neither. Files to be entered into the index are entered in one step,
at the next search or at the end.
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, Digest
from anymatix_fetcher.engine.shelf import Recorded, Searched
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.library.containment import Bounds, check_named
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.hash_named import parse_hash_reference
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.library.placing import AUTO, Placement, chosen_folder
from anymatix_fetcher.library.types import known_type
from anymatix_fetcher.wiring.library_search import LibrarySearch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.engine.facts import Job
    from anymatix_fetcher.engine.settings import Settings
    from anymatix_fetcher.engine.shelf import Arrived
    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.seeking import Seeker
    from anymatix_fetcher.library.wanted import Wanted
    from anymatix_fetcher.storage.workers import Task
    from anymatix_fetcher.wiring.library_search import LateIndex

    OnBytes = Callable[[int], None]

log = logging.getLogger("anymatix_fetcher.wiring.library_shelf")

MARK_CHARACTERS = 16


class LibraryShelf:
    """Implements the engine's ``Shelf``.

    Args:
        disk: The file system.
        index: The files known by digest.
        environment: The process's variables.
        current: Returns the current folder.
        home: The user's home folder.
        wall_clock: Seconds since 1970.
    """

    def __init__(
        self,
        disk: Disk,
        index: LateIndex,
        *,
        environment: Mapping[str, str],
        current: Callable[[], Path],
        home: Path,
        wall_clock: Callable[[], float],
    ) -> None:
        self._disk = disk
        self._index = index
        self._environment = environment
        self._current = current
        self._home = home
        self._wall_clock = wall_clock
        self._known: dict[tuple[Path | None, tuple[Path, ...]], ModelFolders] = {}
        self._roots: dict[tuple[Path | None, tuple[Path, ...]], tuple[Path, ...]] = {}
        self._checked: set[Path] = set()
        self._lock = Lock()

    def place(self, settings: Settings, resource: Resource) -> Placement:
        """Implements ``Shelf.place``."""
        self._check_named(settings)
        is_plain = settings.naming is Naming.PLAIN and not (settings.type or settings.models or settings.folder)
        if is_plain:
            return Placement(
                self._folder(settings),
                exact=settings.output and self._at(settings.output),
                below=resource.folder,
                has_sidecar=settings.sidecar,
                bounds=self._bounds(settings),
            )
        from anymatix_fetcher.library.identity import identity  # noqa: PLC0415 - plain downloads don't need it
        from anymatix_fetcher.library.templates import Template  # noqa: PLC0415 - as above

        folder, note, bounds = self._folder(settings), "", self._bounds(settings)
        model_type = known_type(resource.about.type if settings.type == AUTO else settings.type)
        if settings.type and settings.output is None:
            folders = self._folders(settings)
            folder, model_type, note = chosen_folder(folders, settings.type, resource.about.type)
            bounds = folders.bounds(folder)
        if note:
            log.info("%s: %s", resource.name or resource.url, note)
        return Placement(
            folder,
            exact=settings.output and self._at(settings.output),
            naming=settings.naming,
            mark=identity(resource.reference)[:MARK_CHARACTERS],
            template=Template.parse(settings.folder) if settings.folder else None,
            facts=_facts(resource, model_type or ""),
            below=resource.folder,
            type=model_type or "",
            has_sidecar=self._has_sidecar(settings),
            note=note,
            bounds=bounds,
        )

    def may_find(
        self,
        place: Placement,
        digests: Sequence[Digest],
        settings: Settings,
        *,
        is_there: bool,
        references: Sequence[str] = (),
    ) -> bool:
        """Implements ``Shelf.may_find``."""
        if place.has_sidecar or place.is_named_by_content or is_there:
            return True
        if references and not settings.overwrite and self._index.may_have_brought(references):
            return True
        settling = [digest for digest in digests if digest.algorithm in COLLISION_FREE]
        return settings.links and bool(settling) and self._index.may_know(settling, self._learned_from(settings))

    def search(
        self, wanted: Wanted, settings: Settings, report: Callable[[Searched], None], *, is_there: bool
    ) -> LibrarySearch:
        """Implements ``Shelf.search``."""
        place = wanted.place

        def look(on_bytes: OnBytes) -> Searched:
            existing = _state_of(wanted.working) if is_there else None
            seeker = self._seeker(settings, place, on_bytes)
            found = seeker.find(wanted)
            is_likely = found is None and not wanted.is_leased and seeker.may_link(wanted)
            return Searched(found, is_likely=is_likely, existing=existing)

        return LibrarySearch(look, report)

    def recall(self, job: Job, report: Callable[[Searched], None]) -> LibrarySearch | None:
        """Implements ``Shelf.recall``."""
        digits = parse_hash_reference(job.reference)
        if digits is None:
            return None
        return LibrarySearch(lambda on_bytes: self._recalled(Digest("sha256", digits), job.settings, on_bytes), report)

    def record(self, kept: Arrived, report: Callable[[Recorded], None], run: Callable[[Task], object]) -> bool:
        """Implements ``Shelf.record``."""
        state = _state_of(kept.path)
        was_changed = kept.existing is not None and state is not None and not state.is_still(kept.existing)
        if was_changed or not kept.digests:
            return False
        if state is None:
            report(Recorded(is_kept=False))
        elif kept.place.has_sidecar and not kept.is_recorded:
            from anymatix_fetcher.wiring.library_notes import Noting  # noqa: PLC0415 - needed at the end only

            run(Noting(kept, self._index, self._disk, self._wall_clock, report))
        else:
            self._index.enter(kept, state, self._wall_clock(), report, run)
        return True

    def close(self) -> None:
        """Implements ``Shelf.close``."""
        self._index.close()

    # On a worker's thread ---------------------------------------------------------------------------------

    def _seeker(self, settings: Settings, place: Placement, on_bytes: OnBytes) -> Seeker:
        from anymatix_fetcher.library.seeking import Seeker  # noqa: PLC0415 - brings SQLite, which may not be needed

        learnt = self._learned_from(settings)
        if place.has_sidecar and not any(place.folder.is_relative_to(root) for root in learnt):
            learnt = (*learnt, place.folder)
        return Seeker(
            self._index.opened(),
            self._disk,
            self._index.catalog(),
            roots=self._roots.get((settings.models, settings.extra_paths), ()),
            learn=lambda: self._index.learn(learnt),
            on_bytes=on_bytes,
        )

    def _learned_from(self, settings: Settings) -> tuple[Path, ...]:
        """The folders that hold all models and their claimed digests; none if unknown."""
        try:
            return self._roots_of(settings)
        except (FetchError, OSError) as error:
            log.debug("the models root is unknown: %s", error)
            return ()

    def _recalled(self, digest: Digest, settings: Settings, on_bytes: OnBytes) -> Searched:
        from anymatix_fetcher.library.recalling import recall  # noqa: PLC0415 - as above

        folders, named = self._folders(settings), settings.type if settings.type != AUTO else ""
        place: Placement | None = None
        if settings.output is not None or settings.directory.parts:
            place = Placement(self._at(settings.directory), exact=settings.output and self._at(settings.output))
        looked_in = folders.every
        if named:
            target = folders.target_for(named)
            looked_in = folders.paths(folders.folder_of(target) or target.name)
            place = place or Placement(target, bounds=folders.bounds(target))
        seeker = self._seeker(settings, Placement(folders.models, has_sidecar=True), on_bytes)
        return Searched(recall(digest, looked_in, place, seeker))

    # Where models are -------------------------------------------------------------------------------------

    def _at(self, path: Path) -> Path:
        return path if path.is_absolute() else self._current() / path

    def _folder(self, settings: Settings) -> Path:
        return self._at(settings.directory if settings.output is None else settings.output.parent)

    def _check_named(self, settings: Settings) -> None:
        """Checks the folder that the caller has named, once.

        Raises:
            StorageError: ComfyUI runs or obeys what lies there.
        """
        folder = settings.directory if settings.output is None else settings.output.parent
        if (settings.output is None and not folder.parts) or folder in self._checked:
            return
        check_named(self._at(folder), lambda: self._named_models(settings))
        self._checked.add(folder)

    def _named_models(self, settings: Settings) -> Path | None:
        """The models root, if the caller or the environment names one."""
        from anymatix_fetcher.library.roots import MODELS_VARIABLE  # noqa: PLC0415 - few downloads need it

        is_named = settings.models is not None or bool(self._environment.get(MODELS_VARIABLE))
        return self._folders(settings).models if is_named else None

    def _bounds(self, settings: Settings) -> Bounds | None:
        if settings.bounds is not None or settings.output is not None:
            return settings.bounds
        return Bounds(self._at(settings.directory), is_named=bool(settings.directory.parts))

    def _folders(self, settings: Settings) -> ModelFolders:
        from anymatix_fetcher.library.roots import find_models  # noqa: PLC0415 - plain downloads don't need it

        key = settings.models, settings.extra_paths
        with self._lock:
            if key not in self._known:
                root = find_models(
                    settings.models, environment=self._environment, current=self._current(), home=self._home
                )
                log.debug("the models are in %s: %s", root.models, root.reason)
                folders = self._known[key] = root.folders(settings.extra_paths)
                self._roots[key] = folders.roots
            return self._known[key]

    def _roots_of(self, settings: Settings) -> tuple[Path, ...]:
        self._folders(settings)
        return self._roots[settings.models, settings.extra_paths]

    def _has_sidecar(self, settings: Settings) -> bool:
        if settings.sidecar or settings.naming is not Naming.PLAIN or (settings.type and settings.output is None):
            return True
        folder = self._folder(settings)
        return any(folder.is_relative_to(root) for root in self._roots_of(settings))


def _facts(resource: Resource, model_type: str) -> dict[str, str | None]:
    """The values of a template's fields. If a name has two parts, as at Hugging Face, the first is the author."""
    about = resource.about
    author, _, model = about.title.rpartition("/") if resource.service.name != "civitai" else ("", "", about.title)
    return {
        "type": model_type,
        "base_model": about.base_model,
        "author": author,
        "model": model,
        "host": resource.url.host,
    }


def _state_of(path: Path) -> FileState | None:
    try:
        return FileState.of(path.stat())
    except OSError:
        return None
