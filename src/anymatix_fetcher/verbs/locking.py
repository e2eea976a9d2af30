"""Resolves references and workflows to entries of a lock file. Nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded
from anymatix_fetcher.core.values.queries import differ_in_query_only
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.engine.facts import shown
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DownloadCancelled,
    FetchError,
    NotFoundError,
    ReferenceSyntaxError,
)
from anymatix_fetcher.library.layouts import COMFYUI_DEFAULTS, COMFYUI_LEGACY_NAMES, folder_name
from anymatix_fetcher.library.lock_file_format import LockedFile, LockFile, Root
from anymatix_fetcher.library.types import forbidden_folder, known_type, parse_type
from anymatix_fetcher.sources.sites import agreed
from anymatix_fetcher.verbs.planning import workflow_content
from anymatix_fetcher.verbs.resolve import Located, locate, locate_each
from anymatix_fetcher.workflows.reading import requirements_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.engine.cancel import CancelToken
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.verbs.computing import ReadContent
    from anymatix_fetcher.workflows.needs import Need

AUTO = "auto"
"""The type that stands for the one that the source states."""


@dataclass(frozen=True, slots=True)
class Target:
    """The destination of files for which no workflow states one.

    Args:
        type: A model type, a folder name of ComfyUI, or :data:`AUTO`, for a folder below the models root; empty for
            ``folder``.
        folder: A folder below the lock file's.
    """

    type: str = ""
    folder: tuple[SafeName, ...] = ()


@dataclass(frozen=True, slots=True)
class LockEntry:
    """The outcome for one file: its entry, or an error.

    Args:
        reference: The file's reference, redacted.
        file: The entry; ``None`` if there is an ``error``.
        error: Why there is no entry; or, beside an entry, why the file can't be fetched at the moment.
        computed: The content that its digest was computed from, if no source states one.
        is_withheld: Whether a secret was removed from its URL, which may lead elsewhere without it.
    """

    reference: str
    file: LockedFile | None = None
    error: FetchError | None = None
    computed: ReadContent | None = None
    is_withheld: bool = False


class LockChange(StrEnum):
    """The effect of locking on an entry."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


def below(directory: Path, home: Path) -> tuple[SafeName, ...]:
    """The path components from ``home``, the lock file's folder, to ``directory``.

    Raises:
        ReferenceSyntaxError: It isn't below ``home``, or a name in it isn't valid on every system.
    """
    try:
        parts = (home / directory).resolve().relative_to(home.resolve()).parts
    except ValueError:
        raise ReferenceSyntaxError(
            f"{directory} isn't below {home}, where the lock file is",
            hint="Name a folder below it. `anyfetch sync -d DIR` fetches to another folder.",
        ) from None
    names = tuple(name for part in parts if (name := safe_name(part)) == part and name is not None)
    if len(names) < len(parts):
        raise ReferenceSyntaxError(
            f"{directory} contains a name that isn't valid on every system",
            hint="Use names without :, ?, *, quotation marks and the like.",
        )
    return names


def entries_of(
    reference: str, target: Target, *, cancel: CancelToken | None = None, **options: Unpack[Options]
) -> list[LockEntry]:
    """The entries for ``reference``, one for each file.

    Args:
        reference: As for ``fetch``; of a repository, the files that ``include`` and ``exclude`` select.
        target: The destination.
        cancel: Stops the operation.
        **options: The network settings of ``fetch``.

    Raises:
        FetchError: The reference can't be resolved.
    """
    return [_entry(located, target) for located in locate(reference, cancel=cancel, **options)]


def entries_of_workflow(
    content: bytes, *, cancel: CancelToken | None = None, **options: Unpack[Options]
) -> tuple[list[LockEntry], tuple[str, ...]]:
    """The entries for a ComfyUI workflow, and remarks on what was left out.

    Args:
        content: The file's bytes: JSON, or a picture that contains a workflow.
        cancel: Stops the operation.
        **options: As for :func:`entries_of`.

    Raises:
        ReferenceSyntaxError: The file contains no workflow.
        DownloadCancelled: The operation was stopped.
    """
    requirements = requirements_of(content)
    disputed = {need for conflict in requirements.conflicts for need in conflict.needs}
    wanted = [need for need in requirements.needs if need.url is not None and need not in disputed]
    found = locate_each(
        [need.url.reveal() for need in wanted if need.url is not None], author=Author.FILE, cancel=cancel, **options
    )
    entries = [_needed(need, located) for need, located in zip(wanted, found, strict=True)]
    entries += [LockEntry(str(need), error=_disputed(need)) for need in sorted(disputed, key=str)]
    entries += [LockEntry(str(need), error=_without_address(need)) for need in requirements.without_address]
    changed = [need for need in wanted if need.name != need.portable]
    return entries, (*requirements.remarks, *map(_renamed, changed))


def _renamed(need: Need) -> str:
    return (
        f"the node asks for {need.name!r}; the lock file has {need.portable!r}, which is valid on every system: "
        "select it in the node"
    )


def entries_for(
    wanted: Iterable[str],
    target: Target,
    *,
    on_remarks: Callable[[tuple[str, ...]], None],
    cancel: CancelToken,
    **options: Unpack[Options],
) -> list[LockEntry]:
    """The entries for references and workflow files. What fails doesn't keep the others from being locked.

    Args:
        wanted: References as for ``fetch``, and paths of workflows.
        target: The destination of files for which no workflow states one.
        on_remarks: Called with the remarks on each workflow.
        cancel: Stops the operation.
        **options: As for :func:`entries_of`.

    Raises:
        DownloadCancelled: The operation was stopped.
    """
    entries = list[LockEntry]()
    for word in wanted:
        try:
            if Path(word).is_file():
                content = workflow_content(Path(word))
                found, remarks = entries_of_workflow(content, cancel=cancel, **options)
                entries += found
                on_remarks(remarks)
            elif ":" not in word:
                raise ReferenceSyntaxError(
                    f"{word!r} is neither a file nor a reference",
                    hint="Expected a workflow file, or a reference such as civitai:143906 or hf:org/repo/file.",
                )
            else:
                entries += entries_of(word, target, cancel=cancel, **options)
        except DownloadCancelled:
            raise
        except FetchError as error:
            entries.append(LockEntry(shown(word), error=error))
    return entries


