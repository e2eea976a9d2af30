"""The destinations of jobs: within the models roots or the server's folder, but not in folders that hold programs."""

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
"""``/models/...`` as a folder means the models root: ComfyUI-Manager expects aria2 in another container."""


@dataclass(frozen=True)
class Destinations:
    """The folders that a server writes to.

    Args:
        directory: The server's folder, absolute.
        folders: The folders of the model types.
        models: The configured models root; ``None`` for the one that is found.
        extra_paths: Further files in the format of ``extra_model_paths.yaml``.
        others: Further folders that jobs may write to.
    """

    directory: Path
    folders: ModelFolders
    models: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """All folders that jobs may write to, the server's first."""
        return tuple(dict.fromkeys((self.directory, self.folders.models, *self.folders.roots, *self.others)))

    @cached_property
    def _anchors(self) -> tuple[Path, ...]:
        """The configured folders, which may be symbolic links, the innermost first."""
        every = dict.fromkeys((*self.roots, *self.folders.every))
        return tuple(sorted(every, key=lambda folder: -len(folder.parts)))

    def settings(self, wanted: JobWanted, limiter: RateLimiter) -> Settings:
        """The engine's settings for a job.

        Args:
            wanted: The job's request.
            limiter: The bandwidth limit shared by all jobs.

        Raises:
            OutsideError: The destination lies outside the allowed folders, or in one that holds programs.
            ReferenceSyntaxError: A field is invalid, or the type is unknown.
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
        """The requested destination: the file's path if a name was given, otherwise the folder.

        Raises:
            OutsideError, ReferenceSyntaxError: As in :meth:`settings`.
        """
        return str(self._chosen(wanted) / wanted.output)

    def _chosen(self, wanted: JobWanted) -> Path:
        """The folder that a request selects by its type or directory."""
        if not wanted.type:
            return self._folder(wanted.directory)
        if wanted.directory:
            raise ReferenceSyntaxError(
                "both a type and a directory are given, and each selects a folder", hint="Give one of them."
            )
        if wanted.type == AUTO:
            return self.folders.models
        return _checked(lambda: self.folders.target_for(wanted.type))

    def _folder(self, name: str) -> Path:
        """The folder that a request names."""
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
            raise ReferenceSyntaxError(f"{name[:80]!r} doesn't name a file", hint="Give a file name as the output.")
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
                f"{path} is outside the folders that this server writes to",
                hint=f"They are {', '.join(map(str, self.roots))}; start it with another -d or --models.",
            )
        return root


def _checked(action: Callable[[], T]) -> T:
    """The result of ``action``, with its ``StorageError`` turned into an ``OutsideError``.

    Raises:
        OutsideError: ``action`` raised a ``StorageError``.
    """
    try:
        return action()
    except StorageError as error:
        raise OutsideError(error.message, hint=error.hint) from None
