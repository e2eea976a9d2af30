"""Where jobs may write: within the models roots or the server's folder, and nowhere that programs are run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.engine.settings import DEFAULTS, Settings
from anymatix_fetcher.errors import ReferenceSyntaxError, StorageError
from anymatix_fetcher.library.containment import Bounds, inside
from anymatix_fetcher.library.placing import AUTO
from anymatix_fetcher.queue.jobs import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.queue.jobs import JobWanted
    from anymatix_fetcher.transports.limiter import RateLimiter

T = TypeVar("T")

MODELS_ALIAS = "models"
"""``/models/...`` as a folder means the models root: ComfyUI-Manager takes aria2 for another container's."""


@dataclass(frozen=True)
class Destinations:
    """The folders that a server writes to.

    Args:
        directory: Its own folder, absolute.
        folders: Where models go.
        models: The models root that was named; ``None`` for the one that is found.
        extra_paths: More files like ``extra_model_paths.yaml``.
        others: Further folders that jobs may write below.
    """

    directory: Path
    folders: ModelFolders
    models: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """Every folder that jobs may write below, the server's own first."""
        return tuple(dict.fromkeys((self.directory, self.folders.models, *self.folders.roots, *self.others)))

    @cached_property
    def _anchors(self) -> tuple[Path, ...]:
        """Folders that may themselves be links, which is their owner's to say; the innermost first."""
        every = dict.fromkeys((*self.roots, *self.folders.every))
        return tuple(sorted(every, key=lambda folder: -len(folder.parts)))

    def settings(self, wanted: JobWanted, limiter: RateLimiter) -> Settings:
        """The engine's settings for a job.

        Args:
            wanted: What the job is to bring.
            limiter: The limit that all jobs share.

        Raises:
            OutsideError: Its destination lies outside, or where programs are run.
            ReferenceSyntaxError: A field can't be read, or there is no such type.
        """
        folder = self._chosen(wanted)
        output, bounds = self._below(folder, wanted.output) if wanted.output else (None, None)
        is_typed = bool(wanted.type) and output is None
        return Settings(
            output=output,
            directory=Path() if is_typed else folder,
            type=wanted.type if is_typed else "",
            models=self.models,
            extra_paths=self.extra_paths,
            naming=wanted.naming,
            digests=wanted.digests,
            mirrors=wanted.mirrors,
            connections=wanted.connections,
            max_connections=wanted.max_connections or DEFAULTS["max_connections"],
            headers=wanted.headers,
            proxy=wanted.proxy or None,
            overwrite=wanted.overwrite,
            take_over=wanted.take_over,
            limit_rate=limiter,
            bounds=bounds if output is not None or is_typed else self._bounds(folder),
        )

    def place(self, wanted: JobWanted) -> str:
        """Where a job's file goes, as far as the wish says: its path where it names one, else its folder.

        Raises:
            OutsideError, ReferenceSyntaxError: As :meth:`settings`.
        """
        return str(self._chosen(wanted) / wanted.output)

    def _chosen(self, wanted: JobWanted) -> Path:
        """The folder that a wish means."""
        if not wanted.type:
            return self._folder(wanted.directory)
        if wanted.directory:
            raise ReferenceSyntaxError("a type and a directory are given, and each names a folder", hint="Give one.")
        if wanted.type == AUTO:
            return self.folders.models
        return _checked(lambda: self.folders.target_for(wanted.type))

    def _folder(self, name: str) -> Path:
        """The folder that a job names."""
        parts = Path(name).parts
        if parts[:2] == (os.sep, MODELS_ALIAS) and not Path(os.sep, MODELS_ALIAS).is_dir():
            return _checked(lambda: self._of_models(Path(*parts[2:])))
        path = Path(os.path.abspath(self.directory / name))  # noqa: PTH100 - no link is followed
        self._root_of(path)
        anchor = next(folder for folder in self._anchors if path.is_relative_to(folder))
        _checked(lambda: inside(anchor, [SafeName(part) for part in path.relative_to(anchor).parts]))
        return path

    def _of_models(self, below: Path) -> Path:
        return self.folders.target(below.parts[0]).joinpath(*below.parts[1:]) if below.parts else self.folders.models

    def _below(self, directory: Path, name: str) -> tuple[Path, Bounds]:
        path = Path(os.path.abspath(directory / name))  # noqa: PTH100 - as above
        if path == directory:
            raise ReferenceSyntaxError(f"{name[:80]!r} names no file", hint="An output is a file's name.")
        bounds = self._bounds(directory)
        _checked(lambda: bounds.check(path))
        return path, bounds

    def _bounds(self, directory: Path) -> Bounds:
        bounds = Bounds(directory, self._root_of(directory))
        _checked(lambda: bounds.check(directory / "file"))
        return bounds

    def _root_of(self, path: Path) -> Path:
        root = next((root for root in self.roots if path.is_relative_to(root)), None)
        if root is None:
            raise OutsideError(
                f"{path} is outside of the folders that this server writes to",
                hint=f"They are {', '.join(map(str, self.roots))}; start it with another -d or --models.",
            )
        return root


def _checked(action: Callable[[], T]) -> T:
    """What ``action`` returns; what it refuses lies outside.

    Raises:
        OutsideError: It refuses.
    """
    try:
        return action()
    except StorageError as error:
        raise OutsideError(error.message, hint=error.hint) from None