def lock_entries(lock: LockFile, entries: Iterable[LockEntry]) -> tuple[LockFile, list[tuple[LockEntry, LockChange]]]:
    """The lock with the entries added, and the change that each made.

    Two new entries with the same path have to be the same file; each then is a source of it.
    """
    changes = list[tuple[LockEntry, LockChange]]()
    locked = set[object]()
    for entry in entries:
        file = entry.file
        if file is None:
            changes.append((entry, LockChange.FAILED))
            continue
        known = lock.find(file)
        if known is not None and file.place in locked and not known.is_same_content(file):
            only = differ_in_query_only(known.sources[0], file.sources[0])
            differs = " by URLs that differ in their query only" if only else ""
            error = ReferenceSyntaxError(
                f"{file} is requested twice{differs}, and nothing proves that both are the same file",
                hint="Give one of them another folder by --directory, or lock only one of them.",
            )
            changes.append((replace(entry, file=None, error=error), LockChange.FAILED))
            continue
        locked.add(file.place)
        lock = lock.with_file(file)
        now = lock.find(file)
        change = LockChange.ADDED if known is None else LockChange.UNCHANGED if now == known else LockChange.UPDATED
        changes.append((replace(entry, file=now), change))
    return lock, changes


def unproved(entries: Iterable[LockEntry], lock: LockFile) -> LockFile:
    """The entries, each once, with content that neither a stated nor a locked digest determines."""
    files = [lock.with_file(entry.file).find(entry.file) for entry in entries if entry.file is not None]
    weak = LockFile()
    for file in files:
        if file is not None and not file.strong:
            weak = weak.with_file(file)
    return weak


def with_digests(
    entries: Iterable[LockEntry], wanted: LockFile, computed: Sequence[ReadContent | FetchError]
) -> list[LockEntry]:
    """The entries completed by the digests computed for those of :func:`unproved`, in their order."""
    found = {file.place: content for file, content in zip(wanted.files, computed, strict=True)}
    return [_with_digest(entry, found.get(entry.file.place) if entry.file else None) for entry in entries]


def _with_digest(entry: LockEntry, content: ReadContent | FetchError | None) -> LockEntry:
    if content is None or entry.file is None:
        return entry
    if isinstance(content, FetchError):
        return replace(entry, file=None, error=content)
    digests = tuple(sorted({*entry.file.digests, content.digest}, key=str))
    return replace(entry, file=replace(entry.file, size=content.size, digests=digests), computed=content)


def _entry(located: Located, target: Target) -> LockEntry:
    try:
        root, folder = _place(located, target)
    except FetchError as error:
        return LockEntry(located.reference, error=error)
    known = known_type(target.type if target.type not in {"", AUTO} else located.about.type)
    return _made(located, root, folder, SafeName(located.name), located.digests, known or "")


def _place(located: Located, target: Target) -> tuple[Root, tuple[SafeName, ...]]:
    inner = tuple(map(SafeName, located.folder))
    if not target.type:
        return Root.HERE, (*target.folder, *inner)
    name = located.about.type if target.type == AUTO else target.type
    if not name:
        raise ReferenceSyntaxError(
            f"{located.reference}: the source doesn't state a model type", hint="Name the type instead of auto."
        )
    return Root.MODELS, (*map(SafeName, models_folder(name).split("/")), *inner)


def models_folder(type_or_folder: str) -> str:
    """ComfyUI's folder name for a model type; a folder name is returned as it is.

    Raises:
        ReferenceSyntaxError: There is no such type.
    """
    name = COMFYUI_LEGACY_NAMES.get(type_or_folder, type_or_folder)
    if folded(name) in FORBIDDEN_FOLDERS:
        raise forbidden_folder(name)
    return name if name in COMFYUI_DEFAULTS else folder_name(parse_type(name))


def _needed(need: Need, located: Located | FetchError) -> LockEntry:
    if isinstance(located, FetchError):
        return LockEntry(str(need), error=located)
    path = f"{need.directory}/{need.portable or located.name}"
    *folder, name = map(SafeName, path.split("/"))
    try:
        digests = agreed((need.digest,) if need.digest else (), located.digests, path)
    except FetchError as error:
        return LockEntry(str(need), error=error)
    return _made(located, Root.MODELS, tuple(folder), name, digests, known_type(folder[0]) or "")


def _made(
    located: Located,
    root: Root,
    folder: tuple[SafeName, ...],
    name: SafeName,
    digests: tuple[Digest, ...],
    type_: str,
) -> LockEntry:
    ordered = tuple(sorted(set(digests), key=str))
    file = LockedFile(name, root, folder, located.sources, located.length, ordered, str(type_))
    if located.error is None or (isinstance(located.error, AccessDeniedError) and file.strong):
        return LockEntry(located.reference, file, located.error, is_withheld=located.is_withheld)
    return LockEntry(located.reference, error=located.error)


def _disputed(need: Need) -> FetchError:
    return ReferenceSyntaxError(
        f"the workflow names different files for {need}", hint="Lock the right one by its reference and --type."
    )


def _without_address(need: Need) -> FetchError:
    return NotFoundError(f"the workflow states no source for {need}", hint="Lock it by a reference and --type.")
