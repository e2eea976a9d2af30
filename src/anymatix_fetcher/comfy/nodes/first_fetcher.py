"""Implements the nodes of the first AnymatixFetcher, so that its workflows and its app keep working.

``AnymatixFetcher`` takes ``{"url": ..., "type": ..., "auth": ...}`` and returns the file's absolute path. Two types are
special: a pack of voices with several files, and the files of annotators. ``sha256://HEX`` selects an existing file.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from anymatix_fetcher.comfy.folders import child
from anymatix_fetcher.comfy.nodes.bringing import FileWish, ModelFetchError, bring, path_of
from anymatix_fetcher.comfy.nodes.brought_files import BroughtFiles
from anymatix_fetcher.comfy.nodes.confidential import vault
from anymatix_fetcher.comfy.nodes.marks import marks
from anymatix_fetcher.comfy.nodes.places import (
    annotators_folder,
    below_models,
    folder_of,
    folders_of,
    is_there,
)
from anymatix_fetcher.comfy.nodes.telling import NodeTelling
from anymatix_fetcher.comfy.process import ServerUnavailableError
from anymatix_fetcher.library.hash_named import find_hash_named, parse_hash_reference
from anymatix_fetcher.library.identity import effective_url
from anymatix_fetcher.workflows.anymatix import CHATTERBOX_FILES, CHATTERBOX_FOLDER, FOLDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

CHATTERBOX, ANNOTATOR = "chatterbox_model_pack", "dwpose_aux"
_ANNOTATOR_URL = re.compile(r"https://huggingface\.co/([^/?#]+)/([^/?#]+)/resolve/main/([^?#]+)")
_DISK_FULL = "DiskFullError"
brought: BroughtFiles[tuple[str, str, str]] = BroughtFiles()
"""What this ComfyUI was given, by address, type and authorization."""


async def fetched(url: Mapping[str, Any], node: str | None) -> str:
    """Downloads a model; returns its absolute path, or the name of a pack or of an annotator's file.

    Raises:
        ModelFetchError: The model can't be downloaded.
        FileNotFoundError: There is no file of that hash.
        ValueError: The dictionary is invalid.
    """
    address, kind, auth = _read(url)
    found = await _fetched(address, kind, auth, node)
    _note_brought(address, kind, auth, found)
    return found


async def fetched_checkpoint(url: str, auth: str, node: str | None) -> str:
    """Downloads a checkpoint; returns its absolute path.

    Raises:
        ModelFetchError: The checkpoint can't be downloaded.
    """
    base, tail = _split_token(vault.revealed(url), vault.revealed(auth))
    path = await _model(base, tail, "checkpoint", node)
    _note_brought(base, "checkpoint", tail, path)
    return path


def mark_of(url: object) -> object:
    """The hash of a dictionary's effective URL while its file exists; otherwise a NaN."""
    try:
        return _mark_of(*_read(url))
    except (ValueError, OSError):
        return float("nan")


def mark_of_checkpoint(url: str, auth: str) -> object:
    """Like :func:`mark_of`, for the inputs of the older node."""
    base, tail = _split_token(vault.revealed(url), vault.revealed(auth))
    return _mark_of(base, "checkpoint", tail)


async def _fetched(address: str, kind: str, auth: str, node: str | None) -> str:
    if kind == CHATTERBOX:
        return await _pack(address, node)
    if kind == ANNOTATOR:
        return await _annotator(address, auth, node)
    if kind not in FOLDERS:
        raise ValueError(f"{kind!r} is not a model type: use one of {', '.join((*FOLDERS, CHATTERBOX, ANNOTATOR))}")
    digits = parse_hash_reference(address)
    if digits is not None:
        return str(await asyncio.to_thread(_hash_named, FOLDERS[kind], digits, address))
    return await _model(address, auth, kind, node)


def _note_brought(address: str, kind: str, auth: str, path: str) -> None:
    """Makes the NaN that ``IS_CHANGED`` returned before the run equal to the file's mark."""
    brought.note((address, kind, auth), Path(path))
    mark = _mark_of(address, kind, auth)
    if isinstance(mark, str):
        marks.brought(mark)


# Inputs ---------------------------------------------------------------------------------------------------


def _read(wish: object) -> tuple[str, str, str]:
    """The URL, type and authorization of a node's dictionary, with its secrets.

    Raises:
        ValueError: The dictionary is invalid.
    """
    if not isinstance(wish, dict):
        raise ValueError("the input has to be a dictionary: {'url': ..., 'type': ...}")  # noqa: TRY004 - ComfyUI shows it
    address, kind, auth = wish.get("url"), wish.get("type"), wish.get("auth")
    if not isinstance(address, str) or not address.strip() or not isinstance(kind, str):
        raise ValueError("the dictionary needs a 'url' and a 'type'")
    return vault.revealed(address).strip(), kind, vault.revealed(auth) if isinstance(auth, str) else ""


def _split_token(url: str, auth: str) -> tuple[str, str]:
    """The URL without the token that older workflows put into it, and the authorization, or else that token."""
    parts = urlsplit(url.strip())
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    rest = [pair for pair in pairs if pair[0] != "token"]
    if rest == pairs:
        return url.strip(), auth
    legacy = urlencode([pair for pair in pairs if pair[0] == "token"])
    return urlunsplit(parts._replace(query=urlencode(rest))), auth or legacy


