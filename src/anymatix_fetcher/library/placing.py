"""Chooses one file's folder and name, before and after its content is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.containment import Bounds, check_encoding, inside
from anymatix_fetcher.library.names import Naming, hashed_name, split_name
from anymatix_fetcher.library.types import ModelType, known_type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from anymatix_fetcher.library.folders import ModelFolders
    from anymatix_fetcher.library.templates import Template

AUTO = "auto"
"""A type word that selects the type that the source states."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The destination of one download.

    Args:
        folder: The folder that contains everything below.
        exact: The destination itself, if the caller has named it; overrides the others.
        naming: The naming scheme.
        mark: A hash of the reference, for the names of part files while the final name isn't known.
        template: The path below ``folder``.
        facts: The values of the template's fields.
        below: Subfolders below that, for the files of repositories.
        type: A :class:`ModelType`, or empty.
        has_sidecar: Whether the file gets a sidecar.
        note: A remark on the choice, for people; usually empty.
        bounds: The bounds of untrusted names in the destination. With ``None``, ``folder`` is the bound, and an
            ``exact`` path has none, because the caller has chosen it.
    """

    folder: Path
    exact: Path | None = None
    naming: Naming = Naming.PLAIN
    mark: str = ""
    template: Template | None = None
    facts: Mapping[str, str | None] = field(default_factory=dict)
    below: tuple[SafeName, ...] = ()
    type: str = ""
    has_sidecar: bool = False
    note: str = ""
    bounds: Bounds | None = None

    @property
    def is_named_by_content(self) -> bool:
        """Whether the final name depends on the content."""
        return self.naming is Naming.ANYMATIX and self.exact is None

    @property
    def leaves_name(self) -> bool:
        """Whether the source alone chooses the file's name."""
        names_files = self.template is not None and self.template.names_files
        return self.exact is None and self.naming is Naming.PLAIN and not names_files

    def working(self, name: SafeName) -> Path:
        """The path that is leased, beside which the part file is; with plain naming, also the destination.

        Raises:
            StorageError: A symbolic link leads out of the folder.
        """
        if not self.is_named_by_content:
            return self._plain(name)
        path = self._plain(name)
        stem, extension = split_name(path.name)
        return path.with_name(safe_name(f"{stem}-{self.mark}{extension}") or path.name)

    def final(self, name: SafeName, sha256: str | None) -> Path | None:
        """The final path; ``None`` while it depends on an unknown hash.

        Raises:
            StorageError: A symbolic link leads out of the folder.
        """
        path = self._plain(name)
        if not self.is_named_by_content:
            return path
        return path.with_name(hashed_name(path.name, sha256)) if sha256 else None

    def check(self, destination: Path) -> None:
        """Checks that this destination may be used.

        Raises:
            StorageError: An untrusted name leads out of the folder, or to where programs are run.
        """
        check_encoding(destination)
        if self.bounds is not None:
            self.bounds.check(destination)
        elif self.exact is None:
            Bounds(self.folder, is_named=bool(self.folder.parts)).check(destination)

    def _plain(self, name: SafeName) -> Path:
        if self.exact is not None:
            return self.exact
        parts = self._parts(name)
        path = self.folder.joinpath(*parts)
        check_encoding(path)
        return inside(self.folder, parts) if self.template or self.below else path

    def _parts(self, name: SafeName) -> tuple[SafeName, ...]:
        if self.template is None:
            return (*self.below, name)
        if not self.template.names_files:
            return (*self.template.folders({**self.facts, "name": split_name(name)[0]}), *self.below, name)
        *folders, last = self.template.path(self.facts, name)
        return (*folders, *self.below, last)


def chosen_folder(folders: ModelFolders, word: str, stated: str) -> tuple[Path, ModelType | None, str]:
    """The folder for a type word, its type if it is one, and a remark if the type came from the source.

    Args:
        folders: The model folders.
        word: The caller's word: a type, a folder's name, or :data:`AUTO`.
        stated: The source's word.

    Raises:
        ReferenceSyntaxError: There is no such type or folder, or the source's word is unknown.
    """
    if word != AUTO:
        return folders.target_for(word), known_type(word), ""
    model_type = known_type(stated)
    if model_type is None:
        what = f"calls it {stated!r}, which is no type of model" if stated else "doesn't say what it is"
        raise ReferenceSyntaxError(
            f"the source {what}, so no folder can be chosen",
            hint="Name the type: --type checkpoint, lora, vae, ... In Python: type='lora'.",
        )
    folder = folders.target_for(model_type)
    return folder, model_type, f"the source calls it {stated!r}: it goes to {folder}"
