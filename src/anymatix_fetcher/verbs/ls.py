"""``ls``: lists the models here from what is recorded about them, without reading them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from anymatix_fetcher.engine import forms
from anymatix_fetcher.library.entries import STRONG
from anymatix_fetcher.library.evidence import evidence_of
from anymatix_fetcher.library.layouts import folder_name
from anymatix_fetcher.library.prune import find_leftovers
from anymatix_fetcher.library.types import parse_type
from anymatix_fetcher.verbs.repair import origin_of
from anymatix_fetcher.wiring.models import files_at, opened_place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.evidence import Evidence
    from anymatix_fetcher.wiring.models import KeptModel, Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model on this machine.

    Args:
        path: Its path.
        name: Its path relative to the models root, or its whole path.
        folder: Its model folder, such as "loras"; ``None`` if unknown.
        size: In bytes.
        origin: The host that it came from; empty if not recorded.
        source: The reference that it was fetched by, without secrets; empty if not recorded.
        digests: The digests of its content, if it was read here and hasn't changed since.
        verified: How the content was verified: an algorithm, "length" or "none".
        verified_at: When it was read, in seconds since 1970; ``None`` if it wasn't.
        is_damaged: Whether its content was found to be wrong.
        is_changed: Whether it was written to since it was read.
        duplicates: Other files with the same content.
        others: Other names of this file.
    """

    path: Path
    name: str
    folder: str | None
    size: int
    origin: str = ""
    source: str = ""
    digests: tuple[Digest, ...] = ()
    verified: str = "none"
    verified_at: float | None = None
    is_damaged: bool = False
    is_changed: bool = False
    duplicates: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """The models on this machine, or a selection of them.

    Args:
        models: Sorted by name.
        root: The models root.
        reason: Why this root was chosen.
        unfinished: The destinations of partial downloads.
        set_aside: Models that the user had changed, which a repair kept as ``NAME.changed``.
    """

    models: tuple[Listed, ...]
    root: Path
    reason: str
    unfinished: tuple[Path, ...]
    set_aside: tuple[Listed, ...] = ()


def ls(
    patterns: Iterable[str] | str = (),
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    type: str | None = None,  # noqa: A002 - as for fetch
    duplicates: bool = False,
) -> Stock:
    """Lists the models here: folder, size, origin and verification of each. No model is read.

    >>> from anymatix_fetcher import ls
    >>> [(one.name, one.size) for one in ls("flux", type="lora").models]  # doctest: +SKIP

    Args:
        patterns: Globs or parts of names, case-insensitive; all models by default.
        models: The models root, or a program's folder; found as for :func:`fetch` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        type: Only models of this type, under any of its names.
        duplicates: Whether to list only models with duplicates.

    Returns:
        The models by name, sizes in bytes, and what interrupted downloads have left.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type, or there is no such model type.
        StorageError: A folder or the index can't be read.
    """
    forms.switches(duplicates=duplicates)
    return list_models(
        forms.texts("patterns", patterns),
        models=models,
        extra_paths=extra_paths,
        type=forms.text_or_none("type", type),
        only_duplicates=duplicates,
    )


def list_models(
    patterns: Iterable[str] = (),
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    type: str | None = None,  # noqa: A002 - as for fetch
    only_duplicates: bool = False,
    others: Iterable[Path] = (),
) -> Stock:
    """Lists the models; the implementation of :func:`ls`.

    Args:
        patterns: Globs or parts of names, case-insensitive; all models by default.
        models: The models root, or a program's folder; found as on the command line by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        type: Only models of this type, under any of its names.
        only_duplicates: Only models with duplicates.
        others: Further files outside the models root; missing ones are left out.

    Raises:
        ReferenceSyntaxError: There is no such type.
    """
    with opened_place(models, extra_paths) as place:
        folder = _folder(type, place) if type is not None else None
        roots = [root for root in place.folders.roots if root.is_dir()]
        beside = [path for path in others if path.is_file()]
        every = _with_duplicates([_listed(kept, place) for kept in files_at(place, [*roots, *beside])])
        wanted = [pattern.casefold() for pattern in patterns]

        def is_wanted(one: Listed) -> bool:
            is_named = not wanted or any(_matches(one.name.casefold(), pattern) for pattern in wanted)
            return is_named and (folder is None or one.folder == folder)

        chosen = [one for one in every if is_wanted(one) and (one.duplicates or not only_duplicates)]
        leftovers = find_leftovers(roots, place.disk)
        unfinished = tuple(dict.fromkeys(one.destination for one in leftovers if one.is_ours))
        aside = [_set_aside(one.destination, place) for one in leftovers if one.is_changed]
        wanted_aside = tuple(one for one in aside if is_wanted(one)) if not only_duplicates else ()
        return Stock(tuple(chosen), place.folders.models, place.root.reason, unfinished, wanted_aside)


def _set_aside(path: Path, place: Models) -> Listed:
    name = place.shown(path).replace("\\", "/")
    return Listed(path=path, name=name, folder=place.folders.folder_of(path), size=path.stat().st_size)


def _folder(word: str, place: Models) -> str:
    return word if word in place.folders.by_name else folder_name(parse_type(word))


def _matches(name: str, pattern: str) -> bool:
    if any(sign in pattern for sign in "*?["):
        return fnmatchcase(name, pattern) or fnmatchcase(name.rpartition("/")[2], pattern)
    return pattern in name


def _listed(kept: KeptModel, place: Models) -> Listed:
    evidence = evidence_of(kept.paths, kept.sidecars, place.index)
    listed = Listed(
        path=kept.path,
        name=place.shown(kept.path).replace("\\", "/"),
        folder=place.folders.folder_of(kept.path),
        size=kept.state.size,
        origin=origin_of(kept.sidecars),
        source=next((own.source for sidecar in kept.sidecars if (own := sidecar.record.own)), ""),
        others=kept.paths[1:],
    )
    return _proved(listed, kept, evidence)


def _proved(listed: Listed, kept: KeptModel, evidence: Evidence) -> Listed:
    """``listed`` with its verified content, if the file is unchanged since."""
    known = evidence.remembered
    if known is None:
        return listed
    if known.is_refuted(kept.state):
        return replace(listed, is_damaged=True, digests=())
    if not known.holds(kept.state):
        return replace(listed, is_changed=not kept.state.is_unwritten_since(known.state), digests=())
    if evidence.contradicts(known.digests):
        return replace(listed, is_damaged=True, digests=())
    digests = tuple(digest for digest in known.digests if digest.algorithm in STRONG)
    return replace(listed, digests=digests, verified=known.verified, verified_at=known.read_at)


def _with_duplicates(every: list[Listed]) -> list[Listed]:
    by_digest: dict[tuple[Digest, int], list[Path]] = {}
    for one in every:
        for digest in one.digests:
            by_digest.setdefault((digest, one.size), []).append(one.path)
    marked = []
    for one in every:
        alike = {path for digest in one.digests for path in by_digest.get((digest, one.size), ()) if path != one.path}
        marked.append(replace(one, duplicates=tuple(sorted(alike))) if alike else one)
    return marked