def _effective(address: str, auth: str) -> str:
    return effective_url(address, auth) if auth else address


def _mark_of(address: str, kind: str, auth: str) -> object:
    mark = _hash(_effective(address, auth) if kind != CHATTERBOX else address)
    return mark if _is_here(address, kind, auth) else marks.missing(mark)


def _is_here(address: str, kind: str, auth: str) -> bool:
    """Whether the file exists, without hashing it."""
    if kind == CHATTERBOX:
        return (below_models(CHATTERBOX_FOLDER) / CHATTERBOX_FILES[0]).is_file()
    if kind == ANNOTATOR:
        return _annotator_path(address).is_file()
    if kind not in FOLDERS:
        return False
    digits = parse_hash_reference(address)
    if digits is not None:
        return _found(FOLDERS[kind], digits) is not None
    # The sidecar may be one that was written for another token: then what was brought is known by its path.
    return is_there(address, auth, folder_of(FOLDERS[kind])) or brought.is_there((address, kind, auth))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# Downloading ----------------------------------------------------------------------------------------------


async def _model(address: str, auth: str, kind: str, node: str | None) -> str:
    """Downloads one model; returns its path."""
    folder = folder_of(FOLDERS[kind])
    wish = FileWish(reference=address, type=FOLDERS[kind], naming="anymatix", auth=auth)
    telling = NodeTelling(node)
    try:
        path = path_of(await bring(child, wish, telling.tell))
    except (ModelFetchError, ServerUnavailableError) as error:
        raise explained(error, kind, folder, address) from None
    telling.end(Path(path).name)
    return path


async def _pack(address: str, node: str | None) -> str:
    """Downloads the missing files of the pack of voices; returns its name."""
    folder, base = below_models(CHATTERBOX_FOLDER), address.rstrip("/")
    missing = [name for name in CHATTERBOX_FILES if not (folder / name).is_file()]
    telling = NodeTelling(node)
    wishes = [FileWish(reference=f"{base}/resolve/main/{name}", directory=str(folder), output=name) for name in missing]
    try:
        async with asyncio.TaskGroup() as tasks:
            for wish in wishes:
                tasks.create_task(bring(child, wish, telling.tell))
    except BaseExceptionGroup as group:
        raise _first(group, CHATTERBOX, folder, address) from None
    telling.end(folder.name)
    return folder.name


async def _annotator(address: str, auth: str, node: str | None) -> str:
    """Downloads an annotator's file to the folder of its pack; returns its name."""
    path = _annotator_path(address)
    if not path.is_file():
        telling = NodeTelling(node)
        wish = FileWish(reference=address, directory=str(path.parent), output=path.name, auth=auth)
        try:
            await bring(child, wish, telling.tell)
        except (ModelFetchError, ServerUnavailableError) as error:
            raise explained(error, ANNOTATOR, path.parent, address) from None
        telling.end(path.name)
    return path.name


def _annotator_path(address: str) -> Path:
    """The destination of an annotator's file.

    Raises:
        ValueError: The URL is not that of a file in a repository.
    """
    match = _ANNOTATOR_URL.match(address)
    parts = [part for text in match.groups() for part in text.split("/")] if match else []
    if not parts or any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise ValueError(f"{ANNOTATOR}: the url has to be https://huggingface.co/ORG/REPO/resolve/main/FILE")
    return annotators_folder().joinpath(*parts)


def _found(folder: str, digits: str) -> Path | None:
    from anymatix_fetcher.storage.os_disk import OsDisk  # noqa: PLC0415 - not when ComfyUI starts

    return find_hash_named(folders_of(folder), digits, OsDisk())


def _hash_named(folder: str, digits: str, address: str) -> Path:
    found = _found(folder, digits)
    if found is None:
        raise FileNotFoundError(
            f"No model file found for {address} under folder_paths[{folder}]. "
            f"Put the file there under the name {digits}, with its extension."
        )
    return found


# Errors ---------------------------------------------------------------------------------------------------


def explained(
    error: ModelFetchError | ServerUnavailableError, kind: str, folder: Path, address: str
) -> ModelFetchError:
    """The error with the message that the first fetcher's app parses."""
    named = error.kind if isinstance(error, ModelFetchError) else type(error).__name__
    what = str(error)
    if named == _DISK_FULL:
        what = f"No space left on device.\n[ANYMATIX_STORAGE_FULL:{folder}]"
    return ModelFetchError(named, f"Failed to download {kind} model: {what}\nURL: {base_of(address)}")


def base_of(address: str) -> str:
    """The URL without secrets."""
    from anymatix_fetcher.core.answers.secrecy import recordable  # noqa: PLC0415 - only for errors

    return recordable(address)


def _first(group: BaseExceptionGroup[BaseException], kind: str, folder: Path, address: str) -> BaseException:
    """The most important error of a group: ComfyUI's interrupt before all others."""
    errors = list(group.exceptions)
    ours = [error for error in errors if isinstance(error, ModelFetchError | ServerUnavailableError)]
    others = [error for error in errors if error not in ours]
    return others[0] if others else explained(ours[0], kind, folder, address)
